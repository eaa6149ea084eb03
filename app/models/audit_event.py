"""What happened, for those who have to know."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.db import Base
from app.models.interface import INTERFACE, Interface


class AuditEvent(Base):
    """One thing that happened to an account. Append-only; written by operations.audit.

    Accounts and organisations are named by id without a foreign key: an event outlives them.
    """

    __tablename__ = "audit_events"
    __table_args__ = (Index("ix_audit_events_of_account", "account_id", "id"),)

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    what: Mapped[str] = mapped_column(String(60))
    account_id: Mapped[uuid.UUID | None]
    by_account_id: Mapped[uuid.UUID | None]
    organisation_id: Mapped[uuid.UUID | None]
    interface: Mapped[Interface] = mapped_column(INTERFACE)
    address: Mapped[str] = mapped_column(String(64))
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
