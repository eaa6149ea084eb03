"""Whose password, address and username a directory has."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.db import Base
from app.models.account import Account


class DirectoryEntry(Base):
    """The directory's entry that an account is; written by operations.directory_people.

    `key` is what never changes of the entry (directory.entries.Entry). `seen_at` is when the
    directory last told of it, `gone_at` when it was first found to be there no more: nobody signs
    in by it then.
    """

    __tablename__ = "directory_entries"

    account_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(String(512), unique=True)
    seen_at: Mapped[datetime] = mapped_column(default=now)
    gone_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship()
