"""Recovery codes: ten secrets on paper, for whoever has lost the app or the passkey."""

import json

from sqlalchemy import delete, func, select

from app import config, db
from app.clock import now
from app.errors import NotEnabled, WrongCode
from app.models import Account, RecoveryCode, RecoverySheet, Session
from app.operations import accounts, audit, factors, news, remembered_devices, sessions
from app.operations.visitor import Visitor
from app.security import sealing
from app.security.sealing import Unsealable
from app.security.tokens import digest, is_recovery_code, new_recovery_code, normal_typed_code

SIZE = 10
FEW = 3  # from here on people are warned


def renew(session: Session, visitor: Visitor) -> None:
    """Make a new set; the old one dies. `sheet_of` shows it.

    Raises ProofRequired, and NotEnabled where there is no factor that a code could stand for.
    """
    sessions.require_account_proof(session)
    with db.transaction():
        accounts.hold(Account.id == session.account_id)
        account = session.account
        if not factors.of(account).strong:
            raise NotEnabled
        make(session)
        remembered_devices.forget_all(account)
        news.tell("recovery_codes_made", account, visitor, session_id=session.id)
        audit.record("recovery_codes_made", visitor, account_id=account.id)


def make(session: Session) -> None:
    """Give a session's account a new set in the caller's transaction; older codes die with it.

    The set is sealed for this session: no other is shown it.
    """
    account = session.account
    forget(account)
    codes = [new_recovery_code() for _ in range(SIZE)]
    current = db.session()
    current.add_all(RecoveryCode(account_id=account.id, digest=_digest(each)) for each in codes)
    plain = json.dumps(codes).encode()
    sealed = sealing.seal(config.current().secret_keys, plain, _place(session))
    expires_at = now() + RecoverySheet.LIFETIME
    current.add(RecoverySheet(account_id=account.id, sealed=sealed, expires_at=expires_at))


def forget(account: Account) -> None:
    """Let all codes of an account die, in the caller's transaction."""
    for table in (RecoveryCode, RecoverySheet):
        db.session().execute(delete(table).where(table.account_id == account.id))


def sheet_of(session: Session) -> list[str]:
    """Return a set that this session made within ten minutes and has not said to be kept.

    Empty where there is none. Changes nothing. Raises ProofRequired unless the session met the
    account's own way in.
    """
    sessions.require_account(session)
    sheet = db.session().get(RecoverySheet, session.account_id)
    if sheet is None or sheet.expires_at <= now():
        return []
    try:
        plain = sealing.unseal(config.current().secret_keys, sheet.sealed, _place(session))
    except Unsealable:
        return []  # another session's
    codes: list[str] = json.loads(plain)
    return codes


def keep(session: Session) -> None:
    """Note that the codes are kept: nothing shows them any more."""
    sessions.require_account(session)
    account_id = session.account_id
    with db.transaction() as current:
        current.execute(delete(RecoverySheet).where(RecoverySheet.account_id == account_id))


def left(account: Account) -> int:
    """Return how many unused codes an account has."""
    counted = select(func.count()).where(RecoveryCode.account_id == account.id)
    return db.session().scalar(counted) or 0


def spend(account: Account, code: str, visitor: Visitor) -> None:
    """Use a code up in the caller's transaction and mail its owner, or raise WrongCode."""
    row = RecoveryCode
    fits = delete(row).where(row.account_id == account.id, row.digest == _digest(code))
    if not is_recovery_code(code) or db.session().scalar(fits.returning(row.id)) is None:
        raise WrongCode
    remaining = left(account)
    words = {"left": str(remaining), "few": "few" if remaining <= FEW else ""}
    news.tell("recovery_code_used", account, visitor, words)
    audit.record("recovery_code_used", visitor, account_id=account.id, left=remaining)


def _digest(code: str) -> str:
    return digest(normal_typed_code(code))


def _place(session: Session) -> str:
    return f"recovery:{session.account.id}:{session.id}"
