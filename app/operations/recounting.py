"""Counting the audit log anew, day by day, where the daily counts are not to be trusted.

Each day is one transaction, which puts the day's counts in the place of those that are there. The
days that the log no longer has in full stay as they were counted then.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import delete, func, select, update

from app import db
from app.clock import now
from app.models import AuditEvent, AuditStart, CountedUpTo, DailyCount
from app.operations import audit_rows, counting
from app.operations.counting import Counts

DAY = timedelta(days=1)
# Of the first day that is left some events may be gone; and by a clock that was off, of the next.
NOT_WHOLE = timedelta(days=2)
_events = AuditEvent.__table__


def days() -> list[date]:
    """Return the days that can be counted anew: those that the log still has in full, to today."""
    first = db.session().scalar(select(func.min(AuditEvent.at)))
    if first is None:
        return []
    dropped = db.session().scalar(select(AuditStart.position))
    begin = first.date() + (NOT_WHOLE if dropped else timedelta())
    return [begin + number * DAY for number in range((now().date() - begin).days + 1)]


def recount() -> Iterator[date]:
    """Count each of these days anew; yield those that are done. What comes meanwhile counts too."""
    _come_back()
    for day in days():
        while not _recount(day):
            pass  # somebody counted on while we read: read again
        yield day
    counting.catch_up()


def _come_back() -> None:
    """Go back to where the log ends: somebody may have cut it past the portal."""
    last = db.session().scalar(select(func.max(AuditEvent.position))) or 0
    with db.transaction() as session:
        beyond = update(CountedUpTo).where(CountedUpTo.position > last).values(position=last)
        session.execute(beyond.execution_options(synchronize_session=False))


def _recount(day: date) -> bool:
    """Replace one day's counts; False where events were counted in between."""
    until = counting.position()
    counts = _of(day, until)
    with db.transaction() as session:
        if not counting.move(until, until):
            return False
        of_events = DailyCount.what != counting.TURNED_AWAY
        gone = delete(DailyCount).where(DailyCount.day == day, of_events)
        session.execute(gone.execution_options(synchronize_session=False))
        counting.add(counts)
    return True


def _of(day: date, until: int) -> Counts:
    """Return the counts of one day, as far as events are counted at all."""
    counts: Counts = Counts()
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    on_that_day = _events.c.at >= begin, _events.c.at < begin + DAY
    first, last = (
        db.session()
        .execute(
            select(func.min(_events.c.position), func.max(_events.c.position)).where(*on_that_day)
        )
        .one()
    )
    after = (first or 0) - 1
    while first is not None and after < min(last, until):
        found = audit_rows.batch(after, min(last, until))
        if not found:
            break
        counts += counting.tally(found)
        after = found[-1].position
    return Counts({key: times for key, times in counts.items() if key[0] == day})
