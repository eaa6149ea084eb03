"""Accepting an invitation, with an account that is there or with a new one.

Whoever has the mail's link has the address, and nothing more: accepting opens no session. Whether
an invitation still holds is decided when its page is shown, and again when it is accepted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import ColumnElement, and_, exists, select, update
from sqlalchemy.exc import IntegrityError

from app import db
from app.clock import now
from app.errors import AccountSuspended, AlreadyExists, NotActivated, TicketRefused
from app.models import Account, Invitation, Membership
from app.operations import (
    accounts,
    appointments,
    audit,
    authority,
    handing_over,
    invitation_list,
    names,
    new_passwords,
    removal,
)
from app.operations.visitor import Visitor
from app.security import hash_gate, passwords
from app.security.tokens import digest

T = TypeVar("T")


@dataclass(frozen=True)
class Invited:
    """An invitation that holds: who sent it, and the account that its address has.

    One whose owner wanted it gone by now is none.
    """

    invitation: Invitation
    sender: Account
    account: Account | None

    @property
    def makes_account(self) -> bool:
        """Tell whether it asks for a name and a password: no account there is in use."""
        return self.account is None or not _in_use(self.account)

    @property
    def minimum(self) -> int:
        """Return how many characters a new password needs there."""
        return new_passwords.minimum_for(self.account, joining=self.invitation.organisation)


def found(secret: str) -> Invited:
    """Return the invitation behind `secret`, or raise TicketRefused. Changes nothing.

    Spent, expired, withdrawn, or not backed any more: which of them it is, nobody is told.
    """
    invitation = db.session().scalar(select(Invitation).where(_live(secret)))
    if invitation is None:
        raise TicketRefused
    account = _account_of(invitation)
    over = account is not None and _is_over(account)
    return Invited(invitation, _require_backing(invitation), None if over else account)


def accept_existing(secret: str, visitor: Visitor) -> Invitation:
    """Make the account of the invited address a member, and return the invitation.

    What the account has open stays, but for what meets the organisation's rules no longer. Raises
    TicketRefused, AccountSuspended, and NotActivated where `accept_new` is the way.
    """
    return _twice(lambda: _accept_existing(secret, visitor))


def accept_new(secret: str, name: str, password: str, visitor: Visitor) -> Invitation:
    """Make an account for the invited address, and make it a member; return the invitation.

    An account that was never activated is handed over: somebody else may have registered it. A
    password that came along with the invitation from another system is as good as a new one, for
    whoever knows it.
    Raises TicketRefused, PasswordRefused, Busy, AccountSuspended, and AlreadyExists where
    `accept_existing` is the way.
    """
    invited, wanted = found(secret), names.plain(name)
    _require_never_activated(invited.account)
    if not _is_brought_along(password, invited.invitation, visitor):
        words = [invited.invitation.email, wanted, invited.invitation.organisation.name]
        new_passwords.require(password, invited.minimum, words)
    hash_ = new_passwords.hashed(password, visitor.network)
    _make_room(secret)
    return _twice(lambda: _accept_new(secret, wanted, hash_, visitor))


def _is_brought_along(password: str, invitation: Invitation, visitor: Visitor) -> bool:
    """Tell whether it is the password that somebody had before; compared behind the gate."""
    kept = invitation.password_hash
    if kept is None or passwords.too_long(password):
        return False
    with hash_gate.gate().turn(visitor.network) as turn:
        return turn.run(passwords.matches, password, kept)


def _accept_existing(secret: str, visitor: Visitor) -> Invitation:
    with db.transaction():
        invitation = _spend(secret)
        account = accounts.hold(Account.email_key == invitation.email_key)
        if account is None or _is_over(account) or not _in_use(account):
            raise NotActivated
        _require_open(account)
        _join(invitation, account, visitor, "in_use")
    return invitation


def _accept_new(secret: str, name: str, hash_: str, visitor: Visitor) -> Invitation:
    with db.transaction() as session:
        invitation = _spend(secret)
        account = accounts.hold(Account.email_key == invitation.email_key)
        _require_never_activated(account)
        before = "none" if account is None else "never_activated"
        account = account or Account(email_key=invitation.email_key)
        account.email, account.name, account.activated_at = invitation.email, name, now()
        session.add(account)
        session.flush()
        if before != "none":
            handing_over.hand_over(account)
        new_passwords.keep(account, hash_)
        _join(invitation, account, visitor, before)
    return invitation


def _make_room(secret: str) -> None:
    """Remove an account whose owner wanted it gone by now, if that is what has the address."""
    account = _account_of(found(secret).invitation)
    if account is not None and _is_over(account):
        removal.remove_due(account.id)


def _twice(act: Callable[[], T]) -> T:
    """Do it, and once more where somebody was quicker to make what it makes: now it is there."""
    try:
        return act()
    except IntegrityError:
        return act()


def _live(secret: str) -> ColumnElement[bool]:
    row = Invitation
    return and_(row.digest == digest(secret), invitation_list.not_settled(), row.expires_at > now())


def _spend(secret: str) -> Invitation:
    """Use the invitation up in the caller's transaction, or raise TicketRefused."""
    settled = {"accepted_at": now(), "password_hash": None}
    spent = update(Invitation).where(_live(secret)).values(settled)
    which = db.session().scalar(spent.returning(Invitation.id))
    if which is None:
        raise TicketRefused
    invitation = db.session().get_one(Invitation, which, populate_existing=True)
    _require_backing(invitation)
    return invitation


def _require_backing(invitation: Invitation) -> Account:
    """Return whoever stands behind an invitation that holds; else raise TicketRefused."""
    sender, place = invitation.invited_by, invitation.organisation
    if sender is None or place.suspended_at is not None:
        raise TicketRefused
    if not authority.granting_today(place.id, invitation.role, {sender.id}):
        raise TicketRefused
    return sender


def _account_of(invitation: Invitation) -> Account | None:
    named = Account.email_key == invitation.email_key
    return db.session().scalar(select(Account).where(named))


def _in_use(account: Account) -> bool:
    """Tell whether an account is somebody's: suspended ones are not to be made anew."""
    return account.activated_at is not None or account.suspended_at is not None


def _is_over(account: Account) -> bool:
    """Tell whether an account's owner wanted it gone by now, purged or not."""
    return account.removal_due_at is not None and account.removal_due_at <= now()


def _require_never_activated(account: Account | None) -> None:
    if account is not None:
        _require_open(account)
        if account.activated_at is not None:
            raise AlreadyExists


def _require_open(account: Account) -> None:
    if account.suspended_at is not None:
        raise AccountSuspended


def _join(invitation: Invitation, account: Account, visitor: Visitor, before: str) -> None:
    """Give the role, unless somebody gave it meanwhile."""
    place, role = invitation.organisation, invitation.role
    invitation.accepted_by_id = account.id
    if not _has_role(account, invitation):
        appointments.appoint(account, place, role)
    audit.record(
        "invitation_accepted",
        visitor,
        account_id=account.id,
        by=account.id,
        organisation_id=place.id,
        role=role.value,
        invitation=str(invitation.id),
        before=before,
    )


def _has_role(account: Account, invitation: Invitation) -> bool:
    here = exists().where(
        Membership.account_id == account.id,
        Membership.organisation_id == invitation.organisation_id,
        Membership.role == invitation.role,
    )
    return bool(db.session().scalar(select(here)))
