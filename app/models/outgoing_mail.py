"""Mail on its way."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.db import Base, key_text

WAITING = text("sent_at IS NULL AND failed_at IS NULL")
REFUSED = text("failed_at IS NOT NULL AND sealed IS NOT NULL")


class OutgoingMail(Base):
    """A mail that was promised in the same transaction as what it tells of: the outbox.

    `sealed` holds the words to fill in (a PIN, a link), sealed under the portal's key and
    erased when the mail is sent or too old; of one that was refused they stay until then, so that
    it can be sent again. Written by mail.outbox, mail.leases and operations.mail_again.
    """

    __tablename__ = "outgoing_mails"
    __table_args__ = (
        Index(
            "ix_outgoing_mails_waiting",
            "next_try_at",
            sqlite_where=WAITING,
            postgresql_where=WAITING,
        ),
        Index(
            "ix_outgoing_mails_oldest_waiting",
            "created_at",
            sqlite_where=WAITING,
            postgresql_where=WAITING,
        ),
        Index(
            "ix_outgoing_mails_failed",
            "failed_at",
            sqlite_where=text("failed_at IS NOT NULL"),
            postgresql_where=text("failed_at IS NOT NULL"),
        ),
        Index(
            "ix_outgoing_mails_refused",
            "expires_at",
            sqlite_where=REFUSED,
            postgresql_where=REFUSED,
        ),
        Index("ix_outgoing_mails_recipient", "recipient_key", "created_at"),
        Index("ix_outgoing_mails_by_age", "created_at", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    recipient: Mapped[str] = mapped_column(String(320))
    recipient_key: Mapped[str] = mapped_column(key_text(320))
    account_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("accounts.id", ondelete="SET NULL"), index=True
    )
    sealed: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    next_try_at: Mapped[datetime] = mapped_column(default=now)
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(300))
