"""Telling that failed tries locked an account, at the moment when they do: its owner and the log.

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
from app.operations import audit, lockout, tickets
from app.operations.password_try import PasswordTry
from app.operations.visitor import Visitor

MOST_NAMES = 5  # of organisations, in one mail


def tell(tried: PasswordTry, visitor: Visitor) -> None:
    """Mail the owner, and record it, if the failed try that was just charged locked something.

    In the caller's transaction. The whole account comes before memberships: one mail says enough.
    """
    account = db.session().get(Account, tried.account_id) if tried.account_id else None
    if account is None or account.activated_at is None or account.suspended_at is not None:
        return
    if until := _locked(Counted.IDENTITY, [tried.identity]).get(tried.identity):
        audit.record("account_locked", visitor, account_id=account.id)
        _mail("locked", account, until, visitor)
        return
    locked = _locked(Counted.MEMBERSHIP, tried.members.values())
    ours = [each for each, subject in tried.members.items() if subject in locked]
    if ours:
        places = _places(ours)
        for place in places:
            audit.record("membership_locked", visitor, account_id=account.id, organisation_id=place)
        until, names = max(locked.values()), ", ".join([*places.values()][:MOST_NAMES])
        _mail("membership_locked", account, until, visitor, organisation=names)


def _locked(counted: Counted, subjects: Iterable[str]) -> dict[str, datetime]:
    found = lockout.locked_until([(counted, subject) for subject in subjects])
    return {subject: until for (_, subject), until in found.items()}


def _places(ours: list[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return the organisations of these memberships, by name."""
    row = Organisation
    places = select(row.id, row.name).join(Membership).where(Membership.id.in_(ours))
    rows = db.session().execute(places.distinct().order_by(row.name, row.id))
    return {each.id: each.name for each in rows}


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
