"""Two that take each other away at once: somebody stays."""

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app import db
from app.clock import now
from app.errors import LastAdministrator, LastSuperuser, NotFound, Refusal
from app.models import Account, DirectoryEntry, Membership, Organisation, Role
from app.operations import (
    account_acts,
    authority,
    last_administrators,
    membership_acts,
    memberships,
    removal,
)
from app.operations.rights import Action
from tests import factories
from tests.factories import VISITOR
from tests.operations.administrators import acting, again, member, superuser
from tests.operations.signing_in import signed_in
from tests.operations.test_races import WON, at_once

pytestmark = pytest.mark.usefixtures("portal")

ADMIN, SUPERUSER = Role.ACCOUNT_ADMIN, Role.SUPERUSER


def left(role: Role, at: Organisation | None = None) -> int:
    """Count who may act in a role."""
    db.session().rollback()
    place = at.id if at else None
    here = (Membership.role == role, Membership.organisation_id.is_not_distinct_from(place))
    live = Account.suspended_at.is_(None), Account.activated_at.is_not(None)
    rows = select(func.count()).select_from(Membership).join(Account).where(*here, *live)
    return db.session().scalar(rows) or 0


def pair(role: Role, at: Organisation | None = None) -> list[Account]:
    return [member(role, at), member(role, at)]


def suspend(portal: Flask, people: list[Account], at: Organisation | None) -> dict[str, int]:
    """Let each suspend the next at once."""
    seats = [acting(who, at) for who in people]
    ids = [who.id for who in people]

    def one(number: int) -> None:
        target = ids[(number + 1) % len(ids)]
        account_acts.do(again(seats[number]), Action.SUSPEND, target, VISITOR)

    return at_once(portal, one, times=len(people))


def demote(portal: Flask, people: list[Account], at: Organisation | None) -> dict[str, int]:
    """Let each take the next one's role at once."""
    seats = [acting(who, at) for who in people]
    roles = [
        next(m for m in memberships.of(who.id) if m.role in {ADMIN, SUPERUSER}) for who in people
    ]
    targets = [(role.account_id, role.id) for role in roles]

    def one(number: int) -> None:
        account_id, membership_id = targets[(number + 1) % len(targets)]
        membership_acts.remove(again(seats[number]), account_id, membership_id, VISITOR)

    return at_once(portal, one, times=len(people))


@pytest.mark.parametrize("act", [suspend, demote])
@pytest.mark.parametrize("role", [ADMIN, SUPERUSER])
def test_of_two_that_take_each_other_away_one_stays(
    portal: Flask, act: Callable[..., dict[str, int]], role: Role
) -> None:
    place = factories.organisation() if role is ADMIN else None
    people = pair(role, place)

    ended = act(portal, people, place)

    assert ended[WON] == 1
    assert left(role, place) == 1
    assert set(ended) <= {
        WON,
        LastSuperuser.reason,
        LastAdministrator.reason,
        NotFound.reason,
        "ticket_refused",
    }


@pytest.fixture
def met(portal: Flask, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 (it comes first)
    """Let two acts go on together once both have begun, and found their seats held.

    On SQLite the second begins when the first is done: there nothing waits.
    """
    if db.db.engine.dialect.name == "sqlite":
        return
    barrier = threading.Barrier(2)
    count = last_administrators._counting

    def together(*about: Any, **how: Any) -> Any:
        barrier.wait(60)
        return count(*about, **how)

    monkeypatch.setattr(last_administrators, "_counting", together)


@pytest.mark.usefixtures("met")
def test_two_superusers_who_suspend_both_administrators_leave_one(portal: Flask) -> None:
    place = factories.organisation()
    ids = [who.id for who in pair(ADMIN, place)]
    seats = [superuser(), superuser()]

    ended = at_once(
        portal,
        lambda n: account_acts.do(again(seats[n]), Action.SUSPEND, ids[n], VISITOR),
        times=2,
    )

    assert ended == {WON: 1, LastAdministrator.reason: 1}
    assert left(ADMIN, place) == 1


@pytest.mark.usefixtures("met")
def test_who_loses_the_seat_while_waiting_does_not_act_from_it(portal: Flask) -> None:
    place = factories.organisation()
    people = pair(ADMIN, place)
    member(ADMIN, place)

    ended = demote(portal, people, place)

    assert ended == {WON: 1, NotFound.reason: 1}
    assert left(ADMIN, place) == 2


@pytest.mark.parametrize("role", [ADMIN, SUPERUSER])
def test_of_ten_in_a_ring_who_suspend_the_next_somebody_stays(portal: Flask, role: Role) -> None:
    place = factories.organisation() if role is ADMIN else None

    suspend(portal, [member(role, place) for _ in range(10)], place)

    assert left(role, place) >= 1


def test_the_one_leaves_while_the_other_is_suspended(portal: Flask) -> None:
    place = factories.organisation()
    goes, stays = pair(ADMIN, place)
    leaver, stays_id = acting(goes, place), stays.id

    def one(number: int) -> None:
        if number:
            removal.remove(again(leaver).session, VISITOR)
        else:
            account_acts.do(again(leaver), Action.SUSPEND, stays_id, VISITOR)

    ended = at_once(portal, one, times=2)

    assert ended[WON] == 1
    assert left(ADMIN, place) == 1


def test_an_organisations_last_administrator_does_not_remove_the_account_either() -> None:
    place = factories.organisation()
    only = member(ADMIN, place)
    session = signed_in(only).session

    with pytest.raises(LastAdministrator):
        removal.remove(session, VISITOR)

    member(ADMIN, place)
    removal.remove(session, VISITOR)
    assert left(ADMIN, place) == 1


def test_who_could_not_go_together_is_told_beforehand() -> None:
    x, y = factories.organisation(), factories.organisation()
    one, other, third = member(ADMIN, x), member(ADMIN, x), member(ADMIN, y)
    supers = pair(SUPERUSER)
    pupil = member(Role.STUDENT, x)

    def needed(*who: Account) -> dict[uuid.UUID, type[Refusal]]:
        return last_administrators.needed([each.id for each in who])

    assert needed(one, pupil, supers[0]) == {}
    assert needed(one, other) == dict.fromkeys([one.id, other.id], LastAdministrator)
    assert needed(third) == {third.id: LastAdministrator}
    assert set(needed(*supers)) == {each.id for each in supers}
    db.session().execute(update(Organisation).values(suspended_at=Organisation.created_at))
    db.session().commit()
    assert needed(one, other, third) == {}


@pytest.mark.parametrize(
    ("role", "error"), [(SUPERUSER, LastSuperuser), (ADMIN, LastAdministrator)]
)
def test_whoever_the_directory_has_no_more_does_not_count(
    role: Role, error: type[Refusal], asks_directory: Callable[..., None]
) -> None:
    place = factories.organisation() if role is ADMIN else None
    who, other = pair(role, place)
    entry = factories.saved(DirectoryEntry(account_id=other.id, key="ab"))
    asks_directory()
    there = set(authority.granting_today(factories.organisation().id, Role.STUDENT, {other.id}))
    entry.gone_at = now()
    db.session().commit()

    with pytest.raises(error), db.transaction():
        last_administrators.keep_one_besides(who.id)
    with db.transaction():
        last_administrators.keep_one_besides(other.id)
    assert there == ({other.id} if role is SUPERUSER else set())
    assert not authority.granting_today(factories.organisation().id, Role.STUDENT, {other.id})


def test_nor_does_whoever_only_a_directory_knows_that_is_not_set_up() -> None:
    who, other = pair(SUPERUSER)
    factories.saved(DirectoryEntry(account_id=other.id, key="ab"))

    with pytest.raises(LastSuperuser), db.transaction():
        last_administrators.keep_one_besides(who.id)
