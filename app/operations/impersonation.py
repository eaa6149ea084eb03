"""Looking at the portal as somebody else does: an administrator's last resort to help.

It opens a session of its own kind, for fifteen minutes that nothing lengthens. The account in it
is the person's; the row names who really acts, from which session and which seat, and why. Nothing
was proven in it, so whatever asks for a proof stays shut, no contract takes its secret, and it
counts as no sign-in: no device is known by it, no lock opens, no other session ends.

Never upwards and never sideways: who is looked at has no role as high as the seat's. All of that
is decided at the start and again at each request (`find`): a seat that was lost, an administrator
who signed out, a person who was promoted or suspended meanwhile ends it.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from app import config, db
from app.clock import now
from app.errors import OutOfReach, Refusal, ResendTooSoon, TicketRefused
from app.mail import outbox
from app.models import (
    Account,
    Factor,
    Impersonation,
    Interface,
    Membership,
    Seat,
    Session,
)
from app.operations import (
    appointments,
    audit,
    authority,
    impersonation_ends,
    memberships,
    sessions,
    ways_in,
)
from app.operations.authority import Administrator
from app.operations.rights import RANKS, Action
from app.operations.visitor import Visitor
from app.security.tokens import digest, new_secret

LIFETIME = timedelta(minutes=15)
MAIL_AGAIN_AFTER_S = 3_600
NO_RANK = -1  # of somebody without any role


@dataclass(frozen=True)
class Started:
    """What the administrator's browser presents besides its own bearer."""

    id: uuid.UUID
    secret: str


def may(administrator: Administrator, account: Account) -> bool:
    """Tell whether somebody could look as this account now."""
    try:
        check(administrator, account.id)
    except Refusal:
        return False
    return True


def check(administrator: Administrator, account_id: uuid.UUID) -> Account:
    """Return the account as which this seat may look; nothing is held.

    Raises NotFound, OutOfReach where the account is not below the seat or belongs elsewhere too,
    and what a sign-in raises for an account that is shut.
    """
    account = authority.check(administrator, Action.IMPERSONATE, account_id)
    roles = (each.role for each in memberships.of(account_id))
    if max((RANKS[role] for role in roles), default=NO_RANK) >= RANKS[administrator.role]:
        raise OutOfReach
    ways_in.require_open(account, password_matched=True)
    return account


def start(
    administrator: Administrator, account_id: uuid.UUID, reason: str, visitor: Visitor
) -> Started:
    """Begin to look as an account, and mail its owner that, by whom and why.

    Raises ProofRequired, what `check` raises, AlreadyExists where the administrator looks as
    somebody already, and ResendTooSoon where the owner was sent too many such mails: nobody is
    looked at who is not told.
    """
    with (
        appointments.nothing_twice(),
        authority.acting(administrator, Action.IMPERSONATE) as current,
    ):
        authority.touch(administrator, Action.IMPERSONATE, account_id)
        account = check(administrator, account_id)
        own = Impersonation.administrator_id == administrator.account_id
        impersonation_ends.note_what_is_over(own, visitor)
        row = _begun(administrator, account, reason)
        current.add(row)
        current.flush()
        secret = new_secret()
        current.add(_session(row, account, secret, visitor))
        _tell(row, account, administrator)
        audit.record(
            "impersonation_started",
            visitor,
            account_id=account_id,
            by=administrator.account_id,
            organisation_id=administrator.organisation_id,
            impersonation=str(row.id),
        )
        return Started(row.id, secret)


def find(own: Session, impersonation_id: uuid.UUID, secret: str) -> Session:
    """Return the session in which the holder of `own` looks as somebody, decided anew.

    Raises TicketRefused where it is over, for whatever reason.
    """
    live = (
        select(Session)
        .join(Impersonation, Session.impersonation_id == Impersonation.id)
        .where(Session.digest == digest(secret), Session.expires_at > now())
        .where(Impersonation.id == impersonation_id, Impersonation.ended_at.is_(None))
        .where(Impersonation.administrator_session_id == own.id)
    )
    row = db.session().scalar(live)
    if row is None or row.impersonation is None:
        raise TicketRefused
    try:
        check(authority.administrator(own, row.impersonation.organisation_id), row.account_id)
    except Refusal as refusal:
        raise TicketRefused from refusal
    return row


def take_seat(session: Session, membership_id: uuid.UUID, visitor: Visitor) -> None:
    """Act in one of the person's memberships from now on, without what it asks of them.

    Raises TicketRefused where it is not theirs, OutOfReach where it administers, and whatever
    shuts it to them as well.
    """
    account_id = session.account_id
    with db.transaction() as current:
        held = select(Session.id).where(Session.id == session.id).with_for_update()
        membership = current.get(Membership, membership_id)
        if current.scalar(held) is None or membership is None:
            raise TicketRefused
        if membership.account_id != account_id or session.impersonation_id is None:
            raise TicketRefused
        if membership.role in sessions.ADMINISTERING:
            raise OutOfReach
        ways_in.require_way(membership, opens=True, locked_until=None)
        _sit_down(session, membership)
        place = membership.organisation_id
        audit.record("seat_taken", visitor, account_id=account_id, organisation_id=place)


def _begun(administrator: Administrator, account: Account, reason: str) -> Impersonation:
    moment = now()
    return Impersonation(
        id=uuid.uuid4(),
        account_id=account.id,
        administrator_id=administrator.account_id,
        administrator_session_id=administrator.session_id,
        organisation_id=administrator.organisation_id,
        reason=reason,
        started_at=moment,
        expires_at=moment + LIFETIME,
    )


def _session(row: Impersonation, account: Account, secret: str, visitor: Visitor) -> Session:
    return Session(
        digest=digest(secret),
        account_id=account.id,
        impersonation_id=row.id,
        interface=Interface.PAGES,
        address=visitor.address,
        user_agent=visitor.user_agent[:256],
        opened_at=row.started_at,
        last_seen_at=row.started_at,
        idle_seconds=int(LIFETIME.total_seconds()),
        expires_at=row.expires_at,
        factor=Factor.NONE,
    )


def _tell(row: Impersonation, account: Account, administrator: Administrator) -> None:
    who = db.session().get_one(Account, administrator.account_id)
    words = {
        "name": account.shown_name,
        "administrator": who.shown_name,
        "contact": who.email or "",
        "reason": row.reason,
        "minutes": str(int(LIFETIME.total_seconds()) // 60),
        "sessions_link": f"{config.current().base_url}/account/sessions",
    }
    if account.email is not None and not outbox.put("impersonated", account, words):
        raise ResendTooSoon(MAIL_AGAIN_AFTER_S)


def _sit_down(session: Session, membership: Membership) -> None:
    mine = Seat.session_id == session.id, Seat.membership_id == membership.id
    if db.session().scalar(select(Seat.id).where(*mine)) is None:
        seat = Seat(session_id=session.id, membership_id=membership.id, factor=Factor.NONE)
        db.session().add(seat)
