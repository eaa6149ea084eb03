"""Removing an account, at its owner's wish."""

from sqlalchemy import delete

from app import db
from app.errors import NotSignedIn
from app.models import Account, Session
from app.operations import audit, last_administrators, sessions
from app.operations.visitor import Visitor


def remove(session: Session, visitor: Visitor) -> None:
    """Delete the session's account with all that hangs on it, at once and for good.

    What the audit trail says of it stays, under an id that names nobody any more. Raises
    ProofRequired, LastSuperuser, LastAccountAdmin, and NotSignedIn where it is gone already.
    """
    sessions.require_account_proof(session)
    account_id = session.account_id
    with db.transaction() as current:
        last_administrators.keep_one_besides(account_id)
        gone = delete(Account).where(Account.id == account_id).returning(Account.id)
        if current.scalar(gone.execution_options(synchronize_session=False)) is None:
            raise NotSignedIn
        audit.record("account_removed", visitor, account_id=account_id)
