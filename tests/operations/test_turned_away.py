"""A try that a lock turned away: counted and logged, for whatever is locked; no row a try."""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import db
from app.clock import now
from app.models import Account, AuditEvent, Counted, DailyCount, FailedSignIns, Interface
from app.operations import counting, dashboard, lockout, recounting, seats, sign_in, step_up
from app.operations.dashboard_charts import Span
from app.operations.dashboard_topics import Topic
from app.operations.sign_in_facts import NetworkLock
from app.operations.visitor import Visitor
from tests import factories
from tests.conftest import Clock
from tests.factories import PASSWORD, STRANGER, VISITOR
from tests.operations.administrators import superuser
from tests.operations.signing_in import (
    fail,
    from_elsewhere,
    known_device,
    reason,
    refusal_of,
    signed_in,
    waiting_for,
)
from tests.operations.test_account_list import lock
from tests.operations.test_races import at_once
from tests.operations.test_sign_in_examination import facts_of

pytestmark = pytest.mark.usefixtures("portal")


class Log(logging.Handler):
    """Keeps what is said of tries that a lock turned away."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: list[dict[str, object]] = []

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.msg, dict) and record.msg["event"] == "sign_in_refused":
            kept = {name: said for name, said in record.msg.items() if not name.startswith("_")}
            self.refused.append(kept)


@pytest.fixture
def refused(portal: Flask) -> Iterator[list[dict[str, object]]]:  # noqa: ARG001 (it sets logs up)
    log, doorward = Log(), logging.getLogger("doorward")
    doorward.addHandler(log)
    yield log.refused
    doorward.removeHandler(log)


def of(counted: Counted, subject: str) -> int:
    db.session().rollback()
    row = FailedSignIns
    found = select(row.turned_away).where(row.counted == counted, row.subject == subject)
    return db.session().scalars(found).one()


def by_day() -> dict[str, int]:
    db.session().rollback()
    rows = select(DailyCount).where(DailyCount.what == counting.TURNED_AWAY)
    found = list(db.session().scalars(rows))
    assert {(row.day, row.organisation_id) for row in found} <= {(now().date(), None)}
    return {row.detail: row.times for row in found}


def rows_in(table: type[db.Base]) -> int:
    db.session().rollback()
    return db.session().scalar(select(func.count()).select_from(table)) or 0


def locked() -> Account:
    who = factories.account()
    fail(who.email, 10, from_elsewhere(1))
    return who


def test_tries_at_a_locked_account_are_counted_and_leave_no_rows() -> None:
    who = locked()
    fail(who.email, 1, from_elsewhere(2))
    events, counts = rows_in(AuditEvent), rows_in(FailedSignIns)

    assert fail(who.email, 4, from_elsewhere(2)) == ["locked"] * 4
    assert reason(who.email, PASSWORD, from_elsewhere(3)) == "locked"

    assert of(Counted.IDENTITY, f"account:{who.id}") == 6
    assert by_day() == {"locked": 6}
    assert (rows_in(AuditEvent), rows_in(FailedSignIns)) == (events, counts)
    assert facts_of(who).turned_away == 6


def test_each_is_a_line_of_the_log_with_whom_and_whence(
    refused: list[dict[str, object]],
) -> None:
    who = locked()

    reason(who.email, PASSWORD, from_elsewhere(9))

    [line] = refused
    assert line.pop("timestamp")
    line.pop("request_id", None)  # of whatever request this thread answered last
    assert line == {
        "event": "sign_in_refused",
        "level": "info",
        "reason": "locked",
        "account": str(who.id),
        "interface": "pages",
        "address": "203.0.113.9",
    }


def test_nobody_s_name_is_counted_alike() -> None:
    fail("nobody@example.org", 12)

    assert by_day() == {"locked": 2}


def test_a_network_counts_what_its_lock_turned_away(refused: list[dict[str, object]]) -> None:
    who = factories.account()
    signed_in(who, visitor=STRANGER)
    lock(Counted.NETWORK, STRANGER.network)

    assert fail(who.email, 3) == ["too_many_tries"] * 3

    assert of(Counted.NETWORK, STRANGER.network) == 3
    assert by_day() == {"too_many_tries": 3}
    assert [each["account"] for each in refused] == [str(who.id)] * 3
    [found] = facts_of(who).networks
    assert isinstance(found, NetworkLock)
    assert (found.network, found.turned_away) == (STRANGER.network, 3)


def test_a_known_device_s_own_lock_counts_for_its_account() -> None:
    who = factories.account()
    device = known_device(who)
    fail(who.email, 12, device)

    assert facts_of(who).turned_away == 2


def at_the_second_step(who: Account) -> Callable[[], object]:
    handle = waiting_for(who)
    return lambda: sign_in.answer(handle, "000000", VISITOR)


def at_confirming(who: Account) -> Callable[[], object]:
    program = Visitor(Interface.ROCKETCHAT, "192.0.2.1")
    session = signed_in(who).session
    return lambda: step_up.answer(session, "000000", program)


@pytest.mark.parametrize("begun", [at_the_second_step, at_confirming])
def test_the_lock_of_the_second_step_counts_too(
    begun: Callable[[Account], Callable[[], object]],
) -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    answering = begun(who)
    lock(Counted.FACTOR, str(who.id))

    assert refusal_of(answering) == "too_many_codes"
    assert refusal_of(answering) == "too_many_codes"

    assert of(Counted.FACTOR, str(who.id)) == 2
    assert by_day() == {"too_many_codes": 2}
    assert facts_of(who).turned_away == 2


def test_confirming_by_the_password_counts_too() -> None:
    who = factories.account()
    session = signed_in(who).session
    lock(Counted.IDENTITY, f"account:{who.id}")

    assert refusal_of(lambda: seats.verify_again(session, PASSWORD, VISITOR)) == "locked"

    assert of(Counted.IDENTITY, f"account:{who.id}") == 1


def test_what_an_older_lock_turned_away_is_not_the_next_one_s(clock: Clock) -> None:
    who = locked()
    fail(who.email, 3, from_elsewhere(2))
    clock.advance(timedelta(minutes=16))
    assert facts_of(who).turned_away == 0

    fail(who.email, 10, from_elsewhere(2))
    assert facts_of(who).turned_away == 0
    fail(who.email, 1, from_elsewhere(3))
    assert facts_of(who).turned_away == 1


def test_many_at_once_are_all_counted(portal: Flask) -> None:
    who = locked()
    email = who.email

    ended = at_once(portal, lambda n: fail_once(email, from_elsewhere(10 + n)), times=8)

    assert ended == {"locked": 8}
    assert of(Counted.IDENTITY, f"account:{who.id}") == 8
    assert by_day() == {"locked": 8}


def fail_once(identity: str | None, visitor: Visitor) -> None:
    sign_in.verify_password(identity or "", PASSWORD, visitor)


def test_the_overview_counts_them_and_a_recount_keeps_them() -> None:
    root = superuser()
    counting.catch_up()
    who = locked()
    fail(who.email, 5, from_elsewhere(2))

    def shut() -> int:
        chart = dashboard.chart(root, Topic.FAILURES, None, Span.DAYS_7)
        return sum(bar.values[chart.series.index("shut")] for bar in chart.bars if bar.values)

    assert shut() == 5
    list(recounting.recount())
    assert shut() == 5
    assert by_day() == {"locked": 5}


def test_a_try_that_a_lock_lets_through_is_none_of_them() -> None:
    who = factories.account()
    fail(who.email, 10, from_elsewhere(1))

    assert by_day() == {}
    assert lockout.locked_until([(Counted.IDENTITY, f"account:{who.id}")])
