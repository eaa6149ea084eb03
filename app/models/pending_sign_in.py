"""The time between the password and the session.

A verification is one proven password; each way in that it opened is a pending sign-in of its
own, whose secret is the *handle*. Nothing else remembers that somebody is half-way.
"""

import enum
import uuid
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.db import Base, words
from app.models.account import Account
from app.models.interface import INTERFACE, Interface
from app.models.membership import Membership


class Factor(enum.StrEnum):
    """What a way in wants after the password, and what was answered.

    RECOVERY is never wanted: a recovery code is taken in the place of a CODE or a PASSKEY.
    """

    NONE = "none"
    PIN = "pin"
    CODE = "code"
    PASSKEY = "passkey"
    RECOVERY = "recovery"
    ENROLMENT = "enrolment"


FACTOR = words(Factor)


class Verification(Base):
    """Somebody proved a password, or a passkey. Written by operations.sign_in.

    `passkey_id` names the passkey that took the place of the account's password and of its factor;
    null where a password was proven. `session_id` names the session that asked for one more seat,
    or for a fresh proof; it is null where a new session is to be opened. `keep` asks for a session
    of thirty days.
    """

    __tablename__ = "verifications"
    LIFETIME = timedelta(minutes=10)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    session_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("sessions.id", ondelete="CASCADE"), index=True
    )
    passkey_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("passkeys.id", ondelete="CASCADE"), index=True
    )
    interface: Mapped[Interface] = mapped_column(INTERFACE)
    network: Mapped[str] = mapped_column(String(64), default="", server_default="")
    keep: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime] = mapped_column(index=True)

    account: Mapped[Account] = relationship()


class PendingSignIn(Base):
    """One way in that a password opened: a membership, or the account as a whole.

    `password_id` is null where a passkey was proven instead. `chosen` is the factor that the
    person would rather answer, among those that are good here. Spent by the statement that opens
    the session. `tries_left` counts wrong answers to the second factor over all PINs that this
    handle is sent. `pin_proved_at` is when a PIN was answered on the way to setting up an
    authenticator app.
    """

    __tablename__ = "pending_sign_ins"
    TRIES = 5

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    verification_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("verifications.id", ondelete="CASCADE"), index=True
    )
    membership_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("memberships.id", ondelete="CASCADE"), index=True
    )
    password_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("passwords.id", ondelete="CASCADE"), index=True
    )
    password_changed_at: Mapped[datetime | None]
    factor: Mapped[Factor] = mapped_column(FACTOR)
    chosen: Mapped[Factor | None] = mapped_column(FACTOR)
    tries_left: Mapped[int] = mapped_column(default=TRIES)
    proceeded_at: Mapped[datetime | None]
    pin_proved_at: Mapped[datetime | None]

    verification: Mapped[Verification] = relationship(lazy="joined")
    membership: Mapped[Membership | None] = relationship()


class EmailedPin(Base):
    """The one PIN that a pending sign-in can be answered with; a resend replaces it.

    Kept as an HMAC under the portal's key: six digits have no entropy to hide behind a plain
    digest (ASVS 5.0, 6.5.2). Written by operations.second_factor.
    """

    __tablename__ = "emailed_pins"
    LIFETIME = timedelta(minutes=10)

    pending_sign_in_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("pending_sign_ins.id", ondelete="CASCADE"), primary_key=True
    )
    digest: Mapped[str] = mapped_column(String(64))
    sends: Mapped[int]
    sent_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
