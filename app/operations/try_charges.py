"""Charging one try at a password: its network, its account, and the members that it is for.

In the caller's transaction, always in this order, so that tries that meet wait for one another
instead of deadlocking.
"""

import uuid
from datetime import datetime

from app.errors import Locked, ShutBy, TooManyTries
from app.models import Counted, Membership, Organisation
from app.operations import known_devices, lockout
from app.operations.visitor import Visitor


def member_subject(membership: Membership, known_as: str | None) -> str:
    """Return what a member's failures are counted under; a known device has its own count."""
    return f"{membership.id}:{known_as}" if known_as else str(membership.id)


def limit_of(membership: Membership) -> lockout.Limit:
    """Return after how many wrong passwords a member is locked, and for how long."""
    return limit_at(membership.organisation)


def limit_at(place: Organisation | None) -> lockout.Limit:
    """Return the same for whoever is a member there."""
    if place is None:
        return lockout.of_membership(lockout.IDENTITY.tries, 15)
    tries = place.effective_settings.maxFailedSignInAttempts
    return lockout.of_membership(tries, place.policy.lockMinutes)


def network(
    visitor: Visitor, known_as: str | None, account_id: uuid.UUID | None = None
) -> str | None:
    """Charge the network, unless a known device tries; return what was charged. TooManyTries."""
    if known_as and known_as.startswith("device:"):
        return None  # strangers behind the same address do not hold up a known device
    if until := lockout.charge(lockout.NETWORK, visitor.network):
        by = ShutBy(Counted.NETWORK, visitor.network, account_id)
        raise TooManyTries(lockout.seconds_until(until), by)
    return visitor.network


def account(
    account_id: uuid.UUID, subject: str, known_as: str | None, known: known_devices.Known
) -> tuple[str, bool]:
    """Charge the account's counter, or a known device's own; return it, and whether it was spared.

    A device is known by the passwords that were typed on it. While strangers have locked the
    account, one that knows only an organisation's own password may still try that one alone.
    """
    if known_as is not None:
        identity(f"{subject}:{known_as}", account_id)
        return f"{subject}:{known_as}", False
    until = lockout.charge(lockout.IDENTITY, subject)
    if until is None:
        return subject, False
    if known.name is None:
        raise Locked(until, ShutBy(Counted.IDENTITY, subject, account_id))
    identity(f"{subject}:{known.name}", account_id)
    return f"{subject}:{known.name}", True


def identity(subject: str, account_id: uuid.UUID | None = None) -> None:
    """Charge one count of an identity; raise Locked."""
    if until := lockout.charge(lockout.IDENTITY, subject):
        raise Locked(until, ShutBy(Counted.IDENTITY, subject, account_id))


def members(
    ours: list[Membership], names: dict[uuid.UUID, str | None]
) -> tuple[dict[uuid.UUID, str], dict[uuid.UUID, datetime]]:
    """Charge each member by its organisation's limit; return what was charged, and the locks."""
    subjects = {m.id: member_subject(m, names[m.id]) for m in ours}
    return each({m.id: limit_of(m) for m in ours}, subjects)


def each(
    limits: dict[uuid.UUID, lockout.Limit], subjects: dict[uuid.UUID, str]
) -> tuple[dict[uuid.UUID, str], dict[uuid.UUID, datetime]]:
    """Charge each subject by its limit; return what was charged, and the locks."""
    charged, locked = {}, {}
    for which in sorted(limits, key=str):  # one order: no deadlock
        if until := lockout.charge(limits[which], subjects[which]):
            locked[which] = until
        else:
            charged[which] = subjects[which]
    return charged, locked
