"""What an account is called: its name, and the username that opens it."""

from sqlalchemy.exc import IntegrityError

from app import db
from app.errors import AlreadyExists, InvalidUsername
from app.models import Session
from app.operations import audit, kept_elsewhere, sessions
from app.operations.visitor import Visitor
from app.security.identities import username_key

LONGEST_NAME = 200  # characters


def rename(session: Session, name: str, visitor: Visitor) -> None:
    """Call the account's owner by another name; raises ProofRequired for a mere seat.

    KeptInDirectory where a directory has the name.
    """
    sessions.require_account(session)
    kept_elsewhere.require_own(session.account_id)
    wanted = plain(name)
    if wanted == session.account.name:
        return
    with db.transaction():
        session.account.name = wanted
        audit.record("name_changed", visitor, account_id=session.account_id)


def plain(name: str) -> str:
    """Return a name as it is kept: with single blanks, and not too long."""
    return " ".join(name.split())[:LONGEST_NAME]


def change_username(session: Session, username: str, visitor: Visitor) -> None:
    """Change what the account signs in by besides its address; none at all where it is blank.

    Raises ProofRequired, KeptInDirectory, InvalidUsername (also where no address would be left to
    sign in by), and AlreadyExists where somebody has it.
    """
    sessions.require_account_proof(session)
    kept_elsewhere.require_own(session.account_id)
    wanted = username.strip() or None
    key = username_key(wanted) if wanted else None
    if key is None and session.account.email is None:
        raise InvalidUsername
    if wanted == session.account.username:
        return
    try:
        with db.transaction() as current:
            session.account.username, session.account.username_key = wanted, key
            current.flush()
            audit.record("username_changed", visitor, account_id=session.account_id)
    except IntegrityError as error:  # the unique key decides, also where two want it at once
        raise AlreadyExists from error
