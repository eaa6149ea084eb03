"""Who may administer what."""

import pytest

from app.errors import NotFound, OutOfReach, ProofRequired
from app.models import Role
from app.operations import authority, sessions
from app.operations.authority import Administrator
from app.operations.rights import TABLE, Action, Reach
from tests import factories
from tests.conftest import Clock
from tests.operations.administrators import account_admin, acting, member, superuser
from tests.operations.signing_in import signed_in

pytestmark = pytest.mark.usefixtures("portal")

REACHING_OUT = [a for a in Action if TABLE[a].get(Role.ACCOUNT_ADMIN) is Reach.ALONE]
STAYING_IN = [a for a in Action if TABLE[a].get(Role.ACCOUNT_ADMIN) is Reach.ORGANISATION]


def touch(who: Administrator, action: Action, account: object) -> None:
    with authority.acting(who, action):
        authority.touch(who, action, account.id)  # type: ignore[attr-defined]


def test_the_table_has_a_row_for_each_action_and_superusers_may_do_all() -> None:
    assert set(TABLE) == set(Action)
    assert all(row[Role.SUPERUSER] is Reach.PORTAL for row in TABLE.values())


def test_nobody_but_administrators_is_in_the_table() -> None:
    assert {role for row in TABLE.values() for role in row} == {Role.SUPERUSER, Role.ACCOUNT_ADMIN}


@pytest.mark.parametrize("role", [Role.TEACHER, Role.STUDENT])
def test_teachers_and_students_have_no_administrators_seat(role: Role) -> None:
    place = factories.organisation()
    session = signed_in(member(role, place)).session

    for at in (None, place.id):
        with pytest.raises(NotFound):
            authority.administrator(session, at)


def test_a_seat_at_one_organisation_is_none_at_another_nor_the_portals() -> None:
    x, y = factories.organisation(), factories.organisation()
    session = signed_in(member(Role.ACCOUNT_ADMIN, x)).session

    assert authority.administrator(session, x.id).organisation_id == x.id
    for at in (None, y.id):
        with pytest.raises(NotFound):
            authority.administrator(session, at)


def test_a_superuser_has_no_seat_at_an_organisation() -> None:
    place = factories.organisation()
    session = signed_in(member(Role.SUPERUSER)).session

    assert authority.administrator(session, None).of_portal
    with pytest.raises(NotFound):
        authority.administrator(session, place.id)


@pytest.mark.parametrize("action", [*Action])
def test_somebody_of_another_organisation_is_not_there(action: Action) -> None:
    who = account_admin(factories.organisation())
    other = member(Role.STUDENT)

    with pytest.raises(NotFound):
        touch(who, action, other)


@pytest.mark.parametrize("action", REACHING_OUT)
def test_what_touches_the_whole_account_asks_that_it_belongs_here_alone(action: Action) -> None:
    place = factories.organisation()
    who, only, also = account_admin(place), member(Role.TEACHER, place), member(Role.TEACHER, place)
    factories.membership(also)

    touch(who, action, only)
    with pytest.raises(OutOfReach):
        touch(who, action, also)


@pytest.mark.parametrize("action", STAYING_IN)
def test_what_belongs_here_may_be_touched_of_those_who_belong_elsewhere_too(
    action: Action,
) -> None:
    place = factories.organisation()
    who, also = account_admin(place), member(Role.TEACHER, place)
    factories.membership(also)

    touch(who, action, also)


@pytest.mark.parametrize("action", [*REACHING_OUT, *STAYING_IN])
def test_nobody_touches_a_superuser_from_an_organisation(action: Action) -> None:
    place = factories.organisation()
    who, above = account_admin(place), member(Role.TEACHER, place)
    factories.membership(above, role=Role.SUPERUSER)

    with pytest.raises(OutOfReach):
        touch(who, action, above)


def test_an_account_administrator_may_touch_another() -> None:
    place = factories.organisation()

    touch(account_admin(place), Action.SUSPEND, member(Role.ACCOUNT_ADMIN, place))


@pytest.mark.parametrize("action", [*Action])
def test_a_superuser_touches_everybody(action: Action) -> None:
    who = superuser()

    for other in (member(Role.SUPERUSER), member(Role.STUDENT), factories.account()):
        touch(who, action, other)


def test_roles_are_granted_up_to_ones_own() -> None:
    above = {role for role in Role if not authority.may_grant(superuser(), role)}
    here = account_admin(factories.organisation())

    assert above == set()
    assert {role for role in Role if not authority.may_grant(here, role)} == {Role.SUPERUSER}


@pytest.mark.parametrize("action", [*Action])
def test_every_act_asks_for_a_fresh_proof(action: Action, clock: Clock) -> None:
    who, other = superuser(), member(Role.STUDENT)
    clock.advance(sessions.STEP_UP)

    with pytest.raises(ProofRequired):
        touch(who, action, other)


def test_a_seat_that_was_taken_away_meanwhile_touches_nobody() -> None:
    place = factories.organisation()
    chief = member(Role.ACCOUNT_ADMIN, place)
    factories.membership(chief, factories.organisation())
    who, other = acting(chief, place), member(Role.STUDENT, place)
    [membership] = [s.membership for s in sessions.seats_of(who.session)]
    membership.role = Role.TEACHER
    factories.saved(membership)

    with pytest.raises(NotFound):
        touch(who, Action.SUSPEND, other)
