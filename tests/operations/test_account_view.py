"""What is told of one account, and to whom."""

from datetime import timedelta

import pytest

from app.clock import now
from app.errors import NotFound
from app.models import Counted, Organisation, Role
from app.operations import account_acts, account_view
from app.operations.rights import Action
from tests import factories
from tests.factories import OWN_PASSWORD, VISITOR
from tests.operations.administrators import account_admin, member, superuser
from tests.operations.signing_in import signed_in
from tests.operations.test_account_list import counted, lock

pytestmark = pytest.mark.usefixtures("portal")


@pytest.fixture
def x() -> Organisation:
    return factories.organisation("X")


@pytest.fixture
def y() -> Organisation:
    return factories.organisation("Y")


def test_a_superuser_is_told_all_but_secrets(x: Organisation, y: Organisation) -> None:
    both = member(Role.STUDENT, x)
    there = factories.membership(both, y)
    factories.own_password(both, y)
    signed_in(both)
    factories.app_of(both)
    lock(Counted.MEMBERSHIP, str(there.id))

    view = account_view.of(superuser(), both.id)

    assert view.whole
    assert {m.organisation_id for m in view.memberships} == {x.id, y.id}
    assert set(view.passwords) == {None, y.id}
    assert [factor.kind for factor in view.factors] == ["app"]
    assert len(view.sessions) == 1
    assert [each.membership_id for each in view.locks] == [there.id]
    assert "signed_in" in {each.event.what for each in view.history}


def test_an_organisation_is_told_what_belongs_there(x: Organisation, y: Organisation) -> None:
    both = member(Role.STUDENT, x)
    there = factories.membership(both, y)
    factories.own_password(both, y)
    signed_in(both, OWN_PASSWORD)
    factories.app_of(both)
    lock(Counted.MEMBERSHIP, str(there.id))
    lock(Counted.IDENTITY, f"account:{both.id}")
    account_acts.do(account_admin(y), Action.UNLOCK_HERE, both.id, VISITOR)
    account_acts.do(superuser(), Action.END_SESSIONS, both.id, VISITOR)

    view = account_view.of(account_admin(x), both.id)

    assert not view.whole
    assert [m.organisation_id for m in view.memberships] == [x.id]
    assert (view.passwords, view.factors, view.locks) == ({}, [], [])
    assert (view.sessions, view.history) == ([], [])


def test_who_belongs_there_alone_is_told_as_a_whole(x: Organisation) -> None:
    only = member(Role.STUDENT, x)
    signed_in(only)
    factories.app_of(only)
    lock(Counted.IDENTITY, f"account:{only.id}")

    view = account_view.of(account_admin(x), only.id)

    assert view.whole
    assert (len(view.sessions), len(view.factors), len(view.locks)) == (1, 1, 1)
    assert set(view.passwords) == {None}


def test_only_what_would_change_something_is_offered(x: Organisation) -> None:
    who, other = account_admin(x), member(Role.STUDENT, x)
    before = account_view.of(who, other.id).offers
    other.suspended_at = now()
    factories.saved(other)

    after = account_view.of(who, other.id).offers

    assert Action.SUSPEND in before - after
    assert Action.REACTIVATE in after - before
    assert Action.REMOVE_FACTOR not in before
    assert Action.CREATE_ACCOUNT not in before


def test_what_only_superusers_may_do_is_not_offered(x: Organisation) -> None:
    both = member(Role.STUDENT, x)
    factories.membership(both)

    offers = account_view.of(account_admin(x), both.id).offers

    assert {Action.UNLOCK_HERE, Action.END_SEATS, Action.CHANGE_ROLE} <= offers
    assert not {Action.SUSPEND, Action.UNLOCK, Action.SEND_RESET, Action.END_SESSIONS} & offers


def test_of_a_superuser_nothing_is_offered_to_an_organisation(x: Organisation) -> None:
    above = member(Role.TEACHER, x)
    factories.membership(above, role=Role.SUPERUSER)

    view = account_view.of(account_admin(x), above.id)

    assert not view.offers - {Action.SEE_ACCOUNTS, Action.EXPORT_ACCOUNTS}
    assert not view.may_end_sessions
    assert [m.role for m in view.memberships] == [Role.TEACHER]


def test_who_acted_is_named_to_those_who_see_that_account(x: Organisation) -> None:
    other, sue = member(Role.STUDENT, x), superuser()
    account_acts.do(sue, Action.SUSPEND, other.id, VISITOR)
    chief = account_admin(x)
    account_acts.do(chief, Action.REACTIVATE, other.id, VISITOR)

    told = [(each.event.what, each.by) for each in account_view.of(chief, other.id).history[:2]]
    to_sue = [each.by for each in account_view.of(sue, other.id).history[:2]]

    assert told[1] == ("account_suspended", None)
    assert told[0] == ("account_reactivated", chief.session.account.shown_name)
    assert None not in to_sue


def test_somebody_elsewhere_is_not_told_of(x: Organisation) -> None:
    with pytest.raises(NotFound):
        account_view.of(account_admin(x), member(Role.STUDENT).id)


def test_a_lock_says_how_long_it_lasts(x: Organisation) -> None:
    only = member(Role.STUDENT, x)
    lock(Counted.FACTOR_EVER, str(only.id), minutes=50 * 365 * 24 * 60 * 2)
    lock(Counted.FACTOR, str(only.id))

    locks = {each.counted: each for each in account_view.of(account_admin(x), only.id).locks}

    assert locks[Counted.FACTOR_EVER].for_good
    assert not locks[Counted.FACTOR].for_good
    assert locks[Counted.FACTOR].until < now() + timedelta(minutes=16)


def test_one_account_takes_as_many_statements_with_much_as_with_little(x: Organisation) -> None:
    who, little, much = account_admin(x), member(Role.STUDENT, x), member(Role.STUDENT, x)
    signed_in(little)
    for _ in range(4):
        signed_in(much)
    factories.membership(much, x, Role.TEACHER)
    with counted() as of_little:
        account_view.of(who, little.id)
    with counted() as of_much:
        account_view.of(who, much.id)

    assert len(of_much) == len(of_little)
