"""Recovery codes: what opens an account whose factor is lost."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.db import Base


class RecoveryCode(Base):
    """One code of a set of ten; only its digest is kept. Written by operations.recovery_codes.

    Eighty random bits each, so that a plain digest hides it (ASVS 5.0, 6.5.2). Used once: by the
    statement that deletes it.
    """

    __tablename__ = "recovery_codes"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    account_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class RecoverySheet(Base):
    """A new set of codes, sealed, until its owner says that they are kept, or ten minutes pass.

    A page that is made by one request and shown by the next needs them for so long. They are
    sealed for the session that made them: nothing else ever has them again.
    """

    __tablename__ = "recovery_sheets"
    LIFETIME = timedelta(minutes=10)

    account_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True
    )
    sealed: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(index=True)
