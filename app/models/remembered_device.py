"""Devices on which the second factor is not asked for a while."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.db import Base
from app.models.pending_sign_in import FACTOR, Factor


class RememberedDevice(Base):
    """A device where somebody answered a factor and asked to be trusted for some days.

    `digest` is of the device's name in the signed known-device cookie. `factor` is what was
    answered there, at `proved_at`: it stands for no more than that. Written by
    operations.remembered_devices.
    """

    __tablename__ = "remembered_devices"
    __table_args__ = (UniqueConstraint("account_id", "digest"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(String(64))
    factor: Mapped[Factor] = mapped_column(FACTOR)
    proved_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    address: Mapped[str] = mapped_column(String(64))
    user_agent: Mapped[str] = mapped_column(String(256))
