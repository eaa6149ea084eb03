"""The thread of upkeep: it purges once an hour, counts, and nothing ends it but its stop."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import db, threads
from app.cli import upkeep
from app.db import Base
from app.models import CountedUpTo, DailyFactors, DirectoryEntry, RequestCount, Verification
from app.operations import purging, request_counts, sign_in
from tests import factories, slapd
from tests.conftest import Clock
from tests.factories import PASSWORD, VISITOR
from tests.mail.conftest import Log
from tests.slapd import Slapd

DEADLINE_S = 60


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    """Return the event that ends the thread; it is set after the test at the latest."""
    event = threading.Event()
    yield event
    event.set()
    if thread := threads.running(upkeep.NAME):
        thread.join(DEADLINE_S)
    assert not threads.running(upkeep.NAME)


@pytest.fixture
def log() -> Iterator[Log]:
    kept, doorward = Log(), logging.getLogger("doorward")
    doorward.addHandler(kept)
    yield kept
    doorward.removeHandler(kept)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "LOOKS_EVERY", timedelta(milliseconds=20))


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


def test_what_has_expired_goes_by_itself_once_an_hour(
    portal: Flask, stop: threading.Event, clock: Clock, log: Log
) -> None:
    expire(clock)
    upkeep.start_thread(portal, stop)
    until(lambda: log.events().count("purged") == 1)
    expire(clock)
    time.sleep(0.2)
    assert log.events().count("purged") == 1

    clock.advance(timedelta(hours=1))

    until(lambda: log.events().count("purged") == 2)
    purged = [line for line in log.lines if line["event"] == "purged"]
    assert [line["verifications"] for line in purged] == [1, 1]


def expire(clock: Clock) -> None:
    sign_in.verify_password(factories.account().email or "", PASSWORD, VISITOR)
    clock.advance(Verification.LIFETIME + timedelta(seconds=1))


def test_a_second_start_starts_nothing(portal: Flask, stop: threading.Event) -> None:
    upkeep.start_thread(portal, stop)
    first = threads.running(upkeep.NAME)

    upkeep.start_thread(portal, stop)

    assert threads.running(upkeep.NAME) is first is not None


def test_the_thread_outlives_what_goes_wrong(
    portal: Flask, stop: threading.Event, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([OSError("the database is away")])

    def take_turn() -> bool:
        for error in answers:
            raise error
        return True

    monkeypatch.setattr(purging, "take_turn", take_turn)
    upkeep.start_thread(portal, stop)

    until(lambda: "purged" in log.events())
    [failed] = [line for line in log.lines if line["event"] == "purge_failed"]
    assert failed["error"] == "OSError"


@pytest.mark.usefixtures("asks_directory")
def test_it_lets_accounts_follow_their_directory(portal: Flask, directory: Slapd) -> None:
    directory.add("zoe", "zoe@school.example", "Zoe", slapd.password_of("zoe"))
    sign_in.verify_password("zoe", slapd.password_of("zoe"), VISITOR)
    directory.remove("zoe")
    upkeep._look(portal)
    gone = db.session().scalars(select(DirectoryEntry.gone_at)).all()
    assert len(gone) == 1
    assert gone[0] is not None


def test_a_directory_that_is_away_keeps_it_from_nothing(
    portal: Flask, asks_directory: Callable[..., None], log: Log
) -> None:
    asks_directory(url=("ldaps://127.0.0.1:9",), timeout=0.5)
    factories.saved(DirectoryEntry(account_id=factories.account().id, key="ab"))
    upkeep._look(portal)
    assert "purged" in log.events()
    assert "directory_away" in log.events()


def test_counts_are_made_by_themselves(portal: Flask, stop: threading.Event) -> None:
    request_counts.note("GET /home", 200, 0.01)
    sign_in.verify_password(factories.account().email or "", PASSWORD, VISITOR)

    upkeep.start_thread(portal, stop)

    until(lambda: all(is_written(table) for table in (CountedUpTo, DailyFactors, RequestCount)))


def is_written(table: type[Base]) -> bool:
    db.session().rollback()
    return db.session().scalar(select(func.count()).select_from(table)) != 0


def test_what_goes_wrong_with_one_holds_up_no_other(
    portal: Flask, stop: threading.Event, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OSError("the database is away")

    failing = [name for name in upkeep.CHORES if name != "purge_failed"]
    for name in failing:
        monkeypatch.setitem(upkeep.CHORES, name, away)

    upkeep.start_thread(portal, stop)

    until(lambda: "purged" in log.events())
    assert set(failing) <= set(log.events())
    assert "purge_failed" not in log.events()


def test_who_is_gone_goes_although_purging_failed(
    portal: Flask, stop: threading.Event, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    followed = threading.Event()
    monkeypatch.setattr(purging, "purge", None)
    monkeypatch.setattr(upkeep, "_follow_directory", followed.set)
    upkeep.start_thread(portal, stop)
    assert followed.wait(DEADLINE_S)
    until(lambda: "purge_failed" in log.events())
