"""Passkeys (WebAuthn credentials), and the challenges that wait to be answered with one."""

import enum
import uuid
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.db import Base, words
from app.models.account import Account


class Passkey(Base):
    """One passkey of an account; it may have several. Written by operations.passkeys.

    `credential_id` is the authenticator's name for it, in unpadded base64url, unique over all
    accounts. `sign_count` is the highest that it sent; one that counts never goes back.
    """

    __tablename__ = "passkeys"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    account_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(String(100))
    transports: Mapped[str] = mapped_column(String(100), default="")
    backed_up: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship()


class ChallengeFor(enum.StrEnum):
    """What a passkey is asked for."""

    ADDING = "adding"
    SIGN_IN = "sign_in"  # without a password
    SECOND_FACTOR = "second_factor"
    CONFIRMING = "confirming"


class PasskeyChallenge(Base):
    """A challenge that one passkey answers, once, within five minutes (WebAuthn section 13.4.3).

    `digest` is of the random challenge, which the browser gets. `account_id` is null where nobody
    said yet who signs in; `pending_sign_in_id` and `session_id` name what asked, where something
    did. Spent by the statement that deletes it. Written by operations.passkeys.
    """

    __tablename__ = "passkey_challenges"
    LIFETIME = timedelta(minutes=5)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    asked_for: Mapped[ChallengeFor] = mapped_column(words(ChallengeFor))
    account_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    pending_sign_in_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("pending_sign_ins.id", ondelete="CASCADE"), index=True
    )
    session_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("sessions.id", ondelete="CASCADE"), index=True
    )
    expires_at: Mapped[datetime] = mapped_column(index=True)
