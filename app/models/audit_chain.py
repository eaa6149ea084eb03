"""Where the chain of audit events begins and ends, and what it was on the way."""

from datetime import datetime

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.models.audit_event import POSITION

ONLY = 1  # the id of a table's only row
HASH = String(64)
SIGNATURE = String(64)


class AuditHead(Base):
    """One row: the last event's position and hash. Whoever appends an event holds its lock.

    `checkpoint_position` and `checkpoint_at` tell of the last checkpoint. The signature covers all
    of them. Made by the migration; written by operations.audit_writing.
    """

    __tablename__ = "audit_heads"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=ONLY)
    position: Mapped[int] = mapped_column(POSITION)
    hash: Mapped[str] = mapped_column(HASH)
    checkpoint_position: Mapped[int] = mapped_column(POSITION)
    checkpoint_at: Mapped[datetime | None]
    signature: Mapped[str] = mapped_column(SIGNATURE)


class AuditStart(Base):
    """One row, or none while no event was dropped: the last dropped event's position and hash.

    Written by operations.audit_retention.
    """

    __tablename__ = "audit_starts"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=ONLY)
    position: Mapped[int] = mapped_column(POSITION)
    hash: Mapped[str] = mapped_column(HASH)
    moved_at: Mapped[datetime]
    signature: Mapped[str] = mapped_column(SIGNATURE)


class AuditCheckpoint(Base):
    """What the chain's end was at some time, signed. Written by operations.audit_writing."""

    __tablename__ = "audit_checkpoints"

    position: Mapped[int] = mapped_column(POSITION, primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(HASH)
    made_at: Mapped[datetime]
    signature: Mapped[str] = mapped_column(SIGNATURE)
