"""Contract 004's refresh tokens."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.db import Base


class RefreshToken(Base):
    """One token of a session's family; using it makes the next. Only digests are kept.

    Lives thirty days from the sign-in, however often it is renewed. Written by
    operations.refreshing.
    """

    __tablename__ = "refresh_tokens"
    GRACE = timedelta(seconds=10)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    session_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("sessions.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime | None]
