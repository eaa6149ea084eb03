"""Who looks after an organisation, and how many have a password of its own."""

import uuid

from sqlalchemy import func, select

from app import db
from app.models import Account, Membership, Password, Role
from app.operations import authority
from app.operations.authority import Administrator
from app.operations.rights import Action

MOST = 20  # account administrators that are named; the people's list has them all


def account_admins(administrator: Administrator, organisation_id: uuid.UUID) -> list[Account]:
    """Return an organisation's account administrators by name, the first of them; raise NotFound.

    One more than MOST says that there are more.
    """
    authority.require(administrator, Action.SEE_ACCOUNTS)
    place = authority.organisation(administrator, organisation_id)
    theirs = (
        select(Account)
        .join(Membership)
        .where(Membership.organisation_id == place.id, Membership.role == Role.ACCOUNT_ADMIN)
        .order_by(Account.name_key, Account.id)
        .limit(MOST + 1)
    )
    return list(db.session().scalars(theirs))


def own_passwords(administrator: Administrator, organisation_id: uuid.UUID) -> int:
    """Return how many have a password that is good at an organisation only; raise NotFound."""
    authority.require(administrator, Action.SEE_ACCOUNTS)
    place = authority.organisation(administrator, organisation_id)
    counted = select(func.count()).select_from(Password)
    return db.session().scalar(counted.where(Password.organisation_id == place.id)) or 0
