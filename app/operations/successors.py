"""Leaving nobody behind whom no one administers.

The portal keeps a superuser, and each organisation that has an account administrator keeps one, as
long as people may still sign in as such: activated, not suspended, and not about to be removed.
"""

import uuid

from sqlalchemy import and_, or_, select

from app import db
from app.errors import LastAdministrator, LastSuperuser
from app.models import Account, Membership, Role

OFFICES = (Role.SUPERUSER, Role.ACCOUNT_ADMIN)
Office = tuple[Role, uuid.UUID | None]  # and the organisation, where it is one's


def require(account_id: uuid.UUID) -> None:
    """Raise LastSuperuser or LastAdministrator where nobody would take this account's place.

    In the caller's transaction, and before the account is changed: the rows of all who share an
    office are held until it ends, so that two who leave at once do not each count on the other.
    """
    offices = _offices_of(account_id)
    if not offices:
        return
    left = _left_without(account_id, _held(offices))
    for role, place in offices:
        if (role, place) not in left:
            raise LastSuperuser if role is Role.SUPERUSER else LastAdministrator


def _offices_of(account_id: uuid.UUID) -> list[Office]:
    """Return what an account administers, the portal first."""
    theirs = Membership.account_id == account_id, Membership.role.in_(OFFICES)
    found = db.session().execute(select(Membership.role, Membership.organisation_id).where(*theirs))
    return sorted(((role, place) for role, place in found), key=lambda each: each[1] is not None)


def _held(offices: list[Office]) -> list[uuid.UUID]:
    """Hold the memberships of everybody in these offices, always in the same order."""
    places = [place for _, place in offices if place is not None]
    administers = Membership.role == Role.ACCOUNT_ADMIN, Membership.organisation_id.in_(places)
    shared = and_(*administers)
    if any(role is Role.SUPERUSER for role, _ in offices):
        shared = or_(shared, Membership.role == Role.SUPERUSER)
    all_of_them = select(Membership.id).where(shared).order_by(Membership.id).with_for_update()
    return list(db.session().scalars(all_of_them))


def _left_without(account_id: uuid.UUID, held: list[uuid.UUID]) -> set[Office]:
    """Return the offices that others of the held memberships keep: asked once all are held."""
    staying = (
        select(Membership.role, Membership.organisation_id)
        .join(Account)
        .where(Membership.id.in_(held), Membership.account_id != account_id)
        .where(Account.activated_at.is_not(None), Account.suspended_at.is_(None))
        .where(Account.removal_due_at.is_(None))
    )
    return {(role, place) for role, place in db.session().execute(staying)}
