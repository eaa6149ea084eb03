"""What an organisation shows of itself on the sign-in pages."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.db import Base


class OrganisationLogo(Base):
    """An organisation's logo, as a PNG that we drew anew from what was uploaded.

    `digest` is of the picture, so that its address changes with it. Written by operations.branding.
    """

    __tablename__ = "organisation_logos"

    organisation_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("organisations.id", ondelete="CASCADE"), primary_key=True
    )
    png: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[str] = mapped_column(String(64))
    changed_at: Mapped[datetime] = mapped_column(default=now)
