"""How fast and how well the portal answers."""

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class RequestCount(Base):
    """The requests of one hour to one address, as the portal's own routes name it.

    `failed` are answers of 500 and above but 503; `busy` those of 503; `limited` those of 429.
    Written by operations.request_counts.
    """

    __tablename__ = "request_counts"

    hour: Mapped[datetime] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(String(200), primary_key=True)
    requests: Mapped[int]
    failed: Mapped[int]
    busy: Mapped[int]
    limited: Mapped[int]
    total_ms: Mapped[int] = mapped_column(BigInteger)
    slowest_ms: Mapped[int]
