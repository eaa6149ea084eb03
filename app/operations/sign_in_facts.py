"""What is known of how somebody fared with signing in: their tries, and the mails to them."""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select

from app import db
from app.clock import now
from app.models import (
    Account,
    ActivationTicket,
    AuditEvent,
    Counted,
    FailedSignIns,
    KnownNetwork,
    OutgoingMail,
)
from app.operations import locks, password_try
from app.security import networks

LATELY = timedelta(days=30)
MOST_TRIES = 25
MOST_MAILS = 8
MOST_NETWORKS = 20
TRIES = ("signed_in", "sign_in_failed", "wrong_code")
# What helps somebody in, and what tells of a lock.
KINDS = ("pin", "activation", "reset", "unlock", "set_up", "locked", "membership_locked")


class Delivery(enum.Enum):
    """What became of a mail."""

    SENT = "sent"  # the mail server took it
    WAITING = "waiting"
    RETRIED = "retried"  # it was tried in vain, and will be again
    FAILED = "failed"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Mail:
    """One mail: what kind, and what became of it. Never what it says.

    `elsewhere` tells that it went to another address than the account has now.
    """

    kind: str
    at: datetime
    delivery: Delivery
    settled_at: datetime | None
    problem: str | None
    elsewhere: bool


@dataclass(frozen=True)
class NetworkLock:
    """A network from which nothing is compared for now, whoever it is for.

    `turned_away` is how many tries met the lock.
    """

    network: str
    until: datetime
    turned_away: int


def tries_of(account: Account) -> list[AuditEvent]:
    """Return the newest sign-ins of an account, good and failed; what came before it is left out.

    A try that met a lock is not written down, for nothing was compared: see `turned_away`.
    """
    row = AuditEvent
    since = max(account.created_at, now() - LATELY)
    mine = select(row).where(row.account_id == account.id, row.at >= since, row.what.in_(TRIES))
    return list(
        db.session().scalars(mine.order_by(row.at.desc(), row.position.desc()).limit(MOST_TRIES))
    )


def clock_offset(tries: list[AuditEvent]) -> timedelta | None:
    """Return how far the clock was off that made the newest wrong code, where that is known.

    Negative where it is slow. None once a code was right again: the clock is right then.
    """
    for event in tries:
        seconds = event.details.get("clock_offset_s")
        if isinstance(seconds, int):
            return timedelta(seconds=seconds)
        if event.details.get("factor") == "code" and event.what == "signed_in":
            return None
    return None


def mails_to(account: Account) -> list[Mail]:
    """Return the newest mails to an account that have to do with signing in."""
    row = OutgoingMail
    theirs = select(row).where(row.account_id == account.id, row.kind.in_(KINDS))
    newest = theirs.order_by(row.created_at.desc(), row.id).limit(MOST_MAILS)
    return [_mail(each, account) for each in db.session().scalars(newest)]


def activation_until(account: Account) -> datetime | None:
    """Return until when the newest activation mail is good, or was; None where none is on file."""
    mine = select(ActivationTicket.expires_at).where(ActivationTicket.account_id == account.id)
    return db.session().scalar(mine.order_by(ActivationTicket.expires_at.desc()).limit(1))


def network_locks(account: Account, tries: list[AuditEvent]) -> list[NetworkLock]:
    """Return which of the networks are locked from which the account was tried or is known."""
    row = KnownNetwork
    known = select(row.network).where(row.account_id == account.id).order_by(row.seen_at.desc())
    wanted = {networks.network_of(each.address) for each in tries}
    wanted |= set(db.session().scalars(known.limit(MOST_NETWORKS)))
    lock = FailedSignIns
    these = lock.counted == Counted.NETWORK, lock.subject.in_(wanted), lock.locked_until > now()
    found = select(lock.subject, lock.locked_until, lock.turned_away).where(*these)
    rows = db.session().execute(found.order_by(lock.subject))
    return [NetworkLock(network, until, times) for network, until, times in rows if until]


def turned_away(account: Account) -> int:
    """Return how many tries the locks turned away that the account as a whole has just now."""
    lock, own = FailedSignIns, f"{locks.OF_ACCOUNT}{account.id}"
    names = password_try.subjects_of(account)
    by_name = or_(lock.subject.in_(names), lock.subject.startswith(f"{own}:"))
    by_factor = lock.subject == str(account.id)
    theirs = or_(
        and_(lock.counted == Counted.IDENTITY, by_name),
        and_(lock.counted.in_((Counted.FACTOR, Counted.FACTOR_EVER)), by_factor),
    )
    counted = select(func.sum(lock.turned_away)).where(theirs, lock.locked_until > now())
    return db.session().scalar(counted) or 0


def _mail(mail: OutgoingMail, account: Account) -> Mail:
    return Mail(
        mail.kind,
        mail.created_at,
        _delivery(mail),
        mail.sent_at or mail.failed_at,
        mail.last_error,
        elsewhere=mail.recipient_key != account.email_key,
    )


def _delivery(mail: OutgoingMail) -> Delivery:
    if mail.sent_at is not None:
        return Delivery.SENT
    if mail.failed_at is not None:
        return Delivery.EXPIRED if mail.last_error == "expired" else Delivery.FAILED
    if mail.expires_at is not None and mail.expires_at <= now():
        return Delivery.EXPIRED
    return Delivery.RETRIED if mail.last_error else Delivery.WAITING
