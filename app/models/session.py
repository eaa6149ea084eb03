"""Being signed in."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.db import Base
from app.models.account import Account
from app.models.impersonation import Impersonation
from app.models.interface import INTERFACE, Interface
from app.models.membership import Membership
from app.models.pending_sign_in import FACTOR, Factor

FACTOR_FRESH = timedelta(minutes=10)


class Session(Base):
    """Someone is signed in; only the digest of the bearer is kept. See operations.sessions.

    `account_proved_at` is when the account's own way in was last met (its password and the
    strictest factor that any of its memberships asks); null in a session that holds seats
    only. `factor` is the factor last answered, at `factor_proved_at`; where a remembered device
    stood in for it, that is the one answered when the device was remembered.

    `impersonation_id` says that it is an administrator who acts, not the account's owner: nothing
    was proven then, and nothing ever is.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint(
            "impersonation_id IS NULL OR (account_proved_at IS NULL"
            " AND factor_proved_at IS NULL AND remembered_device_id IS NULL)",
            name="impersonation_proves_nothing",
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    interface: Mapped[Interface] = mapped_column(INTERFACE)
    address: Mapped[str] = mapped_column(String(64))
    user_agent: Mapped[str] = mapped_column(String(256))
    opened_at: Mapped[datetime] = mapped_column(default=now)
    last_seen_at: Mapped[datetime] = mapped_column(default=now)
    idle_seconds: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    account_proved_at: Mapped[datetime | None]
    factor: Mapped[Factor] = mapped_column(FACTOR, default=Factor.NONE)
    factor_proved_at: Mapped[datetime | None]
    remembered_device_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("remembered_devices.id", ondelete="SET NULL"), index=True
    )
    impersonation_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("impersonations.id", ondelete="CASCADE"), unique=True
    )

    account: Mapped[Account] = relationship(lazy="joined")
    impersonation: Mapped[Impersonation | None] = relationship()

    @property
    def idle_limit(self) -> timedelta:
        """How long the session lives without being used."""
        return timedelta(seconds=self.idle_seconds)

    def fresh_factor(self, moment: datetime) -> Factor:
        """Return the factor answered within the last ten minutes, if any was."""
        lately = self.factor_proved_at and self.factor_proved_at > moment - FACTOR_FRESH
        return self.factor if lately else Factor.NONE


class Seat(Base):
    """A membership that a session may act in, and the password it was opened with.

    `password_id` is null where a passkey was proven in the place of the account's password.
    """

    __tablename__ = "seats"
    __table_args__ = (UniqueConstraint("session_id", "membership_id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"))
    membership_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("memberships.id", ondelete="CASCADE"), index=True
    )
    password_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("passwords.id", ondelete="CASCADE"), index=True
    )
    factor: Mapped[Factor] = mapped_column(FACTOR)
    opened_at: Mapped[datetime] = mapped_column(default=now)

    membership: Mapped[Membership] = relationship(lazy="joined")
