"""Removing an account, at its owner's wish: after a week, or at once where a contract says so."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, select, update

from app import config, db
from app.clock import now
from app.errors import LastAdministrator, LastSuperuser, NotSignedIn, Refusal, TicketRefused
from app.mail import outbox
from app.models import Account, Interface, Session
from app.operations import accounts, audit, last_administrators, news, sessions
from app.operations.visitor import Visitor

GRACE = timedelta(days=7)  # to change one's mind
THE_PORTAL = Visitor(Interface.COMMAND, address="")


def schedule(session: Session, visitor: Visitor) -> datetime:
    """Have the session's account removed in a week; return when. Its other sessions end.

    Whoever asks again hears the same day. Raises ProofRequired, LastSuperuser, LastAdministrator.
    """
    sessions.require_account_proof(session)
    account_id, due = session.account_id, now() + GRACE
    with db.transaction() as current:
        last_administrators.keep_one_besides(account_id)
        account = _held(account_id)
        if account.removal_due_at is not None:
            return account.removal_due_at
        account.removal_due_at = due
        current.flush()
        sessions.end_all_of(account_id, but=session.id)
        words = {"keep_link": _page(), "removed_on": due.isoformat()}
        news.tell("removal_scheduled", account, visitor, words, session_id=session.id)
        audit.record("removal_scheduled", visitor, account_id=account_id)
    return due


def keep(session: Session, visitor: Visitor) -> None:
    """Keep an account that was to be removed.

    Raises ProofRequired for a mere seat, and TicketRefused once the week is over.
    """
    sessions.require_account(session)
    account_id, moment = session.account_id, now()
    mine = update(Account).where(Account.id == account_id, Account.removal_due_at > moment)
    with db.transaction() as current:
        if current.scalar(mine.values(removal_due_at=None).returning(Account.id)) is None:
            raise TicketRefused
        audit.record("removal_withdrawn", visitor, account_id=account_id)


def remove(session: Session, visitor: Visitor) -> None:
    """Delete the session's account with all that hangs on it, at once and for good.

    What the audit trail says of it stays, under an id that names nobody any more. Raises
    ProofRequired, LastSuperuser, LastAdministrator, and NotSignedIn where it is gone already.
    """
    sessions.require_account_proof(session)
    account_id = session.account_id
    with db.transaction():
        last_administrators.keep_one_besides(account_id)
        _erase(_held(account_id), visitor)


def due() -> list[uuid.UUID]:
    """Return the accounts whose week is over."""
    over = select(Account.id).where(Account.removal_due_at <= now())
    return list(db.session().scalars(over.order_by(Account.removal_due_at)))


def remove_due(account_id: uuid.UUID) -> bool:
    """Delete an account whose week is over; tell whether it went.

    It stays, and its owner is told, where meanwhile nobody else administers what it does.
    """
    with db.transaction():
        needed = _why_needed(account_id)  # first: it holds others, in an order of its own
        account = accounts.hold(and_(Account.id == account_id, Account.removal_due_at <= now()))
        if account is None:
            return False
        if needed is not None:
            _keep_after_all(account, needed.reason)
            return False
        _erase(account, THE_PORTAL)
    return True


def _why_needed(account_id: uuid.UUID) -> Refusal | None:
    try:
        last_administrators.keep_one_besides(account_id)
    except (LastSuperuser, LastAdministrator) as refusal:
        return refusal
    return None


def _held(account_id: uuid.UUID) -> Account:
    """Return the account as it is now, held until the transaction ends; or raise NotSignedIn."""
    account = accounts.hold(Account.id == account_id)
    if account is None:
        raise NotSignedIn
    return account


def _erase(account: Account, visitor: Visitor) -> None:
    """Delete the account in the caller's transaction, and say so to the address that it had."""
    account_id = account.id
    outbox.put("account_removed", account, {"name": account.shown_name})
    gone = delete(Account).where(Account.id == account_id)
    db.session().execute(gone.execution_options(synchronize_session=False))
    audit.record("account_removed", visitor, account_id=account_id)


def _keep_after_all(account: Account, reason: str) -> None:
    account.removal_due_at = None
    words = {"name": account.shown_name, "remove_link": _page()}
    outbox.put("removal_refused", account, words)
    audit.record("removal_refused", THE_PORTAL, account_id=account.id, reason=reason)


def _page() -> str:
    return f"{config.current().base_url}/account/remove"
