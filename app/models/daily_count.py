"""What happened on each day, in numbers: what the dashboard shows instead of the log itself."""

import uuid
from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.models.audit_chain import ONLY
from app.models.audit_event import POSITION

NUMBER = BigInteger().with_variant(Integer, "sqlite")
EVERYWHERE, AT_ONE = text("organisation_id IS NULL"), text("organisation_id IS NOT NULL")


def _once(name: str, *columns: str, everywhere: bool) -> Index:
    """Return the index that keeps rows apart, and that a dashboard reads along."""
    which = EVERYWHERE if everywhere else AT_ONE
    return Index(name, *columns, unique=True, sqlite_where=which, postgresql_where=which)


class DailyCount(Base):
    """How often one thing happened on one day (UTC): at one organisation, or anywhere.

    `organisation_id` is null in the rows of the whole portal, which count the events of no
    organisation too: they are no sum of the others. `detail` tells events of one name apart: why a
    sign-in failed, by which factor one succeeded. Organisations are named without a foreign key, as
    in the log. Written by operations.counting, and anew by operations.recounting.
    """

    __tablename__ = "daily_counts"
    __table_args__ = (
        _once("uq_daily_counts_everywhere", "day", "what", "detail", everywhere=True),
        _once(
            "uq_daily_counts_at_one", "organisation_id", "day", "what", "detail", everywhere=False
        ),
        Index("ix_daily_counts_day", "day"),
    )

    id: Mapped[int] = mapped_column(NUMBER, primary_key=True)
    day: Mapped[date]
    organisation_id: Mapped[uuid.UUID | None]
    what: Mapped[str] = mapped_column(String(60))
    detail: Mapped[str] = mapped_column(String(60))
    times: Mapped[int] = mapped_column(NUMBER)


class CountedUpTo(Base):
    """One row, or none at first: how far into the log the daily counts go, and who looked when.

    Moved by the transaction that adds the counts, so that every event is counted once, whoever
    counts and dies. Written by operations.counting.
    """

    __tablename__ = "counted_up_to"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=ONLY)
    position: Mapped[int] = mapped_column(POSITION)
    looked_at: Mapped[datetime]


class DailyFactors(Base):
    """How many active accounts had which second factor on one day, each in one column.

    Taken once a day; `organisation_id` is null in the rows of the whole portal. Written by
    operations.factor_census.
    """

    __tablename__ = "daily_factors"
    __table_args__ = (
        _once("uq_daily_factors_everywhere", "day", everywhere=True),
        _once("uq_daily_factors_at_one", "organisation_id", "day", everywhere=False),
        Index("ix_daily_factors_day", "day"),
    )

    id: Mapped[int] = mapped_column(NUMBER, primary_key=True)
    day: Mapped[date]
    organisation_id: Mapped[uuid.UUID | None]
    passkey: Mapped[int]
    app: Mapped[int]
    pin: Mapped[int]
    none: Mapped[int]
