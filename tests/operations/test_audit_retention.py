"""Old events go, and what stays can be verified as before."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from app import config
from app.operations import audit_chain, audit_retention, audit_rows, audit_signatures, purging
from app.operations.audit_signatures import Start
from tests.conftest import Clock
from tests.operations.audit_events import faults, happen, rows, tamper
from tests.operations.test_races import at_once

pytestmark = pytest.mark.usefixtures("portal")

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def thirty_days(clock: Clock, change_settings: Callable[..., None]) -> None:
    """Let ten events happen on each of four days, and keep events for thirty."""
    change_settings(audit_days=30)
    clock.time = clock.time.replace(hour=12)
    for _ in range(4):
        happen(10)
        clock.advance(DAY)


def positions() -> list[int]:
    return [row.position for row in rows("SELECT position FROM audit_events ORDER BY 1")]


def purged() -> int:
    return purging.purge().get("audit_events", 0)


def test_nothing_is_dropped_before_its_time(clock: Clock) -> None:
    clock.advance(25 * DAY)

    assert purged() == 0
    assert len(positions()) == 40


def test_events_go_up_to_the_newest_checkpoint_that_is_old_enough(clock: Clock) -> None:
    clock.advance(28 * DAY)  # the first event of the third day is thirty days old

    assert purged() == 21
    assert positions() == list(range(22, 41))
    assert faults() == []
    assert audit_chain.extent() == audit_chain.Extent(22, 40)


def test_a_log_goes_on_after_events_were_dropped(clock: Clock) -> None:
    clock.advance(28 * DAY)
    purged()
    happen(3)

    assert faults() == []
    tamper("DELETE FROM audit_events WHERE position <= 25")
    assert faults() == [("beginning_cut", 22, 25)]


def test_by_default_all_are_kept(clock: Clock, change_settings: Callable[..., None]) -> None:
    assert config.Settings.model_fields["audit_days"].default is None
    change_settings(audit_days=None)
    clock.advance(10_000 * DAY)

    assert "audit_events" not in purging.purge()
    assert len(positions()) == 40


@pytest.mark.parametrize("size", [1, 3, 20, 21, 22])
def test_it_can_be_verified_after_each_batch(size: int, clock: Clock) -> None:
    clock.advance(28 * DAY)
    gone = []
    for number in audit_retention.drop(size):
        gone.append(number)
        assert faults() == []

    assert sum(gone) == 21
    assert max(gone) <= size


def test_it_can_be_verified_while_events_are_dropped(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_rows, "BATCH", 4)
    clock.advance(28 * DAY)
    dropping = audit_retention.drop(3)
    found: list[object] = []
    for step in audit_chain.verify():
        found += step.faults
        for _ in range(2):
            next(dropping, None)

    assert found == []
    assert faults() == []


def test_all_may_go(clock: Clock) -> None:
    clock.advance(DAY)
    happen()  # its checkpoint is the log's very end
    clock.advance(40 * DAY)

    assert purged() == 41
    assert faults() == []
    happen(2)
    assert positions() == [42, 43]
    assert faults() == []


def test_events_are_not_old_because_somebody_changed_their_time(clock: Clock) -> None:
    tamper("UPDATE audit_events SET at = '2001-01-01 00:00:00.000000'")
    clock.advance(25 * DAY)

    assert purged() == 0
    assert faults() != []


def test_events_are_not_old_because_somebody_made_a_checkpoint(clock: Clock) -> None:
    tamper(
        "UPDATE audit_checkpoints SET made_at = '2001-01-01 00:00:00.000000' WHERE position = 31"
    )
    clock.advance(25 * DAY)

    assert purged() == 0
    assert len(positions()) == 40


def test_dropping_keeps_what_was_wrong_with_the_others_in_sight(clock: Clock) -> None:
    tamper(
        "UPDATE audit_events SET hash = :h WHERE position = 21",
        "UPDATE audit_events SET what = 'nothing' WHERE position = 30",
        h="0" * 64,
    )
    clock.advance(28 * DAY)

    assert purged() == 21
    assert faults() == [("changed", 30, 30)]


def test_a_start_that_somebody_else_wrote_is_named(clock: Clock) -> None:
    clock.advance(28 * DAY)
    purged()
    tamper(
        "UPDATE audit_starts SET position = 30,"
        " hash = (SELECT hash FROM audit_events WHERE position = 30)",
        "DELETE FROM audit_events WHERE position <= 30",
    )

    assert faults() == [("start_unsigned", 30, 30)]


def test_a_start_that_is_gone_is_named(clock: Clock) -> None:
    clock.advance(28 * DAY)
    purged()
    tamper("DELETE FROM audit_starts")

    assert faults() == [("beginning_cut", 1, 21)]


def test_a_checkpoint_cannot_stand_for_a_start() -> None:
    [found] = rows("SELECT position, hash, signature FROM audit_checkpoints WHERE position = 11")

    assert not audit_signatures.is_signed(Start(found.position, found.hash).parts, found.signature)


def test_older_checkpoints_from_outside_tell_nothing_and_newer_ones_all(clock: Clock) -> None:
    made = audit_chain.checkpoint()
    older = [
        audit_signatures.checkpoint(row.position, row.hash)
        for row in rows("SELECT position, hash FROM audit_events WHERE position IN (20, 21, 22)")
    ]
    assert made is not None
    clock.advance(28 * DAY)
    purged()

    steps = list(audit_chain.verify([*older, made]))
    assert [fault for step in steps for fault in step.faults] == []
    assert sum(step.checkpoints for step in steps) == 1 + 3  # of the table, and all but the first


def test_purging_at_once_never_moves_the_start_back(portal: Flask, clock: Clock) -> None:
    clock.advance(28 * DAY)

    at_once(portal, lambda number: list(audit_retention.drop(1 + number)), 10)

    assert positions() == list(range(22, 41))
    assert faults() == []


def test_a_slower_purge_does_not_move_the_start_back(clock: Clock) -> None:
    [slower] = rows("SELECT position, hash FROM audit_events WHERE position = 3")
    clock.advance(28 * DAY)
    purged()

    audit_retention._drop_up_to(Start(slower.position, slower.hash))

    assert faults() == []
    assert audit_chain.extent().first == 22
