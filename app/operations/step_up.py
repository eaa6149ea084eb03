"""Answering the second factor once more, inside a session that proved the password before.

For contract 001, whose clients send a code again with the call that was refused, and never the
password. The pages ask for the password too (operations.seats).
"""

from sqlalchemy import delete, select, update

from app import db
from app.clock import now
from app.errors import WrongCode
from app.models import EmailedPin, Factor, PendingSignIn, Session, Verification
from app.operations import (
    audit,
    factor_changes,
    factor_locks,
    recovery_codes,
    second_factor,
    sessions,
    turned_away,
    ways_in,
)
from app.operations.visitor import Visitor
from app.security.tokens import is_recovery_code


def require(session: Session) -> None:
    """Raise ProofRequired unless the account's own way in, or its factor, was met lately.

    Within ten minutes; a factor answered alone counts only where the session proved the rest.
    """
    sessions.require_account(session)
    if session.fresh_factor(now()) is Factor.NONE:
        sessions.require_account_proof(session)


def due(session: Session) -> Factor:
    """Return the factor that `answer` takes; NONE where only a new sign-in helps."""
    if session.account_proved_at is None:
        return Factor.NONE  # its password was never proven here: no factor makes up for that
    return ways_in.account_factor(session.account, session.interface)


def waiting_pin(session: Session, visitor: Visitor) -> EmailedPin | None:
    """Return the PIN that this session was mailed and has not answered."""
    pending = _waiting(session, visitor)
    return second_factor.sent_pin(pending) if pending else None


def send_pin(session: Session, visitor: Visitor) -> EmailedPin:
    """Mail a PIN for `answer`. Raises ResendTooSoon where too many went to this account."""
    with db.transaction() as current:
        opened = ways_in.start(session.account, visitor, session)
        password = ways_in.applicable_password(session.account_id, None)
        pending = ways_in.pend(opened, None, password, Factor.PIN)
        current.add_all([opened.row, pending])
        current.flush()
        return second_factor.send_first_pin(pending)


def answer(session: Session, code: str, visitor: Visitor) -> None:
    """Check the factor's answer; the session is fresh again.

    Raises WrongCode and TooManyCodes, and NotSignedIn where the session ended meanwhile.
    """
    session_id = session.id
    with turned_away.noticed(visitor), db.transaction():
        factor_changes.held(session_id)
        right = _is_right(session, code, visitor)
    if not right:
        raise WrongCode


def _is_right(session: Session, code: str, visitor: Visitor) -> bool:
    """Return False for a wrong code, so that its charge is committed, not rolled back."""
    account, factor = session.account, due(session)
    second_factor.charge(account)
    try:
        factor = _spend(session, factor, code, visitor)
    except WrongCode:
        audit.record("wrong_code", visitor, account_id=account.id, factor=factor.value)
        factor_locks.tell(account, visitor, session.id)
        return False
    second_factor.forgive(account)
    session.factor, session.factor_proved_at = factor, now()
    audit.record("confirmed", visitor, account_id=account.id, factor=factor.value)
    return True


def _spend(session: Session, factor: Factor, code: str, visitor: Visitor) -> Factor:
    if factor is not Factor.NONE and is_recovery_code(code):
        recovery_codes.spend(session.account, code, visitor)
        return Factor.RECOVERY
    if factor is Factor.CODE:
        second_factor.spend_code(session.account, code)
    elif factor is Factor.PIN:
        _spend_pin(_waiting(session, visitor), code)
    else:
        raise WrongCode
    return factor


def _spend_pin(pending: PendingSignIn | None, code: str) -> None:
    if pending is None:
        raise WrongCode
    row = PendingSignIn
    left = update(row).where(row.id == pending.id).values(tries_left=row.tries_left - 1)
    db.session().execute(left)
    second_factor.spend_pin(pending.id, code)
    done = delete(Verification).where(Verification.id == pending.verification_id)
    db.session().execute(done)


def _waiting(session: Session, visitor: Visitor) -> PendingSignIn | None:
    row = PendingSignIn
    return db.session().scalar(
        select(row)
        .join(Verification)
        .join(EmailedPin, EmailedPin.pending_sign_in_id == row.id)
        .where(
            Verification.session_id == session.id,
            Verification.interface == visitor.interface,
            Verification.expires_at > now(),
            row.tries_left > 0,
        )
        .order_by(EmailedPin.sent_at.desc())
        .limit(1)
    )
