"""Tickets: secrets sent by mail that open one door, once, for a while.

Each purpose has its own table, so that a ticket for one door cannot open another. A ticket is
a link, and beside it a code to type where the link cannot be followed; only their digests are
kept. See operations.tickets.
"""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from app.clock import now
from app.db import Base
from app.models.account import Account


class Ticket(Base):
    """What all tickets share."""

    __abstract__ = True
    LIFETIME: ClassVar[timedelta]
    TRIES: ClassVar[int] = 5

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    code_digest: Mapped[str] = mapped_column(String(64))
    tries_left: Mapped[int] = mapped_column(default=TRIES)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    account_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )

    @declared_attr
    def account(cls) -> Mapped[Account]:  # noqa: N805 (SQLAlchemy passes the class)
        """Whose door it is."""
        return relationship(Account)


class ActivationTicket(Ticket):
    """Confirms that an address belongs to who registered it. See operations.registration.

    `browser_digest` is of the secret that the registering browser keeps; null where none did.
    `passwords_left` counts by itself: a stranger can use up `tries_left` without the mail.
    """

    __tablename__ = "activation_tickets"
    LIFETIME = timedelta(hours=24)

    browser_digest: Mapped[str | None] = mapped_column(String(64))
    passwords_left: Mapped[int] = mapped_column(default=Ticket.TRIES)


class ResetTicket(Ticket):
    """Lets its holder set a new password. See operations.passwords.

    `organisation_id` names the organisation whose own password is to be set; null for the
    account's.
    """

    __tablename__ = "reset_tickets"
    LIFETIME = timedelta(hours=1)

    organisation_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("organisations.id", ondelete="CASCADE"), index=True
    )


class UnlockTicket(Ticket):
    """Opens the locks that failed tries left on an account. See operations.unlocking."""

    __tablename__ = "unlock_tickets"
    LIFETIME = timedelta(hours=1)


class AddressTicket(Ticket):
    """Makes `new_email` the account's address: it went there. See operations.addresses."""

    __tablename__ = "address_tickets"
    LIFETIME = timedelta(hours=24)

    new_email: Mapped[str] = mapped_column(String(320))
    new_email_key: Mapped[str] = mapped_column(String(320))


class NotMeTicket(Ticket):
    """Takes back what somebody else did to the account. See operations.not_me.

    Goes with each mail that tells of something: `session_id` is the session that did it, to be
    ended; the others are what is undone: the address that was replaced, the first app or passkey
    that was added. `organisation_id` names the organisation whose own password was changed. Several
    live beside one another: each mail's stays good.
    """

    __tablename__ = "not_me_tickets"
    LIFETIME = timedelta(days=3)

    session_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("sessions.id", ondelete="SET NULL"), index=True
    )
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("organisations.id", ondelete="SET NULL"), index=True
    )
    former_email: Mapped[str | None] = mapped_column(String(320))
    totp_device_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("totp_devices.id", ondelete="SET NULL"), index=True
    )
    passkey_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("passkeys.id", ondelete="SET NULL"), index=True
    )
