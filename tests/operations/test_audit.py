"""Events are written with what they tell of, one behind the other, whoever writes."""

import json
import logging
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event

from app import db
from app.clock import now
from app.models import Account, AuditEvent, Interface, Organisation, OrganisationPolicy
from app.operations import audit, audit_writing
from app.operations.visitor import Visitor
from tests import factories
from tests.conftest import KEY, Clock
from tests.factories import VISITOR
from tests.mail.conftest import Log
from tests.operations.audit_events import faults, happen, rows, tamper
from tests.operations.test_races import FIFTY, WON, at_once

pytestmark = pytest.mark.usefixtures("portal")

OTHER_KEY = "another key for tests: just as long as the first"
BY_COMMAND = Visitor(Interface.COMMAND, address="")


@pytest.fixture
def log() -> Iterator[Log]:
    kept, doorward = Log(), logging.getLogger("doorward")
    doorward.addHandler(kept)
    yield kept
    doorward.removeHandler(kept)


def written() -> list[str]:
    return [row.what for row in rows("SELECT what FROM audit_events ORDER BY position")]


def checkpoints() -> list[int]:
    return [row.position for row in rows("SELECT position FROM audit_checkpoints ORDER BY 1")]


def test_an_event_stands_with_what_it_tells_of(clock: Clock) -> None:
    account, by, place = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    with db.transaction():
        audit.record(
            "role_given", VISITOR, account_id=account, by=by, organisation_id=place, role="teacher"
        )

    [found] = db.session().query(AuditEvent).all()
    assert (found.position, found.at, found.what) == (1, clock.time, "role_given")
    assert (found.account_id, found.by_account_id, found.organisation_id) == (account, by, place)
    assert (found.interface, found.address) == (VISITOR.interface, VISITOR.address)
    assert found.details == {"role": "teacher", "user_agent": VISITOR.user_agent}


def test_what_is_rolled_back_never_happened() -> None:
    with suppress(ZeroDivisionError), db.transaction():
        audit.record("signed_in", VISITOR)
        raise ZeroDivisionError
    happen(what="signed_out")

    assert written() == ["signed_out"]


def test_what_is_left_without_a_commit_never_happened() -> None:
    db.session().connection()
    audit.record("signed_in", VISITOR)
    db.session().close()
    happen(what="signed_out")

    assert written() == ["signed_out"]


def test_what_a_savepoint_takes_back_never_happened() -> None:
    with db.transaction() as session:
        audit.record("before", VISITOR)
        with session.begin_nested():
            audit.record("within", VISITOR)
        with suppress(ZeroDivisionError), session.begin_nested():
            audit.record("taken_back", VISITOR)
            raise ZeroDivisionError
        audit.record("after", VISITOR)

    assert written() == ["before", "within", "after"]
    assert faults() == []


def test_several_events_of_one_transaction_follow_each_other() -> None:
    with db.transaction():
        for number in range(5):
            audit.record("settings_changed", VISITOR, number=number)

    found = rows("SELECT position, details FROM audit_events ORDER BY position")
    assert [row.position for row in found] == [1, 2, 3, 4, 5]
    kept = [
        row.details if isinstance(row.details, dict) else json.loads(row.details) for row in found
    ]
    assert [each["number"] for each in kept] == [0, 1, 2, 3, 4]
    assert faults() == []


@contextmanager
def statements() -> Iterator[list[str]]:
    """Give the tables that statements are about, in order, while the block lasts."""
    tables: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        tables.extend(re.findall(r"(?:FROM|INTO|UPDATE) (\w+)", statement)[:1])

    event.listen(db.db.engine, "before_cursor_execute", note)
    yield tables
    event.remove(db.db.engine, "before_cursor_execute", note)


def test_the_end_is_locked_after_everything_else() -> None:
    happen()  # the day's checkpoint
    with statements() as tables, db.transaction() as session:
        audit.record("organisation_created", VISITOR)
        session.add(Organisation(name="Acme", policy=OrganisationPolicy()))

    assert tables == ["organisations", "audit_heads", "audit_events", "audit_heads"]


def test_a_savepoint_does_not_lock_the_end() -> None:
    with db.transaction() as session, statements() as tables:
        with session.begin_nested():
            audit.record("within", VISITOR)
        assert tables == []

    assert written() == ["within"]


def test_fifty_at_once_make_one_chain(portal: Flask) -> None:
    ended = at_once(portal, lambda _: happen(4))

    assert ended == {WON: FIFTY}
    assert [row.position for row in rows("SELECT position FROM audit_events ORDER BY 1")] == list(
        range(1, 4 * FIFTY + 1)
    )
    assert faults() == []


def test_fifty_that_lock_other_rows_first_do_not_lock_each_other_out(portal: Flask) -> None:
    """Each changes both accounts in an order that cannot deadlock by itself, and tells of it."""
    first, second = sorted(factories.account().id for _ in range(2))

    def change(number: int) -> None:
        with db.transaction() as session:
            audit.record("renamed", VISITOR, account_id=first, number=number)
            session.get_one(Account, first, with_for_update=True).name = f"A {number}"
            session.flush()
            session.get_one(Account, second, with_for_update=True).name = f"B {number}"
            audit.record("renamed", VISITOR, account_id=second, number=number)

    ended = at_once(portal, change, 20)

    assert ended == {WON: 20}
    assert len(written()) == 40
    assert faults() == []


def test_the_first_event_of_a_day_makes_a_checkpoint(clock: Clock) -> None:
    clock.time = clock.time.replace(hour=23, minute=0)
    happen(3)
    clock.advance(timedelta(hours=2))
    happen(3)

    assert checkpoints() == [1, 4]


def test_many_events_make_a_checkpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_writing, "CHECKPOINT_EVERY", 5)
    happen(13)

    assert checkpoints() == [1, 6, 11]


def test_commands_make_no_checkpoint_and_the_next_event_does(log: Log) -> None:
    happen(2, visitor=BY_COMMAND)
    before = checkpoints()
    happen()

    assert (before, checkpoints()) == ([], [3])
    assert "audit_checkpoint" in log.events()


def test_a_checkpoint_is_said_once_it_holds(log: Log) -> None:
    happen()

    [said] = [line for line in log.lines if line["event"] == "audit_checkpoint"]
    [row] = rows("SELECT position, hash, signature FROM audit_checkpoints")
    assert (said["position"], said["hash"], said["signature"]) == tuple(row)
    assert "made_at" in said


def test_a_checkpoint_that_came_to_nothing_is_not_said(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_connection: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(db.db.engine.dialect, "do_commit", lost)
    with pytest.raises(ConnectionError):
        happen()
    monkeypatch.undo()

    assert "audit_checkpoint" not in log.events()
    assert written() == []


def test_an_end_that_we_did_not_sign_is_told_in_the_chain_for_good(log: Log) -> None:
    happen(3)
    tamper("UPDATE audit_heads SET signature = :s", s="0" * 64)
    happen()

    assert written()[-2:] == ["audit_end_unsigned", "signed_in"]
    assert "audit_end_unsigned" in log.events()
    assert faults() == [("was_unsigned", 4, 4)]


def test_events_go_on_where_the_record_of_the_end_is_gone() -> None:
    happen(3)
    tamper("DELETE FROM audit_heads")
    happen()

    assert written()[-2:] == ["audit_end_unsigned", "signed_in"]
    assert faults() == [("was_unsigned", 4, 4)]


def test_events_go_on_where_everything_is_gone() -> None:
    happen(3)
    tamper("DELETE FROM audit_heads", "DELETE FROM audit_events", "DELETE FROM audit_checkpoints")
    happen()

    assert written() == ["audit_end_unsigned", "signed_in"]


def test_events_go_on_behind_a_checkpoint_that_is_left_over() -> None:
    happen(3)
    tamper(
        "DELETE FROM audit_events",
        "DELETE FROM audit_heads",
        "UPDATE audit_checkpoints SET position = 2",
    )
    happen()  # after an event that tells of the end, this is the second, and a checkpoint is due

    assert ("checkpoint_differs", 2, 2) in faults()
    assert checkpoints() == [2]


def test_a_newer_key_signs_and_the_older_one_still_counts(
    change_settings: Callable[..., None],
) -> None:
    happen(2)
    change_settings(secret_key=f"{OTHER_KEY},{KEY}")
    happen(2)
    both = faults()
    change_settings(secret_key=OTHER_KEY)

    assert both == []
    assert faults() == [("checkpoint_unsigned", 1, 1)]


def test_an_event_tells_when_it_happened_not_when_it_was_written(clock: Clock) -> None:
    moment = now()
    with db.transaction():
        audit.record("signed_in", VISITOR)
        clock.advance(timedelta(seconds=5))

    [found] = db.session().query(AuditEvent.at)
    assert found.at == moment
