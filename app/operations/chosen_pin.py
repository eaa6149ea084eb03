"""Choosing e-mailed PINs as a second factor of one's own, and leaving it."""

from sqlalchemy import ColumnElement, update

from app import db
from app.clock import now
from app.errors import InvalidAddress
from app.models import Account, Session
from app.operations import factor_changes, step_up
from app.operations.visitor import Visitor


def choose(session: Session, visitor: Visitor) -> str | None:
    """Ask a PIN at every sign-in of this account from now on; its other sessions end.

    Returns this session's new bearer, where it got one. Raises ProofRequired, and InvalidAddress
    where there is no address that a PIN could go to.
    """
    step_up.require(session)
    if session.account.email is None:
        raise InvalidAddress
    with db.transaction():
        if _changed(session.account, Account.pin_chosen_at.is_(None), chosen=True):
            return factor_changes.settle(session, "pin_chosen", "pin_chosen", visitor)
    return None


def leave(session: Session, visitor: Visitor) -> str | None:
    """Ask no PIN any more, unless an organisation does; the account's other sessions end.

    Returns as `choose` does. Raises ProofRequired.
    """
    step_up.require(session)
    with db.transaction():
        if _changed(session.account, Account.pin_chosen_at.is_not(None), chosen=False):
            return factor_changes.settle(session, "pin_left", "pin_left", visitor)
    return None


def _changed(account: Account, still: ColumnElement[bool], *, chosen: bool) -> bool:
    """Tell whether this call made the change: who chooses twice is told of it once."""
    row = update(Account).where(Account.id == account.id, still)
    changed = row.values(pin_chosen_at=now() if chosen else None).returning(Account.id)
    return db.session().scalar(changed) is not None
