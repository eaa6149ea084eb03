"""The keys that JSON Web Tokens are signed with."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.db import Base


class SigningKey(Base):
    """A key pair: the newest signs, those retired verify until their last token has expired.

    The private half is sealed, bound to the key's id (its RFC 7638 thumbprint); the public half is
    what /auth/jwks shows. In the database, so that all workers share them. Written by
    operations.signing_keys.
    """

    __tablename__ = "signing_keys"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    algorithm: Mapped[str] = mapped_column(String(10))
    sealed_private: Mapped[str] = mapped_column(Text)
    public: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(default=now)
    retired_at: Mapped[datetime | None]
