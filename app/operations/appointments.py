"""Giving and taking roles, in the caller's transaction."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError

from app import db
from app.errors import AlreadyExists, NotFound
from app.models import Account, Membership, Organisation, Password, Role
from app.operations import withdrawal


def appoint(
    account: Account, organisation: Organisation | None, role: Role, hashed: str | None = None
) -> Membership:
    """Give an account a role; what is open and no longer meets what its places ask, ends.

    `hashed` is of a password that is good at the organisation only, from now on the only one.
    Raises NotFound for a role that does not exist there.
    """
    if (role is Role.SUPERUSER) != (organisation is None):
        raise NotFound
    membership = Membership(account=account, organisation=organisation, role=role)
    db.session().add(membership)
    db.session().flush()
    if organisation is not None:
        _settle(membership, organisation, hashed)
    return membership


def dismiss(membership: Membership) -> None:
    """Take a role away, its seats with it.

    With the last role at an organisation goes the account's own password there.
    """
    account_id, organisation_id = membership.account_id, membership.organisation_id
    withdrawal.seats_of(membership)
    db.session().delete(membership)
    db.session().flush()
    if organisation_id is not None and not _belongs(account_id, organisation_id):
        withdrawal.own_password(account_id, organisation_id)


@contextmanager
def nothing_twice() -> Iterator[None]:
    """Say what the database's unique keys mean; they decide where two come at once."""
    try:
        yield
    except IntegrityError as error:
        raise AlreadyExists from error


def _settle(membership: Membership, organisation: Organisation, hashed: str | None) -> None:
    """Make what is open agree with a membership that is new."""
    if hashed is not None:
        account_id = membership.account_id
        withdrawal.seats_of_account_at(account_id, organisation.id)
        own = Password(account_id=account_id, organisation_id=organisation.id, hash=hashed)
        db.session().add(own)
    if organisation.suspended_at is None:
        withdrawal.what_no_longer_meets(organisation, Membership.id == membership.id)


def _belongs(account_id: uuid.UUID, organisation_id: uuid.UUID) -> bool:
    roles = exists().where(
        Membership.account_id == account_id, Membership.organisation_id == organisation_id
    )
    return bool(db.session().scalar(select(roles)))
