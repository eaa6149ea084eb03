"""How much mail one recipient is sent, counted from the outbox itself."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from app import config, db
from app.clock import now
from app.models import OutgoingMail

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Limit:
    """These kinds together are sent to one recipient so often, and no oftener."""

    kinds: frozenset[str]
    an_hour: int
    a_day: int


# What anybody can have mailed to anybody, without proving a thing (OWASP Forgot Password). Each
# kind by itself: registering somebody's address over and over must not keep them from a reset.
ASKED_BY_ANYONE = [
    Limit(frozenset({kind}), an_hour=5, a_day=20)
    for kind in ("activation", "reset", "password_in_directory", "unlock", "new_address")
]
TOLD_ONCE = Limit(frozenset({"already_registered"}), an_hour=1, a_day=1)
PINS = Limit(frozenset({"pin"}), an_hour=10, a_day=30)
INVITATIONS = Limit(frozenset({"invitation"}), an_hour=10, a_day=30)  # from all organisations
# The same news each time, and anybody can have a lock told by guessing.
HINTS = [
    Limit(frozenset({kind}), an_hour=1, a_day=3)
    for kind in ("set_up", "locked", "membership_locked", "passkey_copied")
]
SIGN_INS = Limit(frozenset({"new_device"}), an_hour=5, a_day=15)
# What somebody did who had proven a password, or more. Each kind by itself, so that none is buried
# under others; of one kind so many that whoever reads none of them would not read the next.
DONE = [
    Limit(frozenset({kind}), an_hour=10, a_day=30)
    for kind in (
        "password_changed",
        "address_changed",
        "address_put_back",
        "removal_scheduled",
        "removal_refused",
        "account_removed",
        "app_added",
        "app_replaced",
        "app_removed",
        "factors_removed",
        "impersonated",
        "passkey_added",
        "passkey_removed",
        "pin_chosen",
        "pin_left",
        "recovery_codes_made",
        "recovery_code_used",
        "second_step_locked",
        "sessions_ended",
        "not_me_reported",
    )
]
EVERY = (*ASKED_BY_ANYONE, TOLD_ONCE, PINS, INVITATIONS, SIGN_INS, *HINTS, *DONE)


def reached(kind: str, recipient_key: str) -> bool:
    """Tell whether one more mail of this kind is too many, in the caller's transaction."""
    limits = _of(kind)
    if limits:
        _let_nobody_else_count(recipient_key)
    return any(_is_reached(limit, recipient_key) for limit in limits)


def seems_reached(kind: str, recipient_key: str) -> bool:
    """Tell the same without holding up anybody: only for telling it, not for sending by it."""
    return any(_is_reached(limit, recipient_key) for limit in _of(kind))


def _of(kind: str) -> list[Limit]:
    """Return the limits of a kind; none where DOORWARD_RATE_LIMITS=off lifts them."""
    if not config.current().rate_limits:
        return []
    return [limit for limit in EVERY if kind in limit.kinds]


def count_recent(recipient_key: str, kinds: Collection[str], since: datetime) -> int:
    """Return how many mails of these kinds this recipient was promised after `since`."""
    counted = select(func.count()).where(
        OutgoingMail.recipient_key == recipient_key,
        OutgoingMail.created_at > since,
        OutgoingMail.kind.in_(kinds),
    )
    return db.session().scalar(counted) or 0


def _is_reached(limit: Limit, recipient_key: str) -> bool:
    moment = now()
    return (
        count_recent(recipient_key, limit.kinds, moment - HOUR) >= limit.an_hour
        or count_recent(recipient_key, limit.kinds, moment - DAY) >= limit.a_day
    )


def _let_nobody_else_count(recipient_key: str) -> None:
    """Hold others that write to this recipient until the caller's transaction ends.

    On SQLite its write lock does that; on PostgreSQL all would count before any has added.
    """
    if db.db.engine.dialect.name == "postgresql":
        number = func.hashtextextended(recipient_key, 0)
        db.session().execute(select(func.pg_advisory_xact_lock(number)))
