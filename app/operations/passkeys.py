"""An account's passkeys: making one, giving it another name, taking it away."""

import uuid
from typing import Any

from sqlalchemy import delete, func, select, update

from app import db
from app.clock import now
from app.errors import AlreadyExists, NotFound, Refusal
from app.models import Account, ChallengeFor, Factor, Passkey, Session
from app.operations import (
    audit,
    factor_changes,
    factors,
    passkey_answers,
    passkey_challenges,
    recovery_codes,
    sessions,
)
from app.operations.passkey_challenges import of_session
from app.operations.visitor import Visitor
from app.security import webauthn
from app.security.webauthn import NewPasskey, Owner

MOST = 20  # of one account: a row for each device that somebody could have


def options(session: Session) -> dict[str, Any]:
    """Return what to hand to a browser so that it makes a passkey for this session's account.

    Raises ProofRequired.
    """
    factor_changes.require_proof(session)
    with db.transaction():
        account = session.account
        owner = Owner(account.id, account.email or account.username or "", account.shown_name)
        challenge = passkey_challenges.issue(of_session(ChallengeFor.ADDING, session))
        known = passkey_answers.known(account)
        site, timeout = passkey_answers.site(), passkey_answers.TIMEOUT_MS
        return webauthn.making(site, owner, challenge, known, timeout)


def add(session: Session, name: str, credential: str, visitor: Visitor) -> str | None:
    """Keep the passkey that a browser made; return the session's new bearer.

    All other sessions end. Makes recovery codes where the account has none. Raises ProofRequired,
    WrongCode, AlreadyExists where some account has this passkey, and Refusal beyond twenty.
    """
    factor_changes.require_proof(session)
    presented = webauthn.read(credential)
    with db.transaction():
        asking = of_session(ChallengeFor.ADDING, session)
        passkey_challenges.spend(presented.challenge, asking)
    made = webauthn.verify_new(passkey_answers.site(), presented)
    session_id = session.id
    with db.transaction():
        account = factor_changes.held(session_id)
        added = _keep(account, name, made)
        if recovery_codes.left(account) == 0:
            recovery_codes.make(session)
        factor_changes.has_answered(session, Factor.PASSKEY)
        return factor_changes.settle(
            session, "passkey_added", "passkey_added", visitor, added=added
        )


def rename(session: Session, passkey_id: uuid.UUID, name: str, visitor: Visitor) -> None:
    """Call one of the account's passkeys something else. Raises ProofRequired and NotFound."""
    sessions.require_account(session)
    account_id, row = session.account_id, Passkey
    with db.transaction() as current:
        mine = update(row).where(row.id == passkey_id, row.account_id == account_id)
        if current.scalar(mine.values(name=name).returning(row.id)) is None:
            raise NotFound
        audit.record("passkey_renamed", visitor, account_id=account_id)


def remove(session: Session, passkey_id: uuid.UUID, visitor: Visitor) -> str | None:
    """Take one of the account's passkeys away; return the session's new bearer.

    All other sessions end, and with the last strong factor the recovery codes go. Raises
    ProofRequired, NotFound, and FactorDemanded where an organisation needs it.
    """
    sessions.require_account_proof(session)
    session_id, row = session.id, Passkey
    with db.transaction() as current:
        account = factor_changes.held(session_id)
        mine = delete(row).where(row.id == passkey_id, row.account_id == account.id)
        if current.scalar(mine.returning(row.id)) is None:
            raise NotFound
        factor_changes.require_not_demanded(account, factors.of(account))
        return factor_changes.settle(session, "passkey_removed", "passkey_removed", visitor)


def of(session: Session) -> list[Passkey]:
    """Return the passkeys of this session's account, the oldest first.

    Raises ProofRequired unless the session met the account's own way in.
    """
    sessions.require_account(session)
    return passkey_answers.of(session.account)


def find(session: Session, passkey_id: uuid.UUID) -> Passkey:
    """Return one of the account's passkeys. Raises ProofRequired and NotFound."""
    found = next((each for each in of(session) if each.id == passkey_id), None)
    if found is None:
        raise NotFound
    return found


def _keep(account: Account, name: str, made: NewPasskey) -> Passkey:
    """Add the row; its account is held, so that nobody else adds one meanwhile."""
    mine = select(func.count()).where(Passkey.account_id == account.id)
    if (db.session().scalar(mine) or 0) >= MOST:
        raise Refusal
    facts = {"id": uuid.uuid4(), "account_id": account.id, "name": name, "created_at": now()}
    row = db.upsert(Passkey).values(**facts, **vars(made)).returning(Passkey.id)
    added = row.on_conflict_do_nothing(index_elements=[Passkey.credential_id])
    passkey_id = db.session().scalar(added)
    if passkey_id is None:
        raise AlreadyExists
    return db.session().get_one(Passkey, passkey_id)
