"""Someone who can sign in."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.db import Base
from app.security.tokens import new_short_id


class Account(Base):
    """Who someone is. Written by operations.registration and .administration.

    `email` and `username` are as typed, to be shown and written to; `email_key` and
    `username_key` are their normal forms (security.identities), to be compared.
    `registered_at` is when somebody registered it; null where an administrator prepared it.
    `pin_chosen_at` is when the person chose e-mailed PINs as a second factor of their own.
    `removal_due_at` is when the account goes, after a week in which its owner may keep it.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        CheckConstraint("email_key IS NOT NULL OR username_key IS NOT NULL", name="identity"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    short_id: Mapped[str] = mapped_column(String(17), unique=True, default=new_short_id)
    email: Mapped[str | None] = mapped_column(String(320))
    email_key: Mapped[str | None] = mapped_column(String(320), unique=True)
    username: Mapped[str | None] = mapped_column(String(64))
    username_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    registered_at: Mapped[datetime | None]
    activated_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    pin_chosen_at: Mapped[datetime | None]
    removal_due_at: Mapped[datetime | None] = mapped_column(index=True)
    devices_valid_from: Mapped[datetime] = mapped_column(default=now)

    @property
    def shown_name(self) -> str:
        """What to call this person on a page or in a mail."""
        return self.name or self.username or self.email or ""
