"""Challenges for passkeys: each asked for one thing, good for one answer, for five minutes."""

import uuid
from dataclasses import asdict, dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, delete

from app import config, db
from app.clock import now
from app.errors import TooManyTries, WrongCode
from app.models import ChallengeFor, Counted, PasskeyChallenge, PendingSignIn, Session
from app.operations import lockout
from app.operations.lockout import Limit
from app.security.tokens import digest, new_secret

# One for each time that the sign-in page is opened: a school's first lesson, and no more rows.
OF_STRANGERS = Limit(Counted.ASKING, 300, PasskeyChallenge.LIFETIME, timedelta(minutes=5))


@dataclass(frozen=True)
class Asking:
    """What a passkey is asked for, and by whom: an answer is good for nothing else."""

    asked_for: ChallengeFor
    account_id: uuid.UUID | None = None
    pending_sign_in_id: uuid.UUID | None = None
    session_id: uuid.UUID | None = None


ANYBODY = Asking(ChallengeFor.SIGN_IN)


def of_sign_in(pending: PendingSignIn) -> Asking:
    """Return what asks at the second step of one sign-in."""
    who = pending.verification.account_id
    return Asking(ChallengeFor.SECOND_FACTOR, account_id=who, pending_sign_in_id=pending.id)


def of_session(asked_for: ChallengeFor, session: Session) -> Asking:
    """Return what asks inside one session."""
    return Asking(asked_for, account_id=session.account_id, session_id=session.id)


def issue(asking: Asking) -> str:
    """Return a new challenge, in the caller's transaction: 256 random bits in base64url.

    The one that the same session or sign-in was given before dies, so that rows stay few.
    """
    current, challenge = db.session(), new_secret()
    current.execute(delete(PasskeyChallenge).where(_of(asking)))
    current.add(_row(asking, challenge))
    return challenge


def issue_to_anybody(network: str) -> str:
    """Return a challenge for somebody who has not said who they are; a transaction of its own.

    Raises TooManyTries where too many were given to one network within five minutes.
    """
    challenge = new_secret()
    with db.transaction() as current:
        if config.current().rate_limits:
            until = lockout.charge(OF_STRANGERS, f"passkey:{network}")
            if until is not None:
                raise TooManyTries(lockout.seconds_until(until))
        current.add(_row(ANYBODY, challenge))
    return challenge


def spend(challenge: str, asking: Asking) -> None:
    """Use a challenge up in the caller's transaction, or raise WrongCode.

    It is unknown, older than five minutes, answered already, or was asked for something else.
    """
    row = PasskeyChallenge
    live = (row.digest == digest(challenge), row.expires_at > now())
    spent = delete(row).where(*live, _of(asking)).returning(row.id)
    if db.session().scalar(spent) is None:
        raise WrongCode


def _row(asking: Asking, challenge: str) -> PasskeyChallenge:
    expires_at = now() + PasskeyChallenge.LIFETIME
    return PasskeyChallenge(digest=digest(challenge), expires_at=expires_at, **asdict(asking))


def _of(asking: Asking) -> ColumnElement[bool]:
    """Return what holds for challenges that were given for this; null is a value like others."""
    row = PasskeyChallenge
    return and_(
        row.asked_for == asking.asked_for,
        row.account_id == asking.account_id,
        row.pending_sign_in_id == asking.pending_sign_in_id,
        row.session_id == asking.session_id,
    )
