"""What accounts are in organisations."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.db import Base, words
from app.models.account import Account
from app.models.organisation import Demand, Organisation, Role


class Membership(Base):
    """One account in one role at one organisation; a superuser belongs to none.

    Written by operations.administration; those that a directory's group gave
    (`from_directory`) by operations.directory_roles, which takes them back too.
    """

    __tablename__ = "memberships"
    __table_args__ = (
        UniqueConstraint("account_id", "organisation_id", "role"),
        Index("ix_memberships_by_role", "role", "organisation_id", "account_id"),
        CheckConstraint("(role = 'Superuser') = (organisation_id IS NULL)", name="superuser"),
        Index(
            "uq_memberships_of_superusers",
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
    role: Mapped[Role] = mapped_column(words(Role))
    from_directory: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(default=now)

    account: Mapped[Account] = relationship()
    organisation: Mapped[Organisation | None] = relationship(lazy="joined")

    @property
    def demand(self) -> Demand:
        """What this membership asks besides a password."""
        return self.organisation.demand_on(self.role) if self.organisation else Demand.NONE

    @property
    def suspended(self) -> bool:
        """Tell whether the organisation is suspended."""
        return self.organisation is not None and self.organisation.suspended_at is not None
