"""Preparing an account for somebody, who activates it by mail and chooses a password then."""

import uuid
from dataclasses import dataclass

from app import db
from app.errors import ResendTooSoon
from app.models import Account, ActivationTicket, Role
from app.operations import administration, appointments, audit, authority, membership_acts, tickets
from app.operations.account_acts import MAIL_AGAIN_AFTER_S
from app.operations.administration import NewAccount
from app.operations.authority import Administrator
from app.operations.rights import Action
from app.operations.visitor import Visitor


@dataclass(frozen=True)
class Newcomer:
    """Who is to have an account, and the role to begin with, if any."""

    email: str
    name: str = ""
    username: str | None = None
    role: Role | None = None
    organisation_id: uuid.UUID | None = None


def create(administrator: Administrator, newcomer: Newcomer, visitor: Visitor) -> Account:
    """Add an account without a password, give it its role, and mail its activation.

    No administrator ever chooses or sees a password. Raises ProofRequired, NotFound, OutOfReach,
    InvalidAddress, InvalidUsername, ResendTooSoon, and AlreadyExists.
    """
    new = NewAccount(newcomer.email, newcomer.username, newcomer.name, activated=False)
    account = administration.prepared(new)
    with appointments.nothing_twice(), authority.acting(administrator, Action.CREATE_ACCOUNT):
        db.session().add(account)
        db.session().flush()
        if newcomer.role is not None:
            _appoint(administrator, account, newcomer)
        if not tickets.mail(ActivationTicket, account):
            raise ResendTooSoon(MAIL_AGAIN_AFTER_S)
        by, role = administrator.account_id, newcomer.role
        audit.record(
            "account_created",
            visitor,
            account_id=account.id,
            by=by,
            organisation_id=newcomer.organisation_id,
            role=role.value if role else None,
        )
    return account


def _appoint(administrator: Administrator, account: Account, newcomer: Newcomer) -> None:
    role = newcomer.role or Role.STUDENT
    place = membership_acts.organisation_for(administrator, role, newcomer.organisation_id)
    appointments.appoint(account, place, role)
