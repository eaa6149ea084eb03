"""Someone who can sign in."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, validates

from app.clock import now
from app.db import Base, key_text
from app.security.identities import last_name_key, name_key
from app.security.tokens import new_short_id

SUSPENDED = text("suspended_at IS NOT NULL")
NOT_ACTIVATED = text("activated_at IS NULL")


def _name_of(context: DefaultExecutionContext) -> str:
    """Return the name in a row that is inserted past the ORM."""
    return str(context.get_current_parameters().get("name") or "")  # type: ignore[no-untyped-call]


class Account(Base):
    """Who someone is. Written by operations.registration and .administration.

    `email` and `username` are as typed, to be shown and written to; `email_key` and
    `username_key` are their normal forms (security.identities), to be compared. `name_key` and
    `last_name_key` follow `name`: they are searched and sorted by, and are not unique.
    `registered_at` is when somebody registered it; null where an administrator prepared it.
    `pin_chosen_at` is when the person chose e-mailed PINs as a second factor of their own.
    `removal_due_at` is when the account goes, after a week in which its owner may keep it.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        CheckConstraint("email_key IS NOT NULL OR username_key IS NOT NULL", name="identity"),
        Index("ix_accounts_by_name", "name_key", "id"),
        Index("ix_accounts_by_last_name", "last_name_key", "id"),
        Index("ix_accounts_by_age", "created_at", "id"),
        Index(
            "ix_accounts_suspended",
            "name_key",
            "id",
            sqlite_where=SUSPENDED,
            postgresql_where=SUSPENDED,
        ),
        Index(
            "ix_accounts_not_activated",
            "name_key",
            "id",
            sqlite_where=NOT_ACTIVATED,
            postgresql_where=NOT_ACTIVATED,
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    short_id: Mapped[str] = mapped_column(String(17), unique=True, default=new_short_id)
    email: Mapped[str | None] = mapped_column(String(320))
    email_key: Mapped[str | None] = mapped_column(key_text(320), unique=True)
    username: Mapped[str | None] = mapped_column(String(64))
    username_key: Mapped[str | None] = mapped_column(key_text(64), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    name_key: Mapped[str] = mapped_column(
        key_text(200), default=lambda context: name_key(_name_of(context))
    )
    last_name_key: Mapped[str] = mapped_column(
        key_text(200), default=lambda context: last_name_key(_name_of(context))
    )
    created_at: Mapped[datetime] = mapped_column(default=now)
    registered_at: Mapped[datetime | None]
    activated_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    pin_chosen_at: Mapped[datetime | None]
    removal_due_at: Mapped[datetime | None] = mapped_column(index=True)
    devices_valid_from: Mapped[datetime] = mapped_column(default=now)

    @validates("name")
    def _keep_keys_of_name(self, _attribute: str, name: str) -> str:
        self.name_key, self.last_name_key = name_key(name), last_name_key(name)
        return name

    @property
    def shown_name(self) -> str:
        """What to call this person on a page or in a mail."""
        return self.name or self.username or self.email or ""
