"""The dashboard's numbers: whose they are, how they are sorted, and what they cost."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text

from app import db
from app.errors import NotFound
from app.models import DailyFactors, OutgoingMail, RequestCount, Role
from app.operations import (
    audit,
    audit_rows,
    condition,
    counting,
    daily_numbers,
    dashboard,
    dashboard_charts,
    request_counts,
)
from app.operations.authority import Administrator
from app.operations.dashboard_charts import Bar, Chart, Span
from app.operations.dashboard_topics import Topic
from app.operations.schema_state import Fit
from tests import factories
from tests.conftest import Clock
from tests.factories import VISITOR
from tests.operations.administrators import account_admin, member, superuser

pytestmark = pytest.mark.usefixtures("portal")

DAY = timedelta(days=1)
NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
TODAY = NOON.date()


@pytest.fixture(autouse=True)
def noon(clock: Clock) -> None:
    clock.time = NOON


@pytest.fixture
def chief(noon: None, clock: Clock) -> Administrator:  # noqa: ARG001 (it comes first)
    """Return a superuser, who signed in long before all that the tests are about."""
    clock.time = NOON - 700 * DAY
    made = superuser()
    counting.catch_up()
    clock.time = NOON
    return made


@pytest.fixture
def happen(clock: Clock) -> Callable[..., None]:
    """Return a function that lets something happen some days ago."""

    def happened(
        what: str, times: int = 1, *, ago: int = 0, at: uuid.UUID | None = None, **told: Any
    ) -> None:
        clock.time = NOON - ago * DAY
        with db.transaction():
            for _ in range(times):
                audit.record(what, VISITOR, organisation_id=at, **told)
        clock.time = NOON

    return happened


def totals(shown: Chart) -> dict[str, int]:
    """Return how much of each series there is in all bars."""
    sums = [
        sum((bar.values or (0,) * 9)[n] for bar in shown.bars) for n in range(len(shown.series))
    ]
    return dict(zip(shown.series, sums, strict=True))


def of(who: Administrator, topic: Topic, place: uuid.UUID | None = None) -> dict[str, int]:
    """Return a chart's totals; the picture and the page agree on them."""
    alone = dashboard.chart(who, topic, place, Span.DAYS_30)
    [among] = [c for c in dashboard.show(who, place, Span.DAYS_30).charts if c.topic is topic]
    assert alone == among
    return totals(alone)


def test_sign_ins_are_told_apart_by_their_second_step(
    chief: Administrator, happen: Callable[..., None]
) -> None:
    for factor, times in (("none", 5), ("pin", 1), ("code", 2), ("passkey", 3)):
        happen("signed_in", times, factor=factor)

    assert of(chief, Topic.SIGN_INS) == {"second_step": 6, "password_alone": 5}


def test_failures_are_told_apart_by_their_reason(
    chief: Administrator, happen: Callable[..., None]
) -> None:
    for reason, times in (("wrong_password", 4), ("unknown_account", 3), ("not_activated", 2)):
        happen("sign_in_failed", times, reason=reason)
    happen("sign_in_failed", reason="wrong_code", factor="passkey")
    happen("wrong_code", factor="code")

    assert of(chief, Topic.FAILURES) == {
        "wrong_password": 4,
        "unknown_account": 3,
        "wrong_code": 2,
        "shut": 2,
    }


def test_newcomers_are_those_who_got_an_account(
    chief: Administrator, happen: Callable[..., None]
) -> None:
    happen("registered", 2)
    happen("account_created", 3)
    happen("invitation_accepted", 4, before="none")
    happen("invitation_accepted", 5, before="in_use")
    happen("import_finished", created=90, rows=100)

    expected = {"registered": 2, "invited": 4, "added": 3, "imported": 90}
    assert of(chief, Topic.NEWCOMERS) == expected


def test_locks_are_those_of_accounts_and_of_roles(
    chief: Administrator, happen: Callable[..., None]
) -> None:
    happen("account_locked", 2)
    happen("membership_locked", 3, at=uuid.uuid4())

    assert of(chief, Topic.LOCKS) == {"account": 2, "membership": 3}


def test_an_organisation_has_its_own_numbers_and_no_others(happen: Callable[..., None]) -> None:
    x, y = factories.organisation(), factories.organisation()
    who = account_admin(x)  # signed in once, to a role here
    counting.catch_up()
    for place, times in ((x.id, 1), (y.id, 10), (None, 100)):
        happen("signed_in", times, at=place, factor="none")
        happen("seat_taken", times, at=place, factor="code")
        happen("sign_in_failed", times, at=place, reason="wrong_password")
        happen("wrong_code", times, at=place, factor="code")
        happen("membership_added", times, at=place)
        happen("invitation_accepted", times, at=place, before="in_use")
        happen("registered", times, at=place)
        happen("membership_locked", times, at=place)
    for are_counted in (False, True):
        if are_counted:
            counting.catch_up()
        for asked in (None, x.id, y.id, uuid.uuid4()):
            assert of(who, Topic.SIGN_INS, asked) == {"second_step": 1, "password_alone": 2}
            wrong = {"wrong_password": 1, "wrong_code": 1, "shut": 0}
            assert of(who, Topic.FAILURES, asked) == wrong
            assert of(who, Topic.NEWCOMERS, asked) == {"invited": 1, "given": 1}
            assert of(who, Topic.LOCKS, asked) == {"membership": 1}


def test_a_superuser_sees_any_organisation_and_all_of_them(
    chief: Administrator, happen: Callable[..., None]
) -> None:
    x = factories.organisation()
    happen("signed_in", 2, at=x.id, factor="none")
    happen("signed_in", 3, factor="none")

    assert of(chief, Topic.SIGN_INS, x.id) == {"second_step": 0, "password_alone": 2}
    assert of(chief, Topic.SIGN_INS) == {"second_step": 0, "password_alone": 5}
    with pytest.raises(NotFound):
        dashboard.show(chief, uuid.uuid4(), Span.DAYS_30)


def test_factors_are_shown_as_they_were_when_somebody_looked() -> None:
    x = factories.organisation()
    who = account_admin(x)
    for ago, place, accounts in ((0, None, 9), (0, x.id, 5), (2, x.id, 3), (2, uuid.uuid4(), 8)):
        counts = {"passkey": 0, "app": accounts, "pin": 1, "none": 2}
        factories.saved(DailyFactors(day=TODAY - ago * DAY, organisation_id=place, **counts))

    shown = dashboard.chart(who, Topic.FACTORS, None, Span.DAYS_7)

    assert [bar.values for bar in shown.bars[-3:]] == [(0, 3, 1, 2), None, (0, 5, 1, 2)]
    weeks = dashboard.chart(who, Topic.FACTORS, None, Span.DAYS_90)
    assert [bar.values for bar in weeks.bars[-2:]] == [None, (0, 5, 1, 2)]


def test_headlines_compare_seven_days_with_those_before(
    chief: Administrator, happen: Callable[..., None]
) -> None:
    for ago, times in ((0, 1), (6, 2), (7, 4), (13, 8), (14, 16)):
        happen("registered", times, ago=ago)

    for span in Span:
        lines = {each.topic: each for each in dashboard.show(chief, None, span).headlines}
        line = lines[Topic.NEWCOMERS]
        assert (line.today, line.week, line.week_before) == (1, 3, 12)


@pytest.mark.parametrize("span", Span)
def test_bars_are_days_or_weeks_without_a_gap_up_to_today(span: Span) -> None:
    buckets = span.buckets(TODAY)

    assert len(buckets) == span.bars
    assert buckets[0][0] == span.begin(TODAY)
    assert buckets[-1][1] == TODAY
    assert all(after[0] - before[1] == DAY for before, after in pairwise(buckets))
    assert abs(int(span.value) - (TODAY - buckets[0][0]).days - 1) <= 1


def test_weeks_add_up_their_days(chief: Administrator, happen: Callable[..., None]) -> None:
    for ago in (0, 6, 7, 90, 91):
        happen("registered", ago=ago)

    shown = dashboard.chart(chief, Topic.NEWCOMERS, None, Span.DAYS_90)

    assert [bar.total for bar in shown.bars] == [1] + [0] * 10 + [1, 2]


def test_what_happens_at_midnight_utc_is_the_new_day_s(chief: Administrator, clock: Clock) -> None:
    for at in (datetime(2026, 3, 30, 23, 59, 59, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC)):
        clock.time = at
        with db.transaction():
            audit.record("registered", VISITOR)
    clock.time = NOON

    shown = dashboard.chart(chief, Topic.NEWCOMERS, None, Span.DAYS_7)

    assert [(bar.begin, bar.total) for bar in shown.bars[-2:]] == [
        (date(2026, 3, 30), 1),
        (date(2026, 3, 31), 1),
    ]


def test_numbers_are_whole_before_and_while_and_after_they_are_counted(
    chief: Administrator, happen: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_rows, "BATCH", 100)
    happen("registered", 7)
    assert of(chief, Topic.NEWCOMERS)["registered"] == 7

    read = audit_rows.batch

    def meanwhile(after: int, until: int | None) -> Any:
        monkeypatch.setattr(audit_rows, "batch", read)
        counting.catch_up()  # between our two statements
        return read(after, until)

    monkeypatch.setattr(audit_rows, "batch", meanwhile)
    shown = dashboard.chart(chief, Topic.NEWCOMERS, None, Span.DAYS_30)
    assert totals(shown)["registered"] == 7

    assert counting.catch_up() == 0
    assert of(chief, Topic.NEWCOMERS)["registered"] == 7


def test_where_many_wait_to_be_counted_the_moment_is_told_up_to_which_it_is_whole(
    chief: Administrator, happen: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert dashboard.show(chief, None, Span.DAYS_7).as_of == NOON
    monkeypatch.setattr(audit_rows, "BATCH", 3)
    happen("registered", 3, ago=2)
    happen("registered", 3, ago=1)

    shown = dashboard.show(chief, None, Span.DAYS_7)

    assert shown.as_of == NOON - 2 * DAY
    assert totals(shown.charts[2])["registered"] == 3


def test_only_administrators_have_one() -> None:
    x = factories.organisation()
    who = account_admin(x)
    teacher = Administrator(who.account_id, Role.TEACHER, x.id, who.session, who.session_id)

    with pytest.raises(NotFound):
        dashboard.show(teacher, None, Span.DAYS_7)
    with pytest.raises(NotFound):
        dashboard.chart(teacher, Topic.LOCKS, None, Span.DAYS_7)
    with pytest.raises(NotFound):
        condition.look(who)


def test_a_place_is_fresh_while_nobody_else_is_there(chief: Administrator) -> None:
    assert dashboard.is_fresh(chief)
    x = factories.organisation()
    who = account_admin(x)
    assert dashboard.is_fresh(who)
    assert not dashboard.is_fresh(chief)

    member(Role.STUDENT, x)

    assert not dashboard.is_fresh(who)


def a_mail(**changes: Any) -> None:
    number = uuid.uuid4()
    made = {"message_id": str(number), "kind": "pin", "recipient": "a@example.org"}
    factories.saved(OutgoingMail(**made, recipient_key="a@example.org", **changes))


def test_the_mail_queue_tells_what_waits_since_when_and_what_failed(chief: Administrator) -> None:
    for hours in (1, 3, 2):
        a_mail(created_at=NOON - timedelta(hours=hours))
    a_mail(created_at=NOON - DAY, sent_at=NOON)
    for error, ago in (("expired", 1), ("expired", 2), ("RCPT TO: 550 5.1.1", 3), ("old", 8)):
        a_mail(created_at=NOON - 9 * DAY, failed_at=NOON - ago * DAY, last_error=error)

    mail = condition.look(chief).mail

    assert (mail.waiting, mail.oldest) == (3, NOON - timedelta(hours=3))
    assert (mail.failed, mail.reasons) == (3, [("expired", 2), ("RCPT TO: 550 5.1.1", 1)])


def test_a_long_queue_is_counted_so_far_and_no_further(
    chief: Administrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(condition, "MOST_COUNTED", 2)
    for _ in range(3):
        a_mail()
        a_mail(failed_at=NOON)

    mail = condition.look(chief).mail

    assert (mail.waiting, mail.failed) == (2, 2)


def test_what_is_slow_and_what_fails_comes_from_the_last_day(chief: Administrator) -> None:
    request_counts.forget()
    zeros = {"failed": 0, "busy": 0, "limited": 0}
    for what, hours, counts in [
        ("GET /home", 1, {"requests": 10, "total_ms": 100, "slowest_ms": 50}),
        ("GET /home", 2, {"requests": 10, "total_ms": 300, "slowest_ms": 90, "limited": 4}),
        ("POST /sign-in", 1, {"requests": 5, "total_ms": 500, "slowest_ms": 200, "failed": 2}),
        ("GET /busy", 1, {"requests": 5, "total_ms": 5, "slowest_ms": 1, "busy": 3}),
        ("GET /old", 25, {"requests": 1, "total_ms": 9_000, "slowest_ms": 9_000, "failed": 1}),
    ]:
        hour = NOON - timedelta(hours=hours)
        factories.saved(RequestCount(hour=hour, what=what, **{**zeros, **counts}))

    found = condition.look(chief).requests

    assert (found.requests, found.failed, found.busy, found.limited) == (30, 2, 3, 4)
    slowest = [(each.what, each.mean_ms, each.slowest_ms) for each in found.slowest]
    assert slowest == [("POST /sign-in", 100, 200), ("GET /home", 20, 90), ("GET /busy", 1, 1)]
    assert [each.what for each in found.failing] == ["GET /busy", "POST /sign-in"]


def test_versions_are_those_that_run(chief: Administrator, engine: str) -> None:
    versions = condition.look(chief).versions

    assert versions.doorward
    assert versions.database.startswith(
        {"sqlite": "SQLite 3.", "postgresql": "PostgreSQL 1"}[engine]
    )
    assert versions.schema.fit is Fit.CURRENT


@contextmanager
def sent(portal: Flask) -> Iterator[list[tuple[str, Any]]]:
    """Keep the statements that are sent meanwhile, with their values."""
    found: list[tuple[str, Any]] = []

    def keep(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        found.append((statement, values))

    with portal.app_context():
        engine = db.db.engine
    event.listen(engine, "before_cursor_execute", keep)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", keep)


def test_it_costs_the_same_however_much_there_is(
    chief: Administrator, portal: Flask, happen: Callable[..., None], engine: str
) -> None:
    def cost() -> list[str]:
        with sent(portal) as statements:
            dashboard.show(chief, None, Span.DAYS_365)
            condition.look(chief)
        return [each for each, _ in statements]

    counting.catch_up()
    few = cost()
    for ago in range(0, 360, 9):
        happen("signed_in", 50, ago=ago, factor="none")
    for _ in range(30):
        factories.membership(factories.account(password=None))
        a_mail()
    counting.catch_up()
    many = cost()

    assert many == few
    asking_the_log = [each for each in many if "audit_events" in each]
    assert len(asking_the_log) == 1
    [bounded] = asking_the_log
    assert "audit_events.position >" in bounded
    assert "LIMIT" in bounded
    assert not [each for each in many if "FROM accounts" in each or "FROM memberships" in each]
    for each in many:
        assert "count(*)" not in each.lower() or "LIMIT" in each
    assert plan_of(portal, engine, cost) == []


def plan_of(portal: Flask, engine: str, act: Callable[[], object]) -> list[str]:
    """Return the steps that read the whole of a table which grows; SQLite tells without data.

    The few mails that are counted at most are found by the index of those that wait.
    """
    if engine != "sqlite":
        return []
    with sent(portal) as statements:
        act()
    growing = ("audit_events", "daily_counts", "daily_factors", "outgoing_mails", "request_counts")
    steps: list[str] = []
    for statement, values in list(statements):
        if statement.lstrip().upper().startswith("SELECT"):
            plan = (
                db.session().connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            )
            steps += [row.detail for row in plan]
    waiting = "SCAN outgoing_mails USING INDEX ix_outgoing_mails_oldest_waiting"
    whole = [each for each in steps if each.startswith("SCAN") and each != waiting]
    return [each for each in whole if each.split()[1] in growing]


def test_the_newest_days_are_read_along_an_index_on_postgresql(
    portal: Flask, engine: str, chief: Administrator
) -> None:
    if engine != "postgresql":
        return
    assert portal
    fill = (
        "INSERT INTO daily_counts (day, organisation_id, what, detail, times)"
        " SELECT date '2024-01-01' + (n % 800)::int, gen_random_uuid(), 'signed_in', 'none', n"
        " FROM generate_series(1, 50000) n"
    )
    db.session().execute(text(fill))
    db.session().commit()
    db.session().execute(text("ANALYZE daily_counts"))
    with sent(portal) as statements:
        daily_numbers.read(uuid.uuid4(), TODAY - 30 * DAY, {"signed_in"})
        daily_numbers.read(None, TODAY - 30 * DAY, {"signed_in"})
    assert chief

    for statement, values in statements[:3:2]:
        plan = db.session().connection().exec_driver_sql(f"EXPLAIN {statement}", values)
        steps = "\n".join(str(row[0]) for row in plan)
        assert "daily_counts" in statement
        assert "Seq Scan on daily_counts" not in steps, steps


def test_a_highest_bar_is_the_newest_of_equal_ones() -> None:
    bars = [
        Bar(TODAY - n * DAY, TODAY - n * DAY, (value,)) for n, value in ((2, 3), (1, 3), (0, 1))
    ]

    shown = Chart(Topic.LOCKS, ("account",), bars)

    assert shown.highest is bars[1]
    assert not shown.is_empty
    assert dashboard_charts.Chart(Topic.LOCKS, ("account",), []).is_empty
