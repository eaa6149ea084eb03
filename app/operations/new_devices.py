"""Telling people by mail that somebody signed in where their account is not known."""

import uuid

from sqlalchemy import select

from app import db
from app.models import Account, AuditEvent, PendingSignIn, Session
from app.operations import known_devices, news
from app.operations.visitor import Visitor


def is_new(pending: PendingSignIn, visitor: Visitor) -> bool:
    """Tell whether a sign-in comes from a device or network that the account is not known at.

    To be asked before it is kept. The account's very first sign-in is news to nobody; nor is it
    another one to gain a seat, or to prove oneself once more.
    """
    if pending.verification.session_id is not None:
        return False
    account = pending.verification.account
    is_known = known_devices.known_as(account, visitor).name is not None
    return not is_known and _signed_in_before(account)


def tell(
    session: Session, pending: PendingSignIn, visitor: Visitor, place_id: uuid.UUID | None
) -> None:
    """Mail the owner which device it was, with a link that ends its session.

    In the caller's transaction. `place_id` is the organisation whose own password was typed: the
    link leads to a new one for it.
    """
    place = pending.membership.organisation if pending.membership else None
    news.tell(
        "new_device",
        session.account,
        visitor,
        {"organisation": place.name if place else ""},
        session_id=session.id,
        organisation_id=place_id,
    )


def _signed_in_before(account: Account) -> bool:
    event = AuditEvent
    before = select(event.position).where(event.account_id == account.id, event.what == "signed_in")
    return db.session().scalar(before.limit(1)) is not None
