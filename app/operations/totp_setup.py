"""Setting up an authenticator app, replacing it, and taking it away.

A secret that waits to be confirmed is sealed for whoever asked for it: a session of the pages, or
a sign-in that has to enrol. Nobody else is shown it, or could have seen it before: an app that its
owner confirms never has a secret that somebody else was given. The secrets of contract 004, whose
clients may sign in between its calls, are those of the account.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import delete, select, update

from app import config, db
from app.clock import now
from app.errors import AlreadyEnabled, NotEnabled, SecretNotSet, WrongCode
from app.models import Account, Factor, Organisation, Session, TotpDevice
from app.operations import (
    audit,
    factor_changes,
    factor_locks,
    factors,
    news,
    recovery_codes,
    remembered_devices,
    second_factor,
    sessions,
    turned_away,
)
from app.operations.visitor import Visitor
from app.security import sealing, totp
from app.security.sealing import Unsealable

ISSUER = "Doorward"


def generate(session: Session) -> str:
    """Give the account a new pending secret; return it, in base32. For contract 004.

    Raises ProofRequired, or AlreadyEnabled where an app is confirmed.
    """
    sessions.require_account_proof(session)
    session_id = session.id
    with db.transaction():
        account = factor_changes.held(session_id)
        if second_factor.device_of(account) is not None:
            raise AlreadyEnabled
        _forget_pending(account)
        return pending_secret(account)


def begin(session: Session) -> None:
    """Give the account a new pending secret, also beside a confirmed app, which goes on working.

    Raises ProofRequired.
    """
    factor_changes.require_proof(session)
    session_id = session.id
    with db.transaction():
        account = factor_changes.held(session_id)
        _forget_pending(account)
        pending_secret(account, session_id)


def waiting(session: Session) -> str | None:
    """Return the secret that this session asked for and has not confirmed, in base32, if any.

    Changes nothing. Raises ProofRequired.
    """
    factor_changes.require_proof(session)
    return waiting_secret(session.account, session.id)


def enable(session: Session, code: str, visitor: Visitor) -> None:
    """Confirm the pending app by its first code; all other sessions of the account end.

    For contract 004. Raises ProofRequired, AlreadyEnabled, SecretNotSet, TooManyCodes and
    WrongCode. The code stays good for a sign-in: clients enable and sign in within one time step.
    """
    sessions.require_account(session)
    session_id = session.id
    _charged(session_id, visitor)
    with _wrong_ones_noted(session_id, visitor), db.transaction():
        account = factor_changes.held(session_id)
        if second_factor.device_of(account) is not None:
            raise AlreadyEnabled
        _right_step(account, code)
        added = _accept(account)
        factor_changes.has_answered(session, Factor.CODE)
        factor_changes.settle(session, "app_added", "app_enabled", visitor, added=added)


def confirm(session: Session, code: str, visitor: Visitor) -> str | None:
    """Confirm the pending app, in the place of the old one if there is one; return the new bearer.

    The code is spent with it. Makes recovery codes where the account has none. Raises
    ProofRequired, SecretNotSet, TooManyCodes and WrongCode.
    """
    factor_changes.require_proof(session)
    session_id = session.id
    _charged(session_id, visitor)
    with _wrong_ones_noted(session_id, visitor), db.transaction():
        account = factor_changes.held(session_id)
        replaced = _replace(account, code, session_id)
        if recovery_codes.left(account) == 0:
            recovery_codes.make(session)
        factor_changes.has_answered(session, Factor.CODE)
        if replaced:
            return factor_changes.settle(session, "app_replaced", "app_replaced", visitor)
        added = second_factor.device_of(account)
        return factor_changes.settle(session, "app_added", "app_enabled", visitor, added=added)


def disable(session: Session, code: str, visitor: Visitor) -> None:
    """Take the app away, shown one of its codes; all other sessions of the account end.

    For contract 004. Raises ProofRequired, NotEnabled, FactorDemanded, TooManyCodes and WrongCode.
    """
    sessions.require_account_proof(session)
    session_id = session.id
    _charged(session_id, visitor)
    with _wrong_ones_noted(session_id, visitor), db.transaction():
        account = factor_changes.held(session_id)
        device = second_factor.device_of(account)
        if device is None:
            raise NotEnabled
        if totp.matching_step(second_factor.secret_of(device), code, now()) is None:
            raise WrongCode
        _remove(session, account, visitor)


def remove(session: Session, visitor: Visitor) -> str | None:
    """Take the app away, by a fresh proof of whatever factor; return the session's new bearer.

    Raises ProofRequired, NotEnabled, and FactorDemanded where an organisation needs it.
    """
    sessions.require_account_proof(session)
    session_id = session.id
    with db.transaction():
        account = factor_changes.held(session_id)
        if second_factor.device_of(account) is None:
            raise NotEnabled
        return _remove(session, account, visitor)


def pending_secret(account: Account, asked_by: uuid.UUID | None = None) -> str:
    """Return the secret that waits to be confirmed, made now if `asked_by` has none.

    In the caller's transaction. Another's that waits goes.
    """
    if waiting := waiting_secret(account, asked_by):
        return waiting
    _forget_pending(account)
    secret, identifier = totp.new_secret(), uuid.uuid4()
    device = TotpDevice(id=identifier, account_id=account.id)
    device.sealed_secret = _sealed(secret, second_factor.place_of(device, asked_by))
    db.session().add(device)
    db.session().flush()
    return secret


def waiting_secret(account: Account, asked_by: uuid.UUID | None = None) -> str | None:
    """Return the secret that waits to be confirmed, in base32, if one does. Changes nothing."""
    device = _pending_of(account)
    if device is None:
        return None
    try:
        return second_factor.secret_of(device, asked_by)
    except Unsealable:
        return None  # another's


def uri(account: Account, secret: str, place: Organisation | None = None) -> str:
    """Return what an authenticator app reads from the QR code; it shows whose it is, and where."""
    who = account.email or account.username or ""
    return totp.uri(secret, f"{who} ({place.name})" if place else who, ISSUER)


def confirm_first(
    account: Account,
    code: str,
    asked_by: uuid.UUID,
    visitor: Visitor,
    *,
    but: uuid.UUID | None,
) -> None:
    """Confirm the app of a sign-in in the caller's transaction, or raise WrongCode.

    At a sign-in the code is spent with it. Every session ends but the one that asked (`but`).
    """
    _replace(account, code, asked_by)
    theirs = delete(Session).where(Session.account_id == account.id)
    db.session().execute(theirs if but is None else theirs.where(Session.id != but))
    remembered_devices.forget_all(account)
    added = second_factor.device_of(account)
    news.tell("app_added", account, visitor, **factor_changes.undone_by_mail(account, added, but))


def _replace(account: Account, code: str, asked_by: uuid.UUID) -> bool:
    """Confirm the pending app and spend the code; tell whether it took another's place."""
    old = second_factor.device_of(account)
    step = _right_step(account, code, asked_by)
    if old is not None:
        db.session().execute(delete(TotpDevice).where(TotpDevice.id == old.id))
    _accept(account, asked_by)
    mine = TotpDevice.account_id == account.id
    db.session().execute(update(TotpDevice).where(mine).values(last_step=step))
    return old is not None


def _remove(session: Session, account: Account, visitor: Visitor) -> str | None:
    factor_changes.require_not_demanded(account, replace(factors.of(account), app=False))
    db.session().execute(delete(TotpDevice).where(TotpDevice.account_id == account.id))
    return factor_changes.settle(session, "app_removed", "app_disabled", visitor)


def _charged(session_id: uuid.UUID, visitor: Visitor) -> None:
    """Count the try in a transaction of its own: what is refused later stays counted."""
    with turned_away.noticed(visitor), db.transaction():
        second_factor.charge(factor_changes.held(session_id))


@contextmanager
def _wrong_ones_noted(session_id: uuid.UUID, visitor: Visitor) -> Iterator[None]:
    """Write a wrong code down, once what it was to do is undone, and tell whether it locked."""
    try:
        yield
    except WrongCode:
        with db.transaction():
            account, factor = factor_changes.held(session_id), Factor.CODE.value
            audit.record("wrong_code", visitor, account_id=account.id, factor=factor)
            factor_locks.tell(account, visitor, session_id)
        raise


def _right_step(account: Account, code: str, asked_by: uuid.UUID | None = None) -> int:
    """Return the time step of the pending app's code; raises SecretNotSet and WrongCode."""
    secret = waiting_secret(account, asked_by)
    if secret is None:
        raise SecretNotSet
    step = totp.matching_step(secret, code, now())
    if step is None:
        raise WrongCode(totp.clock_offset(secret, code, now()))
    return step


def _accept(account: Account, asked_by: uuid.UUID | None = None) -> TotpDevice:
    """Make the pending app the account's own, once it has shown a right code."""
    device = _pending_of(account)
    if device is None:
        raise SecretNotSet
    sealed = _sealed(second_factor.secret_of(device, asked_by), second_factor.place_of(device))
    first = update(TotpDevice).where(TotpDevice.id == device.id, TotpDevice.confirmed_at.is_(None))
    won = first.values(confirmed_at=now(), sealed_secret=sealed).returning(TotpDevice.id)
    if db.session().scalar(won) is None:
        raise AlreadyEnabled
    return device


def _sealed(secret: str, place: str) -> str:
    return sealing.seal(config.current().secret_keys, secret.encode(), place)


def _pending_of(account: Account) -> TotpDevice | None:
    theirs = TotpDevice.account_id == account.id
    return db.session().scalar(select(TotpDevice).where(theirs, TotpDevice.confirmed_at.is_(None)))


def _forget_pending(account: Account) -> None:
    waiting = (TotpDevice.account_id == account.id, TotpDevice.confirmed_at.is_(None))
    db.session().execute(delete(TotpDevice).where(*waiting))
