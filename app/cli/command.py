"""What all commands share: where they come from, and how they fail."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import click
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from app.cli import sentences
from app.errors import Refusal
from app.models import Interface
from app.operations.visitor import Visitor

VISITOR = Visitor(Interface.COMMAND, address="")


class Command(click.Command):
    """A command that ends with one sentence and exit code 1 where something refuses."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it, and say plainly what went wrong."""
        with said_plainly(), _quiet():
            return super().invoke(ctx)


class Group(AppGroup):
    """A group of such commands."""

    command_class = Command


def command(name: str, epilog: str = "") -> Callable[[Callable[..., Any]], click.Command]:
    """Make a function a command of its own, to be added to the application or to a group."""
    made = click.command(name, cls=Command, epilog=epilog)
    return lambda function: made(with_appcontext(function))


@contextmanager
def said_plainly() -> Iterator[None]:
    """Turn refusals, and faults of the database that anyone may meet, into one sentence."""
    try:
        yield
    except Refusal as refusal:
        raise click.ClickException(sentences.of_refusal(refusal)) from refusal
    except SQLAlchemyError as error:
        sentence = sentences.of_database(error)
        if sentence is None:
            raise
        raise click.ClickException(sentence) from error


def say_plainly_everywhere() -> None:
    """Do the same for commands that are not ours, such as `db upgrade`: where all has failed."""
    usual = sys.excepthook

    def say(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sentence = sentences.of_database(error) if isinstance(error, SQLAlchemyError) else None
        if sentence is None:
            usual(kind, error, trace)
        else:
            click.echo(f"Error: {sentence}", err=True)

    sys.excepthook = say


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the log of what goes well to servers: a command says what it did itself."""
    log = logging.getLogger("doorward")
    before = log.level
    log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        log.setLevel(before)
