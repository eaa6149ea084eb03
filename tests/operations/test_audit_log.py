"""Reading events: the newest first, those that agree with a filter, and no others."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from app import db
from app.clock import now
from app.errors import NotFound
from app.models import Interface
from app.operations import audit, audit_log
from app.operations.audit_log import Filter
from app.operations.visitor import Visitor
from tests.conftest import Clock
from tests.factories import VISITOR
from tests.operations.audit_events import happen, tamper

pytestmark = pytest.mark.usefixtures("portal")

EVERYTHING = Filter()
ANA, BEN, ACME, BOLT = (uuid.UUID(int=number) for number in range(1, 5))
BY_API = Visitor(Interface.ROCKETCHAT, "203.0.113.9")


def tell(what: str, visitor: Visitor = VISITOR, **who: Any) -> None:
    with db.transaction():
        audit.record(what, visitor, **who)


def shown(wanted: Filter = EVERYTHING, within: uuid.UUID | None = None) -> list[str]:
    """Return what a page shows; an export has to show the same."""
    on_page = [entry.what for entry in audit_log.page(wanted, within=within).entries]
    assert [entry.what for entry in audit_log.export(wanted, within=within)] == on_page
    return on_page


@pytest.fixture
def story(clock: Clock) -> list[Any]:
    """Let six different things happen, an hour apart; return when."""
    times = []
    for what, visitor, who in (
        ("a", VISITOR, {"account_id": ANA}),
        ("b", VISITOR, {"account_id": BEN, "by": ANA}),
        ("c", BY_API, {"account_id": ANA, "organisation_id": ACME}),
        ("d", VISITOR, {"account_id": BEN, "organisation_id": ACME}),
        ("e", BY_API, {"account_id": BEN, "organisation_id": BOLT, "by": ANA}),
        ("f", VISITOR, {}),
    ):
        times.append(clock.time)
        tell(what, visitor, **who)
        clock.advance(timedelta(hours=1))
    return times


def test_all_is_shown_the_newest_first(story: list[Any]) -> None:
    del story
    assert shown() == ["f", "e", "d", "c", "b", "a"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(account_id=ANA), "ca"),
        (Filter(by_account_id=ANA), "eb"),
        (Filter(organisation_id=ACME), "dc"),
        (Filter(what="e"), "e"),
        (Filter(interface=Interface.ROCKETCHAT), "ec"),
        (Filter(address=VISITOR.address), "fdba"),
        (Filter(account_id=BEN, by_account_id=ANA), "eb"),
        (Filter(account_id=BEN, organisation_id=ACME), "d"),
        (Filter(what="nothing"), ""),
        (Filter(account_id=uuid.UUID(int=99)), ""),
    ],
)
def test_a_filter_shows_what_agrees_in_all_of_it(
    wanted: Filter, expected: str, story: list[Any]
) -> None:
    del story
    assert shown(wanted) == list(expected)


def test_a_time_begins_with_its_first_moment_and_ends_before_its_last(story: list[Any]) -> None:
    assert shown(Filter(since=story[1], before=story[4])) == ["d", "c", "b"]
    assert shown(Filter(since=story[4])) == ["f", "e"]
    assert shown(Filter(before=story[1])) == ["a"]


def test_an_organisation_reaches_its_own_events_and_no_others(story: list[Any]) -> None:
    del story
    assert shown(within=ACME) == ["d", "c"]
    assert shown(Filter(account_id=ANA), within=ACME) == ["c"]
    assert shown(Filter(organisation_id=BOLT), within=ACME) == []
    assert shown(Filter(address=VISITOR.address), within=BOLT) == []


def test_an_entry_has_what_was_recorded(clock: Clock) -> None:
    tell("role_given", account_id=ANA, by=BEN, organisation_id=ACME, role="teacher")

    [entry] = audit_log.page(EVERYTHING, within=None).entries
    assert entry == audit_log.Entry(
        position=1,
        at=clock.time,
        what="role_given",
        account_id=ANA,
        by_account_id=BEN,
        organisation_id=ACME,
        interface="pages",
        address=VISITOR.address,
        details={"role": "teacher", "user_agent": VISITOR.user_agent},
    )


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
def test_pages_follow_each_other_without_gap_and_without_repeating(size: int, clock: Clock) -> None:
    for number in range(7):
        happen(1, f"event_{number}")
        clock.advance(timedelta(seconds=number % 2))  # some of them at the same moment

    pages = list(turned(EVERYTHING, size))

    assert [what for page in pages for what in page] == [f"event_{6 - n}" for n in range(7)]
    assert {len(page) for page in pages[:-1]} <= {size}
    assert pages[-1]


def turned(wanted: Filter, size: int) -> Iterator[list[str]]:
    cursor = None
    while True:
        page = audit_log.page(wanted, within=None, cursor=cursor, size=size)
        yield [entry.what for entry in page.entries]
        cursor = page.older
        if cursor is None:
            return


def test_turning_pages_is_not_disturbed_by_what_happens_meanwhile() -> None:
    happen(4, "old")
    first = audit_log.page(EVERYTHING, within=None, size=2)
    happen(3, "new")

    second = audit_log.page(EVERYTHING, within=None, cursor=first.older, size=2)
    assert [entry.position for entry in second.entries] == [2, 1]


def test_a_cursor_does_not_reach_further_than_its_reader(story: list[Any]) -> None:
    del story
    cursor = audit_log.page(EVERYTHING, within=None, size=1).older

    page = audit_log.page(EVERYTHING, within=ACME, cursor=cursor)
    assert [entry.what for entry in page.entries] == ["d", "c"]


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "-",
        "1",
        "1-",
        "-1",
        "1-1-1",
        "1 -1",
        "1--1",
        "1-1\n",
        "٣-٣",
        "9" * 18 + "-1",
        "1-" + "9" * 19,
        "' OR 1=1",
    ],
)
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(NotFound):
        audit_log.page(EVERYTHING, within=None, cursor=cursor)


def test_the_largest_cursor_is_one() -> None:
    happen()

    page = audit_log.page(EVERYTHING, within=None, cursor="9" * 17 + "-" + "9" * 18)
    assert len(page.entries) == 1


def test_an_export_of_any_length_comes_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_log, "EXPORT_BATCH", 3)
    happen(10)

    exported = [entry.position for entry in audit_log.export(EVERYTHING, within=None)]

    assert exported == list(range(10, 0, -1))


def test_an_event_that_somebody_changed_can_still_be_shown() -> None:
    happen()
    tamper("UPDATE audit_events SET interface = 'none of ours'")

    [entry] = audit_log.page(EVERYTHING, within=None).entries
    assert entry.interface == "none of ours"


FILTERS = {
    "time": Filter(),
    "account_id": Filter(account_id=ANA),
    "by_account_id": Filter(by_account_id=ANA),
    "organisation_id": Filter(organisation_id=ACME),
    "what": Filter(what="a"),
    "interface": Filter(interface=Interface.PAGES),
    "address": Filter(address=VISITOR.address),
}


@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_goes_along_its_index_without_sorting(name: str, engine: str) -> None:
    wanted = FILTERS[name]
    moment = now()
    for asked in (wanted, Filter(**{**vars(wanted), "since": moment - timedelta(days=1)})):
        plan = plan_of(asked, engine)
        assert f"ix_audit_events_by_{name}" in plan
        assert "SORT" not in plan.upper()
        assert "TEMP B-TREE" not in plan


# So many that it matters which index is taken; the test's rollback takes them away.
MANY = """
    INSERT INTO audit_events
      (position, at, what, account_id, by_account_id, organisation_id, interface, address, details,
       hash)
    SELECT n, now() - n * interval '1 minute', 'event ' || n % 50, gen_random_uuid(),
      gen_random_uuid(), gen_random_uuid(), CASE WHEN n % 100 = 0 THEN 'pages' ELSE 'command' END,
      '192.0.2.' || n % 250, '{}', ''
    FROM generate_series(1, 3000) AS n
"""


def plan_of(wanted: Filter, engine: str) -> str:
    """Return how the database would turn to the second page."""
    seen: list[Any] = []

    def note(_c: object, _cursor: object, statement: str, values: Any, *_rest: object) -> None:
        seen.append((statement, values))

    cursor = f"{int(now().timestamp() * 1_000_000)}-7"
    event.listen(db.db.engine, "before_cursor_execute", note)
    audit_log.page(wanted, within=None, cursor=cursor)
    event.remove(db.db.engine, "before_cursor_execute", note)
    statement, values = seen[-1]
    if engine == "postgresql":  # with few rows it reads them all, unless it is told not to
        db.session().execute(text(MANY))
        db.session().execute(text("ANALYZE audit_events"))
        for way in ("seqscan", "bitmapscan", "sort"):
            db.session().execute(text(f"SET LOCAL enable_{way} = off"))
    explain = "EXPLAIN" if engine == "postgresql" else "EXPLAIN QUERY PLAN"
    lines = db.session().connection().exec_driver_sql(f"{explain} {statement}", values)
    plan = "\n".join(str(tuple(line)) for line in lines)
    db.session().rollback()
    return plan
