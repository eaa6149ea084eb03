"""Giving roles, changing and taking them."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from app import db
from app.clock import now
from app.errors import (
    AlreadyExists,
    LastAdministrator,
    LastSuperuser,
    NotFound,
    OutOfReach,
    Refusal,
    TicketRefused,
)
from app.models import Account, AuditEvent, Membership, Organisation, Password, Role
from app.operations import membership_acts, memberships, sessions, sign_in
from app.operations.authority import Administrator
from tests import factories
from tests.factories import PASSWORD, VISITOR
from tests.operations.administrators import account_admin, acting, events, member, superuser
from tests.operations.signing_in import signed_in

pytestmark = pytest.mark.usefixtures("portal")

ADMIN, TEACHER, STUDENT = Role.ACCOUNT_ADMIN, Role.TEACHER, Role.STUDENT


def roles_of(who: Account) -> set[tuple[Role, object]]:
    db.session().rollback()
    return {(m.role, m.organisation_id) for m in memberships.of(who.id)}


def role_of(who: Account, at: Organisation | None, role: Role) -> Membership:
    found = [m for m in memberships.of(who.id) if m.role is role]
    return next(m for m in found if m.organisation_id == (at.id if at else None))


def refusal(act: Callable[[], object]) -> type[Refusal] | None:
    try:
        act()
    except Refusal as refused:
        return type(refused)
    return None


def add(who: Administrator, to: Account, role: Role, at: Organisation | None = None) -> None:
    membership_acts.add(who, to.id, role, VISITOR, at.id if at else None)


def change(who: Administrator, of: Membership, role: Role) -> None:
    membership_acts.change_role(who, of.account_id, of.id, role, VISITOR)


def remove(who: Administrator, of: Membership) -> None:
    membership_acts.remove(who, of.account_id, of.id, VISITOR)


def test_a_superuser_gives_any_role_anywhere() -> None:
    who, other, x = superuser(), factories.account(), factories.organisation()

    add(who, other, TEACHER, x)
    add(who, other, Role.SUPERUSER)

    assert roles_of(other) == {(TEACHER, x.id), (Role.SUPERUSER, None)}
    assert [what for what, _ in events(other)] == ["membership_added", "membership_added"]


def test_an_account_administrator_appoints_another_there() -> None:
    x = factories.organisation()
    other = member(TEACHER, x)

    add(account_admin(x), other, ADMIN)

    assert roles_of(other) == {(TEACHER, x.id), (ADMIN, x.id)}


def test_an_account_administrator_gives_roles_nowhere_else_whatever_is_asked() -> None:
    x, y = factories.organisation(), factories.organisation()
    other = member(TEACHER, x)

    add(account_admin(x), other, STUDENT, y)

    assert roles_of(other) == {(TEACHER, x.id), (STUDENT, x.id)}


def test_nobody_grants_a_role_above_their_own() -> None:
    x = factories.organisation()
    who, other = account_admin(x), member(TEACHER, x)

    assert refusal(lambda: add(who, other, Role.SUPERUSER)) is OutOfReach
    assert refusal(lambda: change(who, role_of(other, x, TEACHER), Role.SUPERUSER)) is OutOfReach
    assert roles_of(other) == {(TEACHER, x.id)}


def test_nobody_changes_somebody_above_them() -> None:
    x = factories.organisation()
    who, above = account_admin(x), member(TEACHER, x)
    factories.membership(above, role=Role.SUPERUSER)
    there = role_of(above, x, TEACHER)

    assert refusal(lambda: add(who, above, STUDENT)) is OutOfReach
    assert refusal(lambda: change(who, there, STUDENT)) is OutOfReach
    assert refusal(lambda: remove(who, there)) is OutOfReach
    assert refusal(lambda: remove(who, role_of(above, None, Role.SUPERUSER))) is OutOfReach


def test_somebody_who_is_no_member_cannot_be_drawn_in() -> None:
    x = factories.organisation()

    assert refusal(lambda: add(account_admin(x), factories.account(), STUDENT)) is NotFound


def test_roles_at_another_organisation_are_not_there() -> None:
    x, y = factories.organisation(), factories.organisation()
    who, both = account_admin(x), member(TEACHER, x)
    there = factories.membership(both, y)

    assert refusal(lambda: change(who, there, TEACHER)) is NotFound
    assert refusal(lambda: remove(who, there)) is NotFound
    assert (STUDENT, y.id) in roles_of(both)


def test_a_role_of_somebody_else_under_this_name_is_not_there() -> None:
    x = factories.organisation()
    who, one, other = account_admin(x), member(TEACHER, x), member(TEACHER, x)
    theirs = role_of(other, x, TEACHER)

    assert refusal(lambda: membership_acts.remove(who, one.id, theirs.id, VISITOR)) is NotFound


def test_a_role_given_twice_is_refused() -> None:
    x = factories.organisation()
    who, other = account_admin(x), member(TEACHER, x)
    factories.membership(other, x, STUDENT)

    assert refusal(lambda: add(who, other, TEACHER)) is AlreadyExists
    assert refusal(lambda: change(who, role_of(other, x, TEACHER), STUDENT)) is AlreadyExists
    assert roles_of(other) == {(TEACHER, x.id), (STUDENT, x.id)}


def test_a_role_at_no_organisation_or_at_one_that_is_not_there() -> None:
    who, other = superuser(), factories.account()
    nowhere = Organisation(id=other.id)

    assert refusal(lambda: add(who, other, TEACHER)) is NotFound
    assert refusal(lambda: add(who, other, TEACHER, nowhere)) is NotFound
    assert refusal(lambda: add(who, other, Role.SUPERUSER, factories.organisation())) is NotFound


def test_another_role_ends_the_seat_and_what_waits_and_keeps_the_password_there() -> None:
    x = factories.organisation()
    other = member(STUDENT, x)
    factories.own_password(other, x)
    handle = sign_in.verify_password(other.email or "", factories.OWN_PASSWORD, VISITOR)
    opened = signed_in(other, factories.OWN_PASSWORD)

    change(account_admin(x), role_of(other, x, STUDENT), TEACHER)

    assert roles_of(other) == {(TEACHER, x.id)}
    with pytest.raises(TicketRefused):
        sessions.find(opened.bearer)
    with pytest.raises(TicketRefused):
        sign_in.proceed(handle.offers[0].handle, VISITOR)
    own = select(Password).where(Password.organisation_id == x.id)
    assert db.session().scalar(own) is not None
    assert sign_in.verify_password(other.email or "", factories.OWN_PASSWORD, VISITOR).offers
    [event] = db.session().scalars(select(AuditEvent).filter_by(what="role_changed"))
    assert factories.told(event) == {"role": "Teacher", "before": "Student"}


def test_the_same_role_again_changes_nothing() -> None:
    x = factories.organisation()
    other = member(STUDENT, x)
    opened = signed_in(other)

    change(account_admin(x), role_of(other, x, STUDENT), STUDENT)

    assert sessions.find(opened.bearer)
    assert events(other) == []


def test_taking_a_role_ends_its_seat_and_with_the_last_the_password_there() -> None:
    x = factories.organisation()
    other = member(STUDENT, x)
    factories.own_password(other, x)
    opened = signed_in(other, factories.OWN_PASSWORD)

    remove(account_admin(x), role_of(other, x, STUDENT))

    assert roles_of(other) == set()
    with pytest.raises(TicketRefused):
        sessions.find(opened.bearer)
    assert db.session().scalar(select(Password).where(Password.organisation_id == x.id)) is None
    assert sign_in.verify_password(other.email or "", PASSWORD, VISITOR)


def test_the_last_superuser_keeps_the_role() -> None:
    only = member(Role.SUPERUSER)
    who = acting(only)
    role = role_of(only, None, Role.SUPERUSER)

    assert refusal(lambda: remove(who, role)) is LastSuperuser
    member(Role.SUPERUSER)
    remove(who, role)
    assert roles_of(only) == set()


def test_the_last_administratoristrator_keeps_the_role() -> None:
    x = factories.organisation()
    chief = member(ADMIN, x)
    factories.membership(chief, x, TEACHER)
    who = acting(chief, x)
    role = role_of(chief, x, ADMIN)

    for administrator in (who, superuser()):
        with pytest.raises(LastAdministrator):
            change(administrator, role, STUDENT)
        with pytest.raises(LastAdministrator):
            remove(administrator, role)
    assert (ADMIN, x.id) in roles_of(chief)

    member(ADMIN, x)
    remove(who, role)
    assert roles_of(chief) == {(TEACHER, x.id)}


def test_a_suspended_organisation_may_lose_its_last() -> None:
    x = factories.organisation()
    chief = member(ADMIN, x)
    x.suspended_at = now()
    factories.saved(x)

    remove(superuser(), role_of(chief, x, ADMIN))

    assert roles_of(chief) == set()


def test_who_took_their_own_seat_away_acts_no_more() -> None:
    x = factories.organisation()
    chief, other = member(ADMIN, x), member(ADMIN, x)
    factories.membership(chief, factories.organisation(), STUDENT)
    who = acting(chief, x)
    remove(who, role_of(chief, x, ADMIN))

    assert refusal(lambda: remove(who, role_of(other, x, ADMIN))) is NotFound
