"""Authenticator apps."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.db import Base


class TotpDevice(Base):
    """An authenticator app's secret, pending until it has produced one right code.

    An account has at most one confirmed and one pending: the old one works until the new one is
    proven. The secret is sealed, bound to this row. `last_step` is the newest time step that was
    accepted at a sign-in; it and older ones are refused. Written by operations.totp_setup and
    operations.second_factor.
    """

    __tablename__ = "totp_devices"
    __table_args__ = (
        Index(
            "uq_totp_devices_confirmed",
            "account_id",
            unique=True,
            sqlite_where=text("confirmed_at IS NOT NULL"),
            postgresql_where=text("confirmed_at IS NOT NULL"),
        ),
        Index(
            "uq_totp_devices_pending",
            "account_id",
            unique=True,
            sqlite_where=text("confirmed_at IS NULL"),
            postgresql_where=text("confirmed_at IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    sealed_secret: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(default=0)
