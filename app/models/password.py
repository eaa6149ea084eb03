"""What an account proves itself with first."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.db import Base

IN_DIRECTORY = "directory"  # no password hashes to it: see security.passwords


class Password(Base):
    """The hash of a password: of the account, or of the account at one organisation.

    The account's is good at every organisation where the account has none of its own; an
    organisation's own is the only one that is good there, and good only there. Where a directory
    has the account's, the row stands for that one, and its `hash` is IN_DIRECTORY. Written by
    operations.passwords, .registration and .administration; rehashed by .sign_in.
    """

    __tablename__ = "passwords"
    __table_args__ = (
        UniqueConstraint("account_id", "organisation_id"),
        Index(
            "uq_passwords_of_account",
            "account_id",
            unique=True,
            sqlite_where=text("organisation_id IS NULL"),
            postgresql_where=text("organisation_id IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("organisations.id", ondelete="CASCADE"), index=True
    )
    hash: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(default=now)
