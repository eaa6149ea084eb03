"""Daily counts: they equal a recount of the log, whoever counts, dies, or comes twice."""

import uuid
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app import db
from app.models import AuditEvent, CountedUpTo, DailyCount
from app.operations import audit, audit_rows, counting, purging, recounting
from tests.conftest import Clock
from tests.factories import VISITOR
from tests.operations.audit_events import happen, rows, tamper
from tests.operations.test_races import at_once

pytestmark = pytest.mark.usefixtures("portal")

DAY = timedelta(days=1)
X, Y = uuid.UUID(int=1), uuid.UUID(int=2)
NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
Counted = dict[tuple[date, uuid.UUID | None, str, str], int]


@pytest.fixture(autouse=True)
def noon(clock: Clock) -> None:
    clock.time = NOON


def counted() -> Counted:
    """Return the daily counts that are kept, and forget what the session had read."""
    db.session().rollback()
    row = DailyCount
    found = db.session().execute(
        select(row.day, row.organisation_id, row.what, row.detail, row.times)
    )
    kept = [((day, place, what, detail), times) for day, place, what, detail, times in found]
    assert len(kept) == len(dict(kept)), "one row of each"
    return dict(kept)


def of_the_log() -> Counted:
    """Count the log by hand, in another way than the portal does."""
    db.session().rollback()
    found: Counter[Any] = Counter()
    for event in db.session().scalars(select(AuditEvent)):
        told = event.details.get("reason") or event.details.get("factor") or ""
        for place in {None, event.organisation_id}:
            found[event.at.date(), place, event.what, told] += 1
    return dict(found)


def something(times: int = 1, place: uuid.UUID | None = None) -> None:
    """Let people sign in and fail to, so many times, at an organisation or at none."""
    for number in range(times):
        with db.transaction():
            audit.record("signed_in", VISITOR, organisation_id=place, factor=f"f{number % 2}")
            audit.record("sign_in_failed", VISITOR, reason="wrong_password")
            audit.record("registered", VISITOR)


def test_each_event_counts_for_its_day_and_place_and_for_the_portal(clock: Clock) -> None:
    something(2, X)
    clock.advance(DAY)
    something(1, Y)

    counting.catch_up()

    first, second = NOON.date(), (NOON + DAY).date()
    assert counted() == of_the_log()
    assert counted() == {
        (first, None, "signed_in", "f0"): 1,
        (first, None, "signed_in", "f1"): 1,
        (first, X, "signed_in", "f0"): 1,
        (first, X, "signed_in", "f1"): 1,
        (first, None, "sign_in_failed", "wrong_password"): 2,
        (first, None, "registered", ""): 2,
        (second, None, "signed_in", "f0"): 1,
        (second, Y, "signed_in", "f0"): 1,
        (second, None, "sign_in_failed", "wrong_password"): 1,
        (second, None, "registered", ""): 1,
    }


def test_counting_again_adds_only_what_happened_since() -> None:
    something(3, X)

    assert counting.catch_up() == 9
    assert counting.catch_up() == 0
    something(2, X)
    assert counting.catch_up() == 6

    assert counted() == of_the_log()


@pytest.mark.parametrize("size", [1, 4, 9, 10])
def test_batches_of_any_size_count_alike(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_rows, "BATCH", size)
    something(3, X)

    assert sum(counting.batches()) == 9

    assert counted() == of_the_log()


def test_a_day_begins_at_midnight_utc(clock: Clock) -> None:
    clock.time = datetime(2026, 3, 5, 23, 59, 59, tzinfo=UTC)
    happen()
    clock.advance(timedelta(seconds=1))
    happen()

    counting.catch_up()

    assert {key[0] for key in counted()} == {date(2026, 3, 5), date(2026, 3, 6)}


def test_whoever_dies_between_batches_has_counted_whole_batches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(audit_rows, "BATCH", 4)
    something(4, X)

    next(iter(counting.batches()))
    assert sum(times for key, times in counted().items() if key[1] is None) == 4

    counting.catch_up()
    assert counted() == of_the_log()


def test_whoever_dies_within_a_batch_has_counted_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    something(2, X)
    with monkeypatch.context() as broken:
        broken.setattr(counting, "sorted_counts", _fail)
        with pytest.raises(KeyboardInterrupt):
            counting.catch_up()

    assert counted() == {}
    assert counting.position() == 0
    counting.catch_up()
    assert counted() == of_the_log()


def _fail(*_: object) -> Any:
    raise KeyboardInterrupt


def test_whoever_is_second_adds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    something(2, X)
    read = audit_rows.batch
    others = iter([True])

    def meanwhile(after: int, until: int | None) -> Any:
        found = read(after, until)
        if next(others, False):
            counting.catch_up()
        return found

    monkeypatch.setattr(audit_rows, "batch", meanwhile)
    counting.catch_up()

    assert counted() == of_the_log()


def test_many_at_once_count_each_event_once(portal: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_rows, "BATCH", 5)
    something(10, X)

    at_once(portal, lambda _number: counting.catch_up(), 6)

    assert counted() == of_the_log()


def test_events_that_come_while_others_count_are_counted(portal: Flask) -> None:
    def both(number: int) -> None:
        something(3, X) if number % 2 else counting.catch_up()

    at_once(portal, both, 6)
    counting.catch_up()

    assert counted() == of_the_log()


def test_what_cannot_be_read_counts_for_nothing_and_holds_up_nothing() -> None:
    something(1)
    tamper("UPDATE audit_events SET interface = 'nonsense', details = '[]' WHERE position = 2")
    something(1)

    assert counting.catch_up() == 6
    named = {key[2:]: times for key, times in counted().items()}
    assert named[("signed_in", "f0")] == 2


def test_an_import_counts_the_accounts_that_it_made() -> None:
    with db.transaction():
        audit.record("import_finished", VISITOR, rows=9, created=7)

    counting.catch_up()

    assert counted()[(NOON.date(), None, *counting.IMPORTED)] == 7


def test_counts_outlive_the_events(clock: Clock, change_settings: Callable[..., None]) -> None:
    change_settings(audit_days=30)
    for _ in range(3):
        something(2, X)
        clock.advance(DAY)
    whole = of_the_log()
    clock.advance(40 * DAY)
    something(1)  # its checkpoint is new: the older ones may go

    purging.purge()

    assert len(rows("SELECT position FROM audit_events")) < 12
    assert whole.items() <= counted().items()


def test_no_event_is_dropped_before_it_is_counted(
    clock: Clock, change_settings: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    change_settings(audit_days=30)
    something(2, X)
    clock.advance(40 * DAY)
    before = len(rows("SELECT position FROM audit_events"))
    monkeypatch.setattr(audit_rows, "batch", _fail)

    with pytest.raises(KeyboardInterrupt):
        purging.purge()

    assert len(rows("SELECT position FROM audit_events")) == before


def test_a_recount_puts_wrong_counts_right(clock: Clock) -> None:
    something(2, X)
    clock.advance(DAY)
    something(2, Y)
    counting.catch_up()
    right = counted()
    tamper(
        "UPDATE daily_counts SET times = 77",
        "DELETE FROM daily_counts WHERE what = 'registered'",
        "UPDATE daily_counts SET detail = detail || 'x' WHERE organisation_id IS NOT NULL",
    )

    assert len(list(recounting.recount())) == 2

    assert counted() == right == of_the_log()


def test_a_recount_counts_what_was_never_counted_too() -> None:
    something(2, X)

    list(recounting.recount())

    assert counted() == of_the_log()
    assert counting.catch_up() == 0


def test_a_recount_reads_batch_by_batch(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_rows, "BATCH", 4)
    for _ in range(3):
        something(3, X)
        clock.advance(DAY)
    counting.catch_up()
    tamper("UPDATE daily_counts SET times = 1")

    list(recounting.recount())

    assert counted() == of_the_log()


def test_a_recount_that_is_killed_leaves_whole_days(clock: Clock) -> None:
    something(2, X)
    clock.advance(DAY)
    something(3, Y)
    counting.catch_up()
    tamper("UPDATE daily_counts SET times = 77")

    next(iter(recounting.recount()))

    first = NOON.date()
    assert {k: v for k, v in counted().items() if k[0] == first} == {
        k: v for k, v in of_the_log().items() if k[0] == first
    }
    list(recounting.recount())
    assert counted() == of_the_log()


def test_a_recount_keeps_the_days_that_the_log_no_longer_has(
    clock: Clock, change_settings: Callable[..., None]
) -> None:
    change_settings(audit_days=30)
    for _ in range(6):
        something(2, X)
        clock.advance(DAY)
    whole = of_the_log()
    clock.advance(27 * DAY)
    purging.purge()
    assert 0 < len(rows("SELECT position FROM audit_events")) < 36

    list(recounting.recount())

    assert counted() == whole


def test_a_recount_while_others_count_and_sign_in_loses_nothing(
    portal: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_rows, "BATCH", 5)
    something(10, X)

    def one(number: int) -> None:
        match number % 3:
            case 0:
                list(recounting.recount())
            case 1:
                counting.catch_up()
            case _:
                something(2, Y)

    at_once(portal, one, 6)
    counting.catch_up()

    assert counted() == of_the_log()


def test_after_the_log_was_cut_a_recount_finds_its_place_again() -> None:
    something(2, X)
    counting.catch_up()
    tamper("DELETE FROM audit_events WHERE position > 3")

    list(recounting.recount())

    assert counted() == of_the_log()
    assert counting.position() == 3


def test_looking_is_noted_also_where_nothing_happened(clock: Clock) -> None:
    counting.catch_up()
    clock.advance(timedelta(minutes=5))
    counting.catch_up()

    db.session().rollback()
    assert db.session().scalar(select(CountedUpTo.looked_at)) == clock.time
