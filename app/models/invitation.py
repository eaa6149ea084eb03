"""Invitations: who may become a member, by a link that was mailed."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.db import Base, key_text, words
from app.models.account import Account
from app.models.organisation import Organisation, Role

NOT_SETTLED = text("accepted_at IS NULL AND withdrawn_at IS NULL")


class Invitation(Base):
    """An address that is invited to an organisation, in a role; its link is good once.

    Nothing here says whether the address has an account. `invited_by_id` is who sent it last: it
    is good only while they may give that role there. Sending it again makes a new link, and the
    old one dies. `password_hash` is of a password that an import brought along: good for whoever
    reads the mail, knows it, and has no account yet; forgotten once the invitation is settled.
    Written by operations.invitations and operations.joining.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        CheckConstraint("role <> 'Superuser'", name="role"),
        Index("ix_invitations_email_key", "email_key"),
        Index("ix_invitations_by_age", "organisation_id", "created_at", "id"),
        Index(
            "uq_invitations_not_settled",
            "organisation_id",
            "role",
            "email_key",
            unique=True,
            sqlite_where=NOT_SETTLED,
            postgresql_where=NOT_SETTLED,
        ),
    )
    LIFETIME = timedelta(days=7)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    organisation_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("organisations.id", ondelete="CASCADE")
    )
    role: Mapped[Role] = mapped_column(words(Role))
    email: Mapped[str] = mapped_column(String(320))
    email_key: Mapped[str] = mapped_column(key_text(320))
    name: Mapped[str] = mapped_column(String(200), default="")
    invited_by_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("accounts.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    sent_at: Mapped[datetime] = mapped_column(default=now)
    sends: Mapped[int] = mapped_column(default=1)
    accepted_at: Mapped[datetime | None]
    accepted_by_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("accounts.id", ondelete="SET NULL"), index=True
    )
    withdrawn_at: Mapped[datetime | None]
    password_hash: Mapped[str | None]

    organisation: Mapped[Organisation] = relationship()
    invited_by: Mapped[Account | None] = relationship(foreign_keys=[invited_by_id])
