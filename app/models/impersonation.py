"""An administrator who looks at the portal as somebody else does."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.db import Base
from app.models.account import Account


class Impersonation(Base):
    """Who looks as whom, from which seat, why and until when. See operations.impersonation.

    `organisation_id` is that of the administrator's seat, null for a superuser's. It rests on the
    session that `administrator_session_id` names, which may be gone by now: then it opens nothing.
    `ended_at` is null until its end is written down; an administrator has one such row at most.
    """

    __tablename__ = "impersonations"
    __table_args__ = (
        Index(
            "uq_impersonations_under_way",
            "administrator_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    account_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    administrator_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("accounts.id", ondelete="SET NULL"), index=True
    )
    administrator_session_id: Mapped[uuid.UUID]
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("organisations.id", ondelete="CASCADE"), index=True
    )
    reason: Mapped[str] = mapped_column(String(500))
    started_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(index=True)

    administrator: Mapped[Account | None] = relationship(foreign_keys=[administrator_id])
