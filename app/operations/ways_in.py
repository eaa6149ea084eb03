"""What a proven password opens: a verdict on each way in."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app import db
from app.clock import now
from app.errors import NoWayIn, Refusal, TicketRefused, WrongPassword
from app.models import (
    Account,
    Demand,
    Factor,
    Interface,
    Membership,
    Password,
    PendingSignIn,
    Session,
    Verification,
)
from app.operations import accounts, factors, memberships, obstacles
from app.operations.password_try import StoredPassword
from app.operations.visitor import Visitor
from app.security.tokens import derived_letters, derived_uuid, digest, keyed_digest, new_secret


@dataclass(frozen=True)
class Offer:
    """A way in that the password opens. `membership` is None for the account as a whole."""

    handle: str
    membership: Membership | None
    factor: Factor


@dataclass(frozen=True)
class RefusedWay:
    """A way in that stays shut, and why."""

    membership: Membership
    refusal: Refusal


@dataclass(frozen=True)
class Verified:
    """A proven password: every way in with its verdict. `secret` finds it again."""

    secret: str
    account: Account
    offers: list[Offer]
    refused: list[RefusedWay]


@dataclass(frozen=True)
class Opened:
    """A verification with its secret, which no row keeps."""

    secret: str
    row: Verification


PasswordOf = Callable[[Membership | None], StoredPassword | None]


def require_way(membership: Membership, *, opens: bool, locked_until: datetime | None) -> None:
    """Raise why a membership is shut to whoever proved a password; `opens`: the one good there."""
    _raise_first(obstacles.of_membership(membership, opens=opens, locked_until=locked_until))


def open_up(
    opened: Opened,
    ours: Iterable[Membership],
    matched: PasswordOf,
    locked: dict[uuid.UUID, datetime],
) -> tuple[list[PendingSignIn], list[RefusedWay]]:
    """Decide on each membership; return a pending sign-in for each that opens, and the rest."""
    held, pending, refused = factors.of(opened.row.account), [], []
    for membership in ours:
        row = matched(membership)
        until = locked.get(membership.id)
        try:
            require_way(membership, opens=row is not None, locked_until=until)
        except Refusal as refusal:
            refused.append(RefusedWay(membership, refusal))
        else:
            factor = factors.due(held, membership.demand, opened.row.interface)
            pending.append(pend(opened, membership, row, factor))
    return pending, refused


def pend(
    opened: Opened,
    membership: Membership | None,
    row: StoredPassword | Password | None,
    factor: Factor,
) -> PendingSignIn:
    """Return the row of one way in that the password in `row` opens."""
    if row is None:
        raise WrongPassword
    pending = _pending(opened, membership, factor)
    pending.password_id, pending.password_changed_at = row.id, row.changed_at
    return pending


def pend_by_passkey(opened: Opened, membership: Membership | None) -> PendingSignIn:
    """Return the row of one way in that a passkey opens: it stands for password and factor."""
    return _pending(opened, membership, Factor.NONE)


def _pending(opened: Opened, membership: Membership | None, factor: Factor) -> PendingSignIn:
    identifier = uuid.uuid4()
    return PendingSignIn(
        id=identifier,
        digest=digest(handle_of(opened.secret, identifier, opened.row.interface)),
        verification=opened.row,
        membership=membership,
        factor=factor,
    )


def start(account: Account, visitor: Visitor, session: Session | None = None) -> Opened:
    """Return a new verification, for the caller to complete and add to its transaction.

    Raises TicketRefused for the session of an administrator who looks as the account: it gains
    nothing by any proof.
    """
    if session is not None and session.impersonation_id is not None:
        raise TicketRefused
    secret = new_secret()
    row = Verification(
        id=uuid.uuid4(),
        digest=digest(secret),
        account=account,
        session_id=session.id if session else None,
        interface=visitor.interface,
        network=visitor.network,
        expires_at=now() + Verification.LIFETIME,
    )
    return Opened(secret, row)


def handle_of(secret: str, pending_id: uuid.UUID, interface: Interface) -> str:
    """Return the handle of one pending sign-in, in the form that its interface's tokens have.

    It is derived from the verification's secret, so that a page can be shown again although only
    digests are kept.
    """
    if interface is Interface.INTEDASHBOARD:
        return derived_letters(secret, "handle", str(pending_id))
    if interface in {Interface.HASURA_BACKEND_PLUS, Interface.BEARER_TOKEN}:
        return derived_uuid(secret, "handle", str(pending_id))
    return keyed_digest(secret.encode(), "handle", str(pending_id))


def offer(secret: str, pending: PendingSignIn) -> Offer:
    """Return a pending sign-in as what its verification's holder is offered."""
    handle = handle_of(secret, pending.id, pending.verification.interface)
    return Offer(handle, pending.membership, pending.factor)


def find_verification(secret: str) -> Verification:
    """Return the live verification behind `secret`, or raise TicketRefused."""
    live = select(Verification).where(
        Verification.digest == digest(secret), Verification.expires_at > now()
    )
    found = db.session().scalar(live)
    if found is None:
        raise TicketRefused
    return found


def find_pending(handle: str) -> PendingSignIn:
    """Return the pending sign-in behind `handle`, decided anew, or raise TicketRefused.

    What was decided when the password was proven is decided again at each step: a role removed,
    an organisation suspended, a password changed, a factor demanded meanwhile counts.
    """
    pending = db.session().scalar(
        select(PendingSignIn)
        .join(Verification)
        .where(PendingSignIn.digest == digest(handle), Verification.expires_at > now())
    )
    if pending is None:
        raise TicketRefused
    return decided_again(pending)


def held(handle: str) -> PendingSignIn:
    """Return what `find_pending` does, its account held until the transaction ends.

    Whoever finishes a sign-in, and whoever ends all of them, take turns: they meet at many rows.
    """
    mine = PendingSignIn.digest == digest(handle)
    whose = select(Verification.account_id).join(PendingSignIn).where(mine)
    accounts.hold(Account.id == whose.scalar_subquery())
    return find_pending(handle)


def decided_again(pending: PendingSignIn) -> PendingSignIn:
    """Return `pending` with the factor that is due now, or raise TicketRefused."""
    try:
        pending.factor = _decide_again(pending)
    except Refusal as refusal:
        raise TicketRefused from refusal
    return pending


def require_open(account: Account, *, password_matched: bool) -> None:
    """Raise AccountSuspended or NotActivated where the account as such is shut.

    One whose owner wanted it removed is UnknownAccount once the week is over, purged or not.
    """
    _raise_first(obstacles.of_account(account, password_matched=password_matched))


def applicable_password(account_id: uuid.UUID, membership: Membership | None) -> Password | None:
    """Return the only password that is good for a membership, or for the account as a whole."""
    return good_password(passwords_of(account_id), membership)


def passwords_of(account_id: uuid.UUID) -> list[Password]:
    """Return all of an account's passwords, the one of its own and those of organisations."""
    return list(db.session().scalars(select(Password).where(Password.account_id == account_id)))


def good_password(rows: Iterable[Password], membership: Membership | None) -> Password | None:
    """Return which of an account's passwords is good for a membership, or for it as a whole."""
    by_place = {row.organisation_id: row for row in rows}
    place = membership.organisation_id if membership else None
    return by_place.get(place) or by_place.get(None)


def account_factor(account: Account, interface: Interface) -> Factor:
    """Return the strictest factor that any live membership asks, for the account as a whole."""
    demand = factors.strictest_demand(memberships.of(account.id))
    return factors.due(factors.of(account), demand, interface)


def demand_of(pending: PendingSignIn) -> Demand:
    """Return what a way in asks besides the password, by policy alone."""
    if pending.membership is not None:
        return pending.membership.demand
    return factors.strictest_demand(memberships.of(pending.verification.account_id))


def _raise_first(found: Iterable[Refusal]) -> None:
    refusal = obstacles.first_of(found)
    if refusal is not None:
        raise refusal


def _decide_again(pending: PendingSignIn) -> Factor:
    account, membership = pending.verification.account, pending.membership
    require_open(account, password_matched=True)
    _require_same_password(pending)
    if membership is not None:
        require_way(membership, opens=True, locked_until=None)
    elif pending.verification.session_id is None:
        _require_live_membership(account)
    if pending.verification.passkey_id is not None or _answered_lately(pending):
        return Factor.NONE
    interface = pending.verification.interface
    return factors.due(factors.of(account), demand_of(pending), interface, pending.chosen)


def _require_same_password(pending: PendingSignIn) -> None:
    """Raise WrongPassword unless what was proven is still what is good for this way in.

    A passkey stands for the account's own password, and for no organisation's.
    """
    account, membership = pending.verification.account, pending.membership
    row = applicable_password(account.id, membership)
    if pending.password_id is None:
        same = row is None or row.organisation_id is None
    else:
        proven = (pending.password_id, pending.password_changed_at)
        same = row is not None and (row.id, row.changed_at) == proven
    if not same:
        raise WrongPassword


def _require_live_membership(account: Account) -> None:
    """Raise NoWayIn where all of the account's organisations are suspended, if it has any.

    Locks stop whoever has yet to prove a password; here it was proven.
    """
    if not obstacles.is_whole_open(memberships.of(account.id), locked=()):
        raise NoWayIn


def _answered_lately(pending: PendingSignIn) -> bool:
    """Tell whether the session that asks for one more seat answered what it wants just now."""
    membership = pending.membership
    if pending.verification.session_id is None or membership is None:
        return False
    session = db.session().get_one(Session, pending.verification.session_id)
    wanted = max(factors.of(session.account).floor, membership.demand)
    return factors.satisfies(session.fresh_factor(now()), wanted)
