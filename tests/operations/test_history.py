"""What happened to an account, page by page."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import event

from app import db
from app.models import Account, Interface
from app.operations import administration, audit, history, removal
from app.operations.history import Kind
from app.operations.visitor import Visitor
from tests import factories
from tests.conftest import Clock
from tests.factories import STRANGER, VISITOR
from tests.operations.signing_in import fail, signed_in

pytestmark = pytest.mark.usefixtures("portal")

OFFICE = Visitor(Interface.COMMAND, address="")


@pytest.fixture
def statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(db.db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.db.engine, "before_cursor_execute", note)


def happened(who: Account, kind: Kind | None = None, before: int | None = None) -> list[str]:
    return [each.event.what for each in history.page(who, kind, before).events]


def note_many(who: Account, count: int) -> None:
    place = factories.organisation()
    with db.transaction():
        for _ in range(count):
            audit.record("signed_in", VISITOR, account_id=who.id, organisation_id=place.id)


def test_the_newest_comes_first_and_only_ones_own() -> None:
    who, other = factories.account(), factories.account()
    signed_in(other)
    fail(who.email, 1)
    signed_in(who)

    assert happened(who) == ["signed_in", "sign_in_failed"]


def test_an_event_tells_where_it_came_from_and_why() -> None:
    who, place = factories.account(), factories.organisation("Elm School")
    factories.membership(who, place)
    fail(who.email, 1, STRANGER)
    signed_in(who)

    good, failed = history.page(who).events

    assert failed.event.details == {"reason": "wrong_password", "user_agent": "curl/8.0"}
    assert (failed.event.address, failed.organisation) == (STRANGER.address, "Elm School")
    assert good.organisation == "Elm School"
    assert good.event.details["user_agent"] == VISITOR.user_agent


def test_what_a_program_calls_itself_is_cut(clock: object) -> None:  # noqa: ARG001
    who = factories.account()
    with db.transaction():
        audit.record("signed_in", Visitor(Interface.PAGES, "", "x" * 9000), account_id=who.id)

    [only] = history.page(who).events

    assert len(only.event.details["user_agent"]) == 256


def test_administrators_are_told_apart_from_oneself() -> None:
    who, boss = factories.account(), factories.account()
    with db.transaction():
        audit.record("unlocked", VISITOR, account_id=who.id)
        audit.record("name_changed", VISITOR, account_id=who.id, by=who.id)
        audit.record("membership_added", VISITOR, account_id=who.id, by=boss.id)
    administration.suspend_account(who, OFFICE)

    shown = history.page(who).events

    assert [(each.event.what, each.by_administrator) for each in shown] == [
        ("account_suspended", True),
        ("membership_added", True),
        ("name_changed", False),
        ("unlocked", False),
    ]


def test_each_event_is_of_one_kind() -> None:
    who, boss = factories.account(), factories.account()
    signed_in(who)
    with db.transaction():
        audit.record("password_changed", VISITOR, account_id=who.id)
        audit.record("password_changed", VISITOR, account_id=who.id, by=boss.id)
        audit.record("signed_in", VISITOR, account_id=who.id, by=boss.id)
        audit.record("something_new", VISITOR, account_id=who.id)

    assert happened(who, Kind.SIGN_INS) == ["signed_in"]
    assert happened(who, Kind.CHANGES) == ["something_new", "password_changed"]
    assert happened(who, Kind.ADMINISTRATORS) == ["signed_in", "password_changed"]
    assert len(happened(who)) == 5


def test_pages_follow_each_other_without_a_gap() -> None:
    who = factories.account()
    note_many(who, 2 * history.PAGE + 3)

    first = history.page(who)
    second = history.page(who, before=first.older)
    third = history.page(who, before=second.older)

    ids = [each.event.position for page in (first, second, third) for each in page.events]
    assert [len(page.events) for page in (first, second, third)] == [25, 25, 3]
    assert ids == sorted(set(ids), reverse=True)
    assert third.older is None


def test_a_full_page_is_the_last_where_nothing_is_older() -> None:
    who = factories.account()
    note_many(who, history.PAGE)

    assert history.page(who).older is None


def test_what_an_older_account_of_the_same_id_did_is_not_told(clock: Clock) -> None:
    who = factories.account()
    clock.advance(timedelta(days=-1))
    with db.transaction():
        audit.record("signed_in", VISITOR, account_id=who.id)
    clock.advance(timedelta(days=1))

    assert happened(who) == []


def test_a_page_is_one_statement_however_long(statements: list[str]) -> None:
    who = factories.account()
    note_many(who, 2)
    db.session().refresh(who)
    statements.clear()
    history.page(who)
    few = len(statements)

    note_many(who, 60)
    db.session().refresh(who)
    statements.clear()
    page = history.page(who)
    [each.event.details for each in page.events]

    assert (few, len(statements)) == (1, 1)


def test_a_removal_that_was_thought_better_of_is_told() -> None:
    who = factories.account()
    session = signed_in(who).session

    removal.schedule(session, VISITOR)
    removal.keep(session, VISITOR)

    assert happened(who, Kind.CHANGES) == ["removal_withdrawn", "removal_scheduled"]
