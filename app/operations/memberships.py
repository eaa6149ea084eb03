"""Who belongs where."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app import db
from app.models import Account, Membership, Organisation, Role


def of(account_id: uuid.UUID) -> list[Membership]:
    """Return an account's memberships, by organisation's name and role; superuser first."""
    mine = (
        select(Membership)
        .outerjoin(Organisation, Membership.organisation_id == Organisation.id)
        .where(Membership.account_id == account_id)
        .order_by(Organisation.name.nulls_first(), Membership.role, Membership.id)
    )
    return list(db.session().scalars(mine))


def administrators_of(organisation: Organisation) -> list[Account]:
    """Return who administers an organisation, by name."""
    appointed = (
        select(Membership)
        .where(Membership.organisation_id == organisation.id, Membership.role == Role.ACCOUNT_ADMIN)
        .join(Account)
        .order_by(Account.name, Account.id)
        .options(joinedload(Membership.account))
    )
    return [membership.account for membership in db.session().scalars(appointed)]
