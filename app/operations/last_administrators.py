"""Keeping somebody who can administer: the portal, and each organisation that is open."""

import uuid
from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, literal, or_, select

from app import db
from app.errors import LastAdministrator, LastSuperuser, Refusal
from app.models import Account, Membership, Organisation, Role
from app.operations import kept_elsewhere


def keep_one_besides(account_id: uuid.UUID) -> None:
    """Raise LastSuperuser or LastAdministrator where nobody else could do what this account can.

    For whatever takes a whole account away: suspending and removing it. A suspended organisation
    may lose its last account administrator; superusers see to it.
    """
    _keep(account_id, or_(_of_portal_if_theirs(account_id), _of_places_administered_by(account_id)))


def keep_another(role: Role, organisation_id: uuid.UUID | None, account_id: uuid.UUID) -> None:
    """Raise LastSuperuser or LastAdministrator where nobody else has this role there.

    For taking one role away; one that administers nothing may always go.
    """
    if role is Role.SUPERUSER:
        keep_another_superuser(account_id)
    elif role is Role.ACCOUNT_ADMIN and organisation_id is not None:
        keep_another_at(organisation_id, account_id)


def keep_another_superuser(account_id: uuid.UUID) -> None:
    """Raise LastSuperuser where no account but this one is a superuser who may sign in."""
    _keep(account_id, _of_portal())


def keep_another_at(organisation_id: uuid.UUID, account_id: uuid.UUID) -> None:
    """Raise LastAdministrator where nobody else administers an organisation that is open."""
    _keep(account_id, and_(_administers(), Membership.organisation_id == organisation_id))


def needed(account_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, type[Refusal]]:
    """Return who of these could not go together, and why: nothing is held, so it may change."""
    some = (_of_portal(), _of_places_administered_by(*account_ids))
    found: dict[uuid.UUID, type[Refusal]] = {}
    for place, who in _counting(or_(*some), account_ids).items():
        if who and who <= set(account_ids):
            found |= dict.fromkeys(who, _refusal(place))
    return found


def _keep(account_id: uuid.UUID, guarded: ColumnElement[bool]) -> None:
    """Hold everybody who counts, in one order, so that two who go do not count on each other.

    Their accounts are held too: suspending changes those, and no membership. Ask this first in a
    unit of work, before any other account is held.
    """
    for place, who in _counting(guarded, [account_id], held=True).items():
        if who == {account_id}:
            raise _refusal(place)


def _refusal(place: uuid.UUID | None) -> type[Refusal]:
    return LastSuperuser if place is None else LastAdministrator


def _counting(
    guarded: ColumnElement[bool], leaving: Collection[uuid.UUID], *, held: bool = False
) -> dict[uuid.UUID | None, set[uuid.UUID]]:
    """Return who administers each open place and may sign in.

    Whoever is about to be removed counts no more, unless it is they who are asked about.
    """
    rows = (
        select(Membership.organisation_id, Membership.account_id)
        .join(Account, Membership.account_id == Account.id)
        .outerjoin(Organisation, Membership.organisation_id == Organisation.id)
        .where(guarded, Organisation.suspended_at.is_(None))
        .where(Account.activated_at.is_not(None), Account.suspended_at.is_(None))
        .where(or_(Account.removal_due_at.is_(None), Account.id.in_(leaving)))
        .where(~kept_elsewhere.nobody_signs_in())
        .order_by(Account.id, Membership.id)
    )
    if held:
        rows = rows.with_for_update(of=[Membership, Account], key_share=True)
    counting: dict[uuid.UUID | None, set[uuid.UUID]] = {}
    for place, who in db.session().execute(rows):
        counting.setdefault(place, set()).add(who)
    return counting


def _of_portal() -> ColumnElement[bool]:
    return Membership.role == Role.SUPERUSER


def _administers() -> ColumnElement[bool]:
    return Membership.role == Role.ACCOUNT_ADMIN


def _of_places_administered_by(*account_ids: uuid.UUID) -> ColumnElement[bool]:
    theirs = select(Membership.organisation_id).where(
        Membership.account_id.in_(account_ids), _administers()
    )
    return and_(_administers(), Membership.organisation_id.in_(theirs))


def _of_portal_if_theirs(account_id: uuid.UUID) -> ColumnElement[bool]:
    """Leave superusers alone where it is about somebody who is none: most people are not."""
    theirs = select(Membership.account_id).where(_of_portal())
    return and_(_of_portal(), literal(account_id).in_(theirs))
