"""Removing an account, at its owner's wish."""

import uuid

from sqlalchemy import delete, select

from app import db
from app.errors import LastSuperuser, NotSignedIn
from app.models import Account, Membership, Role, Session
from app.operations import audit, sessions
from app.operations.visitor import Visitor


def remove(session: Session, visitor: Visitor) -> None:
    """Delete the session's account with all that hangs on it, at once and for good.

    What the audit trail says of it stays, under an id that names nobody any more. Raises
    ProofRequired, LastSuperuser, and NotSignedIn where it is gone already.
    """
    sessions.require_account_proof(session)
    account_id = session.account_id
    with db.transaction() as current:
        leave_a_superuser(account_id)
        gone = delete(Account).where(Account.id == account_id).returning(Account.id)
        if current.scalar(gone.execution_options(synchronize_session=False)) is None:
            raise NotSignedIn
        audit.record("account_removed", visitor, account_id=account_id)


def leave_a_superuser(account_id: uuid.UUID) -> None:
    """Raise LastSuperuser where no other account that may sign in is one.

    The rows are held, so that two who leave at once do not each count on the other.
    """
    appointed = (
        select(Membership.account_id)
        .join(Account)
        .where(Membership.role == Role.SUPERUSER)
        .where(Account.activated_at.is_not(None), Account.suspended_at.is_(None))
        .order_by(Membership.id)
        .with_for_update(of=Membership)
    )
    if list(db.session().scalars(appointed)) == [account_id]:
        raise LastSuperuser
