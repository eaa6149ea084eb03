"""Asking more of a session: one more seat, or a fresh proof of the account."""

import uuid
from functools import partial

from sqlalchemy import select

from app import db
from app.errors import Refusal, TicketRefused, WrongPassword
from app.models import Factor, Membership, Password, Seat, Session
from app.operations import audit, directory_try, factors, lock_mails, password_try, ways_in
from app.operations.password_try import PasswordTry
from app.operations.visitor import Visitor
from app.operations.ways_in import Offer, Opened, RefusedWay, Verified


def switch(session: Session, membership_id: uuid.UUID, visitor: Visitor) -> Verified:
    """Return the one way into another seat, offered or refused.

    The passwords that this session proved count; WrongPassword as the refusal means that the
    organisation has another, to be checked with sign_in.verify_another_password. Raises
    TicketRefused where the membership is not the account's.
    """
    with db.transaction() as current:
        membership = current.get(Membership, membership_id)
        if membership is None or membership.account_id != session.account_id:
            raise TicketRefused
        opened = ways_in.start(session.account, visitor, session)
        current.add(opened.row)
        try:
            offers, refused = [_offer(session, opened, membership)], []
        except Refusal as refusal:
            offers, refused = [], [RefusedWay(membership, refusal)]
    return Verified(opened.secret, session.account, offers, refused)


def verify_again(
    session: Session, password: str, visitor: Visitor, *, by_mail: bool = False
) -> Offer:
    """Check the account's own password for a fresh proof of the account's own way in.

    `by_mail` asks for an e-mailed PIN where the account has no factor of its own. Counts like any
    try. Raises WrongPassword, Locked, TooManyTries and Busy.
    """
    account = session.account
    begin = partial(password_try.begin_for_account, account, visitor)
    tried, matched = directory_try.compared(begin, password, visitor)
    offer = _fresh_proof(session, tried, matched, visitor, by_mail=by_mail)
    if offer is None:
        raise WrongPassword
    return offer


def _fresh_proof(
    session: Session,
    tried: PasswordTry,
    matched: set[uuid.UUID],
    visitor: Visitor,
    *,
    by_mail: bool,
) -> Offer | None:
    """Return None for a wrong password, so that the note of it is committed."""
    with db.transaction() as current:
        row = password_try.row_for(tried, None)
        if row is None or row.id not in matched:
            who = session.account_id
            lock_mails.tell(tried, visitor)
            audit.record("confirmation_failed", visitor, account_id=who, reason="wrong_password")
            return None
        opened = ways_in.start(session.account, visitor, session)
        factor = ways_in.account_factor(session.account, visitor.interface)
        pending = ways_in.pend(opened, None, row, factor)
        pending.chosen = Factor.PIN if by_mail and factor is Factor.NONE else None
        current.add(pending)
        password_try.opened(tried, [row])
        return ways_in.offer(opened.secret, pending)


def _offer(session: Session, opened: Opened, membership: Membership) -> Offer:
    row = ways_in.applicable_password(session.account_id, membership)
    proven = row is not None and _proved(session, row)
    # A lock is for those who still have to prove the password: here it was proven.
    ways_in.require_way(membership, opens=proven, locked_until=None)
    held = factors.of(session.account)
    factor = factors.due(held, membership.demand, opened.row.interface)
    pending = ways_in.pend(opened, membership, row, factor)
    db.session().add(pending)
    return ways_in.offer(opened.secret, pending)


def _proved(session: Session, password: Password) -> bool:
    """Tell whether this session was opened, or grew, by this very password."""
    if password.organisation_id is None and session.account_proved_at is not None:
        return True
    with_it = (Seat.session_id == session.id, Seat.password_id == password.id)
    return db.session().scalar(select(Seat.id).where(*with_it).limit(1)) is not None
