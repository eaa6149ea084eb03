"""`outbox …`: mail on its way."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from app import config
from app.cli.command import Group
from app.mail import delivery

outbox = Group("outbox", help="Deliver waiting mail.")

NO_SERVER = "No mail server is named: set DOORWARD_SMTP_URL, such as smtp://user:password@host:587."


@outbox.command("deliver")
@click.option("--watch", is_flag=True, help="Go on delivering until SIGTERM or Ctrl-C.")
def deliver(*, watch: bool) -> None:
    """Deliver the mail that is due; with --watch, also what comes.

    Any number of processes may deliver at once. On SIGTERM or Ctrl-C it ends after the mail in
    hand.
    """
    if config.current().smtp_url is None:
        raise click.ClickException(NO_SERVER)
    with _stopped_by_signals() as stop:
        if watch:
            click.echo("Delivering mail as it comes (Ctrl-C ends it).", err=True)
            delivery.watch(stop)
        else:
            _deliver_what_is_due(stop)


def _deliver_what_is_due(stop: threading.Event) -> None:
    sent = later = failed = 0
    with click.progressbar(_rounds(stop), label="Delivering") as bar:
        for done in bar:
            sent, later, failed = sent + done.sent, later + done.retried, failed + done.failed
    click.echo(f"sent: {sent}, to be tried again: {later}, refused: {failed}")


def _rounds(stop: threading.Event) -> Iterator[delivery.Delivered]:
    """Yield what became of each round, until nothing is due any more."""
    while not stop.is_set():
        done = delivery.deliver_once(stop=stop)
        if done.problem:
            reason = done.problem.reason
            raise click.ClickException(f"The mail server cannot be used: {reason}.")
        yield done
        if not done.sent + done.retried + done.failed:
            return


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """Give what is set when the process is asked to end."""
    stop = threading.Event()
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {each: signal.signal(each, lambda *_: stop.set()) for each in signals}
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
