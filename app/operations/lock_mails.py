"""Telling people by mail that failed tries locked their account, at the moment when they do.

Nobody got in, so there is nothing to take back: the mail has a link that opens the lock.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from app import db
from app.clock import now
from app.mail import outbox
from app.models import Account, Counted, Membership, Organisation, UnlockTicket
from app.operations import lockout, tickets
from app.operations.password_try import PasswordTry
from app.operations.visitor import Visitor

MOST_NAMES = 5  # of organisations, in one mail


def tell(tried: PasswordTry, visitor: Visitor) -> None:
    """Mail the owner if the failed try that was just charged locked something.

    In the caller's transaction. The whole account comes before memberships: one mail says enough.
    """
    account = db.session().get(Account, tried.account_id) if tried.account_id else None
    if account is None or account.activated_at is None or account.suspended_at is not None:
        return
    if until := _locked(Counted.IDENTITY, [tried.identity]).get(tried.identity):
        _mail("locked", account, until, visitor)
        return
    locked = _locked(Counted.MEMBERSHIP, tried.members.values())
    ours = [each for each, subject in tried.members.items() if subject in locked]
    if ours:
        until, names = max(locked.values()), ", ".join(_names(ours))
        _mail("membership_locked", account, until, visitor, organisation=names)


def _locked(counted: Counted, subjects: Iterable[str]) -> dict[str, datetime]:
    found = lockout.locked_until([(counted, subject) for subject in subjects])
    return {subject: until for (_, subject), until in found.items()}


def _names(ours: list[uuid.UUID]) -> list[str]:
    places = select(Organisation.name).join(Membership).where(Membership.id.in_(ours))
    named = places.distinct().order_by(Organisation.name).limit(MOST_NAMES)
    return list(db.session().scalars(named))


def _mail(kind: str, account: Account, until: datetime, visitor: Visitor, **words: str) -> None:
    """Put the mail, with an unlock ticket unless one that was mailed before is still good."""
    if not outbox.takes(kind, account):
        return
    said = {
        "name": account.shown_name,
        "locked_until": until.isoformat(),
        "network": visitor.network,
        **words,
    }
    if not tickets.is_live(UnlockTicket, account):
        issued = tickets.issue(UnlockTicket, account)
        said |= {"link": tickets.link(UnlockTicket, issued.secret), "code": issued.code}
    outbox.put(kind, account, said, expires_at=now() + UnlockTicket.LIFETIME)
