"""Reading the daily counts, as they were at one moment, with what happened since they were made.

Two statements, however much ever happened: one along an index of the counts, and one for the few
events that nobody has counted yet.
"""

import uuid
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, select

from app import db
from app.clock import now
from app.models import CountedUpTo, DailyCount, DailyFactors
from app.operations import audit_rows, counting
from app.operations.factor_census import FACTORS

Numbers = Counter[tuple[date, str, str]]  # day, what, detail


@dataclass(frozen=True)
class Counted:
    """Numbers by day, up to which moment they are whole, and when the counts were last made."""

    numbers: Numbers
    as_of: datetime
    looked_at: datetime | None


def read(place: uuid.UUID | None, since: date, whats: Collection[str]) -> Counted:
    """Return what happened from a day on: at one organisation, or, for None, in the whole portal.

    The counts and how far they go are read by one statement: whoever counts meanwhile cannot have
    us miss an event, or count it twice.
    """
    row, here = DailyCount, _at(DailyCount.organisation_id, place)
    wanted = and_(here, row.day >= since, row.what.in_(whats))
    columns = (row.day, row.what, row.detail, row.times)
    reading = select(CountedUpTo.position, CountedUpTo.looked_at, *columns)
    found = db.session().execute(reading.select_from(CountedUpTo).outerjoin(row, wanted)).all()
    numbers: Numbers = Counter()
    for each in found:
        if each.day is not None:
            numbers[each.day, each.what, each.detail] += each.times
    as_of = _add_newest(numbers, place, found[0].position if found else 0)
    return Counted(numbers, as_of, found[0].looked_at if found else None)


def factors(place: uuid.UUID | None, since: date) -> dict[date, dict[str, int]]:
    """Return how many active accounts had which factor, on each day that somebody looked."""
    row = DailyFactors
    here = _at(row.organisation_id, place), row.day >= since
    columns = (getattr(row, factor) for factor in FACTORS)
    found = db.session().execute(select(row.day, *columns).where(*here).order_by(row.day))
    return {day: dict(zip(FACTORS, accounts, strict=True)) for day, *accounts in found}


def _at(column: object, place: uuid.UUID | None) -> ColumnElement[bool]:
    at: ColumnElement[uuid.UUID | None] = column  # type: ignore[assignment]
    return at.is_(None) if place is None else at == place


def _add_newest(numbers: Numbers, place: uuid.UUID | None, after: int) -> datetime:
    """Add the events that nobody has counted yet, or the first of them where they are many.

    Return up to which moment the numbers are whole.
    """
    newest = audit_rows.batch(after, None)
    for (day, at, what, detail), times in counting.tally(newest).items():
        if at == place:
            numbers[day, what, detail] += times
    last = (newest[-1].fields or {}).get("at") if len(newest) >= audit_rows.BATCH else None
    return last if isinstance(last, datetime) else now()
