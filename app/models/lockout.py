"""What is remembered of failed tries, and of where somebody is known."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.db import Base, key_text, words


class Counted(enum.StrEnum):
    """What a count of failures belongs to."""

    IDENTITY = "identity"
    MEMBERSHIP = "membership"
    NETWORK = "network"
    FACTOR = "factor"
    FACTOR_EVER = "factor_ever"
    ASKING = "asking"
    PURGING = "purging"  # no failure: a turn that one of many servers takes


class FailedSignIns(Base):
    """The failures of one subject in one window of time. Written by operations.lockout.

    `turned_away` is how many tries the lock that lasts has turned away.
    """

    __tablename__ = "failed_sign_ins"
    __table_args__ = (
        Index(
            "ix_failed_sign_ins_locked",
            "counted",
            "subject",
            sqlite_where=text("locked_until IS NOT NULL"),
            postgresql_where=text("locked_until IS NOT NULL"),
        ),
    )

    counted: Mapped[Counted] = mapped_column(
        words(Counted),
        primary_key=True,
    )
    subject: Mapped[str] = mapped_column(key_text(200), primary_key=True)
    failures: Mapped[int]
    window_ends_at: Mapped[datetime] = mapped_column(index=True)
    locked_until: Mapped[datetime | None]
    turned_away: Mapped[int] = mapped_column(default=0, server_default=text("0"))


class KnownNetwork(Base):
    """A network address from which an account signed in. Written by operations.known_devices."""

    __tablename__ = "known_networks"

    account_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True
    )
    network: Mapped[str] = mapped_column(String(64), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(default=now, index=True)
