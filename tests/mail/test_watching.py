"""The thread that delivers: it starts where it should, and nothing ends it but its stop."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from app import db, threads
from app.mail import delivery, outbox
from tests import factories
from tests.mail import servers
from tests.mail.conftest import Log
from tests.mail.servers import Script
from tests.servers import free_port

DEADLINE_S = 60


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    """Return the event that ends the watching thread; it is set after the test at the latest."""
    event = threading.Event()
    yield event
    event.set()
    if thread := threads.running(delivery.NAME):
        thread.join(DEADLINE_S)
    assert not threads.running(delivery.NAME)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "IDLE", timedelta(milliseconds=20))
    monkeypatch.setattr(delivery, "FIRST_PAUSE", timedelta(milliseconds=50))


def a_mail() -> None:
    with db.transaction():
        outbox.put("pin", factories.account(), {"pin": "271828", "organisation": ""})


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


@pytest.mark.usefixtures("mail_server")
def test_a_mail_arrives_by_itself(portal: Flask, script: Script, stop: threading.Event) -> None:
    delivery.start_thread(portal, stop)

    a_mail()

    until(lambda: script.received)


@pytest.mark.usefixtures("mail_server")
def test_a_second_start_starts_nothing(portal: Flask, stop: threading.Event) -> None:
    delivery.start_thread(portal, stop)
    first = threads.running(delivery.NAME)

    delivery.start_thread(portal, stop)

    assert threads.running(delivery.NAME) is first is not None


@pytest.mark.parametrize("settings", [{"outbox": "worker"}, {"smtp_url": None}])
@pytest.mark.usefixtures("mail_server")
def test_no_thread_starts_where_somebody_else_delivers_or_nobody(
    portal: Flask,
    stop: threading.Event,
    change_settings: Callable[..., None],
    settings: dict[str, str | None],
) -> None:
    change_settings(**settings)

    delivery.start_thread(portal, stop)

    assert not threads.running(delivery.NAME)


def test_mail_arrives_once_the_server_is_back(
    portal: Flask,
    script: Script,
    stop: threading.Event,
    change_settings: Callable[..., None],
    log: Log,
) -> None:
    port = free_port()
    change_settings(smtp_url=f"smtp://127.0.0.1:{port}")
    delivery.start_thread(portal, stop)
    a_mail()
    until(lambda: log.events().count("mail_server_unreachable") >= 2)

    with servers.running(script, port):
        until(lambda: script.received)


@pytest.mark.usefixtures("mail_server")
def test_the_thread_outlives_a_broken_database(
    portal: Flask, script: Script, stop: threading.Event, log: Log
) -> None:
    delivery.start_thread(portal, stop)
    db.session().execute(text("ALTER TABLE outgoing_mails RENAME TO elsewhere"))
    db.session().commit()
    until(lambda: "mail_round_failed" in log.events())
    db.session().execute(text("ALTER TABLE elsewhere RENAME TO outgoing_mails"))
    db.session().commit()

    a_mail()

    until(lambda: script.received)
    assert "OperationalError" in str(log.lines[0]) or "ProgrammingError" in str(log.lines[0])


@pytest.mark.usefixtures("mail_server")
def test_the_stop_ends_a_round_after_the_mail_in_hand(
    portal: Flask, script: Script, stop: threading.Event
) -> None:
    a_mail()
    stop.set()

    with portal.app_context():
        assert delivery.deliver_once(stop=stop).sent == 0
    assert not script.received
