"""Finding and ending sessions, and what one may do as things are now.

An administrator who looks as somebody else acts in a session of another kind, which nothing here
finds: operations.impersonation opens it, and decides on each request whether it still may be.
"""

import uuid
from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, or_, select, update

from app import db
from app.clock import now
from app.errors import NotFound, ProofRequired, TicketRefused
from app.models import (
    Account,
    Demand,
    Interface,
    Membership,
    Role,
    Seat,
    Session,
    Verification,
)
from app.operations import accounts, audit, factors, memberships
from app.operations.visitor import Visitor
from app.security.tokens import digest, new_base64, new_secret

STEP_UP = timedelta(minutes=10)
SEEN_AGAIN_AFTER = timedelta(minutes=1)  # how exact `last_seen_at` is kept
ADMINISTERING = frozenset({Role.SUPERUSER, Role.ACCOUNT_ADMIN})


def find(bearer: str) -> Session:
    """Return the live session behind `bearer`, or raise TicketRefused."""
    return _seen(live(Session.digest == digest(bearer)))


def live(named: ColumnElement[bool]) -> Session:
    """Return the live session that a condition names, or raise TicketRefused. Changes nothing.

    Never one in which somebody else acts: no contract and no page takes it for its owner's.
    """
    moment = now()
    live = (
        select(Session)
        .join(Account)
        .where(named, Session.expires_at > moment, Account.suspended_at.is_(None))
        .where(Session.impersonation_id.is_(None))
        .where(or_(Account.removal_due_at.is_(None), Account.removal_due_at > moment))
    )
    row = db.session().scalar(live)
    if row is None or row.last_seen_at + row.idle_limit <= moment:
        raise TicketRefused
    return row


def find_by_id(session_id: uuid.UUID) -> Session:
    """Return the live session that a signed token names, or raise TicketRefused."""
    return _seen(live(Session.id == session_id))


def all_of(account: Account) -> list[Session]:
    """Return an account's live sessions, the one seen last first."""
    moment = now()
    mine = select(Session).where(Session.account_id == account.id, Session.expires_at > moment)
    rows = db.session().scalars(mine.order_by(Session.last_seen_at.desc(), Session.id))
    return [row for row in rows if row.last_seen_at + row.idle_limit > moment]


def seats_of(session: Session) -> list[Seat]:
    """Return the seats a session holds that may be acted in now, the oldest first."""
    oldest_first = (
        select(Seat).where(Seat.session_id == session.id).order_by(Seat.opened_at, Seat.id)
    )
    held = db.session().scalars(oldest_first)
    if session.impersonation_id is not None:
        return [seat for seat in held if _may_be_looked_at(seat)]
    floor = factors.of(session.account).floor
    return [seat for seat in held if _holds(seat, floor)]


def memberships_held(session_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Membership]]:
    """Return the memberships in which each of these sessions has a seat, the oldest first."""
    seats = select(Seat).where(Seat.session_id.in_(session_ids)).order_by(Seat.opened_at, Seat.id)
    held: dict[uuid.UUID, list[Membership]] = {}
    for each in db.session().scalars(seats):
        held.setdefault(each.session_id, []).append(each.membership)
    return held


def seat(session: Session, organisation_id: uuid.UUID | None, role: Role) -> Seat:
    """Return the seat for one role at one organisation, or raise NotFound."""
    for held in seats_of(session):
        membership = held.membership
        if (membership.organisation_id, membership.role) == (organisation_id, role):
            return held
    raise NotFound


def require_account(session: Session) -> None:
    """Raise ProofRequired unless the session met the account's own way in, as it is today."""
    demand = demand_on(session.account)
    met = session.account_proved_at and factors.satisfies(session.factor, demand)
    if not met:
        raise ProofRequired


def require_to_look(session: Session) -> None:
    """Raise ProofRequired where `require_account` does, but for an administrator who looks.

    For pages that show no secret and change nothing.
    """
    if session.impersonation_id is None:
        require_account(session)


def require_account_proof(session: Session) -> None:
    """Raise ProofRequired unless the account's own way in was met within ten minutes."""
    require_account(session)
    proved_at = session.account_proved_at
    if proved_at is None or proved_at <= now() - STEP_UP:
        raise ProofRequired


def end(session: Session, visitor: Visitor) -> None:
    """Sign out: the bearer opens nothing from now on."""
    session_id, account_id = session.id, session.account_id  # now: somebody else may be quicker
    with db.transaction() as current:
        current.execute(delete(Session).where(Session.id == session_id))
        audit.record("signed_out", visitor, account_id=account_id)


def end_one(session: Session, other_id: uuid.UUID, visitor: Visitor) -> None:
    """End one of the account's sessions; raise NotFound where it has no such."""
    account_id = session.account_id
    mine = (Session.id == other_id, Session.account_id == account_id)
    with db.transaction() as current:
        gone = current.scalar(delete(Session).where(*mine).returning(Session.id))
        if gone is None:
            raise NotFound
        audit.record("session_ended", visitor, account_id=account_id)


def end_others(session: Session, visitor: Visitor) -> int:
    """End all of the account's sessions but this one; return how many that were."""
    account_id, session_id = session.account_id, session.id
    with db.transaction():
        ended = end_all_of(account_id, but=session_id)
        audit.record("sessions_ended", visitor, account_id=account_id, count=ended)
    return ended


def end_all_of(account_id: uuid.UUID, *, but: uuid.UUID | None = None) -> int:
    """End an account's sessions and half-finished sign-ins, in the caller's transaction.

    The account is held from then on: a sign-in that is being finished comes before, or ends too.
    """
    current = db.session()
    accounts.hold(Account.id == account_id)
    current.execute(delete(Verification).where(Verification.account_id == account_id))
    theirs = delete(Session).where(Session.account_id == account_id)
    if but is not None:
        theirs = theirs.where(Session.id != but)
    return len(current.scalars(theirs.returning(Session.id)).all())


def rotate(session: Session) -> str:
    """Give a session a new bearer, in the caller's transaction; the old one dies."""
    bearer = new_bearer(session.interface)
    session.digest = digest(bearer)
    return bearer


def new_bearer(interface: Interface) -> str:
    """Return a new secret for a session, in the form that its interface documents."""
    return new_base64() if interface is Interface.MIKROCLOUD else new_secret()


def demand_on(account: Account) -> Demand:
    """Return what the account's own way in asks besides the password, as things are now."""
    strictest = factors.strictest_demand(memberships.of(account.id))
    return max(strictest, factors.of(account).floor)


def _holds(held: Seat, floor: Demand) -> bool:
    membership = held.membership
    met = factors.satisfies(held.factor, max(floor, membership.demand))
    return met and not membership.suspended


def _may_be_looked_at(held: Seat) -> bool:
    """Tell whether an administrator who looks as somebody else may act in this seat of theirs.

    The one seat that meets no policy: whoever looks has no factor of the person's to answer. So it
    is none that administers, whatever wrote its row.
    """
    return held.membership.role not in ADMINISTERING and not held.membership.suspended


def _seen(row: Session) -> Session:
    moment = now()
    if row.last_seen_at + SEEN_AGAIN_AFTER <= moment:
        with db.transaction() as current:
            seen = update(Session).where(Session.id == row.id).values(last_seen_at=moment)
            current.execute(seen)
    return row
