"""Holding an administrator to what their seat reaches: rights has the table of it.

An administrator acts from a seat: a superuser's reaches the whole portal, an account
administrator's one organisation. Whoever lies outside is not there (NotFound): nothing tells an
object of another organisation from one that does not exist.

What an account administrator sees of an account is what belongs to their organisation. What
touches the account as a whole (suspending it, its factor, all its sessions, its password)
they may do only where the account belongs to their organisation alone: elsewhere it would reach
into another organisation, whose administrators decided nothing of the kind. Nobody touches
somebody above them, and nobody grants a role above their own.
"""

import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, or_, select, true
from sqlalchemy.orm import Session as OrmSession

from app import config, db
from app.clock import now
from app.errors import NotFound, OutOfReach
from app.models import Account, Membership, Organisation, Role, Seat, Session
from app.operations import accounts, kept_elsewhere, sessions
from app.operations.rights import RANKS, TABLE, Action, Reach


@dataclass(frozen=True)
class Administrator:
    """Somebody who acts from an administrator's seat; `organisation_id` is None for the portal."""

    account_id: uuid.UUID
    role: Role
    organisation_id: uuid.UUID | None
    session: Session
    session_id: uuid.UUID  # known also when the session is gone

    @property
    def of_portal(self) -> bool:
        """Tell whether it is a superuser's seat."""
        return self.organisation_id is None


def administrator(session: Session, organisation_id: uuid.UUID | None) -> Administrator:
    """Return who acts from the administrator's seat that a session holds; raise NotFound.

    `organisation_id` of None means the superuser's seat.
    """
    role = Role.SUPERUSER if organisation_id is None else Role.ACCOUNT_ADMIN
    sessions.seat(session, organisation_id, role)
    return Administrator(session.account_id, role, organisation_id, session, session.id)


def reach(administrator: Administrator, action: Action) -> Reach | None:
    """Return how far an action reaches from a seat; None where it is not granted."""
    if action is Action.IMPERSONATE and not config.current().impersonation:
        return None
    return TABLE.get(action, {}).get(administrator.role)


def require(administrator: Administrator, action: Action) -> Reach:
    """Return how far an action reaches; raise NotFound where it is not granted at all."""
    granted = reach(administrator, action)
    if granted is None:
        raise NotFound
    return granted


def may_grant(administrator: Administrator, role: Role) -> bool:
    """Tell whether somebody may give and take this role: none above their own."""
    return RANKS[role] <= RANKS[administrator.role]


def granting_today(
    organisation_id: uuid.UUID, role: Role, account_ids: Collection[uuid.UUID | None]
) -> set[uuid.UUID]:
    """Return which of these accounts could invite somebody into a role at an organisation now.

    Whatever they could do before: their role there counts as it is, and whoever is suspended, on
    the way out or no more in the directory can do nothing.
    """
    enough = [each for each in TABLE[Action.INVITE] if RANKS[each] >= RANKS[role]]
    of_portal = Membership.organisation_id.is_(None)
    there = or_(of_portal, Membership.organisation_id == organisation_id)
    leaving = Account.removal_due_at <= now()
    able = (
        select(Account.id)
        .join(Membership, Membership.account_id == Account.id)
        .where(Account.id.in_(account_ids), Membership.role.in_(enough), there)
        .where(Account.activated_at.is_not(None), Account.suspended_at.is_(None))
        .where(or_(Account.removal_due_at.is_(None), ~leaving))
        .where(~kept_elsewhere.nobody_signs_in())
    )
    return set(db.session().scalars(able))


@contextmanager
def acting(administrator: Administrator, action: Action) -> Iterator[OrmSession]:
    """Do one administrative act: a unit of work behind a fresh proof, while the seat is held.

    Raises NotFound where the action is not granted or the seat was lost, and ProofRequired.
    Whatever has to be held in an order of its own is held by the block; it then calls `touch`.
    """
    require_fresh(administrator, action)
    with db.transaction() as session:
        require_seat(administrator)
        yield session


def require_fresh(administrator: Administrator, action: Action) -> None:
    """Raise NotFound for an action that is not granted, and ProofRequired for want of a proof."""
    require(administrator, action)
    sessions.require_account_proof(administrator.session)


def within(administrator: Administrator) -> ColumnElement[bool]:
    """Return the condition for accounts that an administrator may see.

    For statements that name the accounts already: it looks each of them up.
    """
    if administrator.of_portal:
        return true()
    return exists().where(
        Membership.account_id == Account.id,
        Membership.organisation_id == administrator.organisation_id,
    )


def see(administrator: Administrator, account_id: uuid.UUID) -> Account:
    """Return an account that an administrator may see; raise NotFound."""
    found = select(Account).where(Account.id == account_id, within(administrator))
    account = db.session().scalar(found)
    if account is None:
        raise NotFound
    return account


def touch(administrator: Administrator, action: Action, account_id: uuid.UUID) -> Account:
    """Return an account to act upon, held until the caller's transaction ends.

    Raises what `check` does, and NotFound where the seat was lost while others were waited for.
    """
    accounts.hold(Account.id == account_id)
    require_seat(administrator)
    return check(administrator, action, account_id)


def check(administrator: Administrator, action: Action, account_id: uuid.UUID) -> Account:
    """Return an account that an action reaches; nothing is held.

    Raises NotFound for what the administrator may not see or do at all, and OutOfReach for what
    only superusers may do to this account.
    """
    account = see(administrator, account_id)
    if account_id in refused(administrator, action, [account_id]):
        raise OutOfReach
    return account


def refused(
    administrator: Administrator, action: Action, account_ids: Collection[uuid.UUID]
) -> set[uuid.UUID]:
    """Return which of these accounts, all seen, an action does not reach: one statement.

    From an organisation, superusers are above everybody; and who belongs to another place too is
    beyond what touches the whole account.
    """
    granted = require(administrator, action)
    if granted is Reach.PORTAL or not account_ids:
        return set()
    # Told apart here: a database may think of reading all memberships that are elsewhere.
    belongs = select(Membership.account_id, Membership.organisation_id)
    theirs = db.session().execute(belongs.where(Membership.account_id.in_(account_ids))).all()
    within_reach = {administrator.organisation_id}
    if granted is Reach.ORGANISATION:
        within_reach |= {place for _, place in theirs if place is not None}
    return {who for who, place in theirs if place not in within_reach}


def memberships_seen(
    administrator: Administrator, account_ids: Collection[uuid.UUID]
) -> list[Membership]:
    """Return what an administrator sees of where accounts belong, by organisation and role."""
    theirs = (
        select(Membership)
        .outerjoin(Organisation, Membership.organisation_id == Organisation.id)
        .where(Membership.account_id.in_(account_ids))
        .order_by(Organisation.name.nulls_first(), Membership.role, Membership.id)
    )
    if not administrator.of_portal:
        theirs = theirs.where(Membership.organisation_id == administrator.organisation_id)
    return list(db.session().scalars(theirs)) if account_ids else []


def belongs_here_alone(administrator: Administrator, account_id: uuid.UUID) -> bool:
    """Tell whether what concerns an account as a whole is this administrator's business."""
    return not refused(administrator, Action.SUSPEND, [account_id])


def organisation(administrator: Administrator, organisation_id: uuid.UUID) -> Organisation:
    """Return an organisation that an administrator may see; raise NotFound for any other.

    Raises NotFound also where the seat was lost meanwhile.
    """
    require_seat(administrator)
    if administrator.organisation_id not in {None, organisation_id}:
        raise NotFound
    found = db.session().get(Organisation, organisation_id)
    if found is None:
        raise NotFound
    return found


def require_seat(administrator: Administrator) -> None:
    """Raise NotFound where the seat is gone by now: another administrator may be quicker."""
    seat = exists().where(
        Seat.session_id == administrator.session_id,
        Seat.membership_id == Membership.id,
        Membership.role == administrator.role,
        Membership.organisation_id.is_not_distinct_from(administrator.organisation_id),
    )
    if not db.session().scalar(select(seat)):
        raise NotFound
