"""Setting up an authenticator app, and taking it away."""

import uuid

from sqlalchemy import delete, select, update

from app import config, db
from app.clock import now
from app.errors import AlreadyEnabled, NotEnabled, NotSignedIn, SecretNotSet, WrongCode
from app.mail import outbox
from app.models import Account, Factor, Seat, Session, TotpDevice
from app.operations import audit, second_factor, sessions
from app.operations.visitor import Visitor
from app.security import sealing, totp

ISSUER = "Doorward"


def generate(session: Session) -> str:
    """Give the account a new pending secret; return it, in base32.

    Raises ProofRequired, or AlreadyEnabled where an app is confirmed.
    """
    sessions.require_account_proof(session)
    session_id = session.id
    with db.transaction():
        account = _held(session_id)
        if second_factor.device_of(account) is not None:
            raise AlreadyEnabled
        _forget_pending(account)
        return pending_secret(account)


def enable(session: Session, code: str, visitor: Visitor) -> None:
    """Confirm the pending app by its first code; all other sessions of the account end.

    Raises ProofRequired, AlreadyEnabled, SecretNotSet, TooManyCodes and WrongCode. The code stays
    good for a sign-in: clients of contract 004 enable and sign in within one time step.
    """
    sessions.require_account(session)
    session_id = session.id
    _charged(session_id)
    with db.transaction():
        account = _held(session_id)
        if second_factor.device_of(account) is not None:
            raise AlreadyEnabled
        _confirm(account, code)
        second_factor.forgive(account)
        _has_answered(session)
        sessions.end_all_of(account.id, but=session_id)
        _tell(account, "app_added")
        audit.record("app_enabled", visitor, account_id=account.id)


def disable(session: Session, code: str, visitor: Visitor) -> None:
    """Take the app away; all other sessions of the account end.

    Raises ProofRequired, NotEnabled, TooManyCodes and WrongCode.
    """
    sessions.require_account_proof(session)
    session_id = session.id
    _charged(session_id)
    with db.transaction():
        account = _held(session_id)
        device = second_factor.device_of(account)
        if device is None:
            raise NotEnabled
        if totp.matching_step(second_factor.secret_of(device), code, now()) is None:
            raise WrongCode
        db.session().execute(delete(TotpDevice).where(TotpDevice.account_id == account.id))
        second_factor.forgive(account)
        sessions.end_all_of(account.id, but=session_id)
        _tell(account, "app_removed")
        audit.record("app_disabled", visitor, account_id=account.id)


def pending_secret(account: Account) -> str:
    """Return the secret that waits to be confirmed, made now if there is none.

    In the caller's transaction.
    """
    if waiting := waiting_secret(account):
        return waiting
    secret, identifier = totp.new_secret(), uuid.uuid4()
    keys = config.current().secret_keys
    sealed = sealing.seal(keys, secret.encode(), f"totp:{identifier}")
    db.session().add(TotpDevice(id=identifier, account_id=account.id, sealed_secret=sealed))
    db.session().flush()
    return secret


def waiting_secret(account: Account) -> str | None:
    """Return the secret that waits to be confirmed, in base32, if one does. Changes nothing."""
    device = _pending_of(account)
    return second_factor.secret_of(device) if device else None


def uri(account: Account, secret: str) -> str:
    """Return what an authenticator app reads from the QR code."""
    return totp.uri(secret, account.email or account.username or "", ISSUER)


def confirm_first(account: Account, code: str, *, but: uuid.UUID | None) -> None:
    """Confirm the pending app in the caller's transaction, or raise WrongCode.

    At a sign-in the code is spent with it. Every session ends but the one that asked (`but`).
    """
    step = _confirm(account, code)
    mine = TotpDevice.account_id == account.id
    db.session().execute(update(TotpDevice).where(mine).values(last_step=step))
    theirs = delete(Session).where(Session.account_id == account.id)
    db.session().execute(theirs if but is None else theirs.where(Session.id != but))
    _tell(account, "app_added")


def _charged(session_id: uuid.UUID) -> None:
    """Count the try in a transaction of its own: what is refused later stays counted."""
    with db.transaction():
        second_factor.charge(_held(session_id))


def _held(session_id: uuid.UUID) -> Account:
    """Return a session's account, held until the transaction ends: its apps change in turns.

    Raises NotSignedIn where the session ended meanwhile.
    """
    mine = select(Account).join(Session, Session.account_id == Account.id)
    held = mine.where(Session.id == session_id).with_for_update(of=Account)
    account = db.session().scalar(held.execution_options(populate_existing=True))
    if account is None:
        raise NotSignedIn
    return account


def _confirm(account: Account, code: str) -> int:
    device = _pending_of(account)
    if device is None:
        raise SecretNotSet
    step = totp.matching_step(second_factor.secret_of(device), code, now())
    if step is None:
        raise WrongCode
    first = update(TotpDevice).where(TotpDevice.id == device.id, TotpDevice.confirmed_at.is_(None))
    won = first.values(confirmed_at=now()).returning(TotpDevice.id)
    if db.session().scalar(won) is None:
        raise AlreadyEnabled
    return step


def _pending_of(account: Account) -> TotpDevice | None:
    theirs = TotpDevice.account_id == account.id
    return db.session().scalar(select(TotpDevice).where(theirs, TotpDevice.confirmed_at.is_(None)))


def _forget_pending(account: Account) -> None:
    waiting = (TotpDevice.account_id == account.id, TotpDevice.confirmed_at.is_(None))
    db.session().execute(delete(TotpDevice).where(*waiting))


def _has_answered(session: Session) -> None:
    """Let the session that proved the app go on with it."""
    session.factor, session.factor_proved_at = Factor.CODE, now()
    seats = update(Seat).where(Seat.session_id == session.id)
    db.session().execute(seats.values(factor=Factor.CODE))


def _tell(account: Account, kind: str) -> None:
    words = {
        "name": account.shown_name,
        "forgotten_link": f"{config.current().base_url}/forgotten",
    }
    outbox.put(kind, account, words)
