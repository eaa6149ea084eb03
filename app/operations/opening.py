"""Opening a session, or adding to one: what was proven decides what it may do.

All in the transaction of the caller, who spends what was proven.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from app import db
from app.clock import now
from app.models import (
    Account,
    Factor,
    Interface,
    Membership,
    Password,
    RememberedDevice,
    Seat,
    Session,
    Verification,
)
from app.operations import audit, factors, sessions
from app.operations.visitor import Visitor
from app.security.tokens import digest

MOST_SESSIONS = 50  # of one account; the one idle longest goes first
PAGES_IDLE = timedelta(hours=1)
KEPT = timedelta(days=30)
LIFETIMES = {
    Interface.PAGES: timedelta(hours=24),
    Interface.MIKROCLOUD: timedelta(hours=24),
    Interface.ROCKETCHAT: timedelta(days=90),
    Interface.BEARER_TOKEN: timedelta(hours=24),
    Interface.INTEDASHBOARD: timedelta(hours=24),
    Interface.HASURA_BACKEND_PLUS: timedelta(days=30),
}


@dataclass(frozen=True)
class Proof:
    """What somebody showed: a password good for `membership` (None: the account), and a factor.

    `password_id` is None where a passkey took the place of the account's password. `device` is the
    remembered device that stood in for the factor, which was answered when it was remembered.
    """

    account: Account
    membership: Membership | None
    password_id: uuid.UUID | None
    factor: Factor
    device: RememberedDevice | None = None

    @property
    def proved_at(self) -> datetime:
        """When the factor was answered: just now, but for a remembered device."""
        return self.device.proved_at if self.device else now()


def open_or_join(verification: Verification, proof: Proof, visitor: Visitor) -> tuple[str, Session]:
    """Open a session in the caller's transaction, or add to the one that asked for more.

    Either way the bearer is new; returns it with the row.
    """
    bearer = sessions.new_bearer(verification.interface)
    if verification.session_id is None:
        row, what = _opened(verification, visitor), "signed_in"
    else:
        row = db.session().get_one(Session, verification.session_id)
        what = "seat_taken" if proof.membership else "confirmed"
    row.digest = digest(bearer)
    db.session().add(row)
    _admit(row, proof, typed=verification.session_id is None or proof.membership is None)
    _end_the_idlest(proof.account)
    place = proof.membership.organisation_id if proof.membership else None
    factor = proof.factor.value
    audit.record(what, visitor, account_id=proof.account.id, organisation_id=place, factor=factor)
    return bearer, row


def _opened(verification: Verification, visitor: Visitor) -> Session:
    lifetime = KEPT if verification.keep else LIFETIMES[visitor.interface]
    idle = PAGES_IDLE if visitor.interface is Interface.PAGES else lifetime
    return Session(
        id=uuid.uuid4(),
        account=verification.account,
        interface=visitor.interface,
        address=visitor.address,
        user_agent=visitor.user_agent[:256],
        idle_seconds=int((KEPT if verification.keep else idle).total_seconds()),
        opened_at=now(),
        last_seen_at=now(),
        expires_at=now() + lifetime,
        factor=Factor.NONE,
    )


def _admit(row: Session, proof: Proof, *, typed: bool) -> None:
    """Let the session do what was just proven."""
    known_since = row.factor_proved_at
    if proof.factor is not Factor.NONE and (known_since is None or proof.proved_at > known_since):
        row.factor, row.factor_proved_at = proof.factor, proof.proved_at
        row.remembered_device_id = proof.device.id if proof.device else None
    if typed and _meets_account(row, proof):
        row.account_proved_at = proof.proved_at
    if proof.membership is not None:
        _take_seat(row, proof.membership, proof)


def _meets_account(row: Session, proof: Proof) -> bool:
    """Tell whether this proof is also that of the account's own way in."""
    if proof.password_id is not None:
        password = db.session().get_one(Password, proof.password_id)
        if password.organisation_id is not None:
            return False
    return factors.satisfies(_answered(row, proof), sessions.demand_on(proof.account))


def _answered(row: Session, proof: Proof) -> Factor:
    """Return the factor that counts now: the one just shown, or what this session showed lately."""
    return row.fresh_factor(now()) if proof.factor is Factor.NONE else proof.factor


def _take_seat(row: Session, membership: Membership, proof: Proof) -> None:
    db.session().flush()
    held = select(Seat).where(Seat.session_id == row.id, Seat.membership_id == membership.id)
    seat_held = db.session().scalar(held) or Seat(session_id=row.id, membership=membership)
    seat_held.password_id, seat_held.factor = proof.password_id, _answered(row, proof)
    seat_held.opened_at = now()
    db.session().add(seat_held)
    place = membership.organisation
    if place is not None and place.policy.sessionHours is not None:
        row.expires_at = min(row.expires_at, now() + timedelta(hours=place.policy.sessionHours))


def _end_the_idlest(account: Account) -> None:
    """Keep to the most sessions of one account; what administrators open does not count."""
    db.session().flush()
    beyond = (
        select(Session.id)
        .where(Session.account_id == account.id, Session.impersonation_id.is_(None))
        .order_by(Session.last_seen_at.desc(), Session.id)
        .offset(MOST_SESSIONS)
    )
    idlest = list(db.session().scalars(beyond))
    if idlest:
        db.session().execute(delete(Session).where(Session.id.in_(idlest)))
