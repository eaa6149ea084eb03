"""Counting tries so that nobody can guess for long.

A try is charged by one conditional statement *before* anything is compared, and given back when
it turns out right: of fifty at once, no more than the limit are ever compared.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, case, delete, false, or_, select, update

from app import db
from app.clock import now
from app.models import Counted, FailedSignIns

FOREVER = timedelta(days=36_500)


@dataclass(frozen=True)
class Limit:
    """So many tries in a window of time; the last of them locks for a while."""

    counted: Counted
    tries: int
    window: timedelta
    lock: timedelta


IDENTITY = Limit(Counted.IDENTITY, 10, timedelta(minutes=15), timedelta(minutes=15))
NETWORK = Limit(Counted.NETWORK, 50, timedelta(minutes=10), timedelta(minutes=10))
FACTOR = Limit(Counted.FACTOR, 10, timedelta(hours=1), timedelta(hours=1))
FACTOR_EVER = Limit(Counted.FACTOR_EVER, 100, FOREVER, FOREVER)  # NIST SP 800-63B-4: 100 in a row
MEMBERSHIP_WINDOW = timedelta(days=1)


def of_membership(tries: int, lock_minutes: int) -> Limit:
    """Return the limit that an organisation sets for each of its members."""
    return Limit(Counted.MEMBERSHIP, tries, MEMBERSHIP_WINDOW, timedelta(minutes=lock_minutes))


def charge(limit: Limit, subject: str) -> datetime | None:
    """Count a try in the caller's transaction; return None, or until when it is locked."""
    moment = now()
    if db.session().execute(_charging(limit, subject, moment)).first() is not None:
        return None
    return locked_until([(limit.counted, subject)]).get((limit.counted, subject), moment)


def give_back(counted: Counted, subjects: Iterable[str]) -> None:
    """Uncount one try of each subject, and the lock that it may have set."""
    row = FailedSignIns
    named = and_(row.counted == counted, row.subject.in_(sorted(subjects)), row.failures > 0)
    lowered = update(row).where(named).values(failures=row.failures - 1, locked_until=None)
    db.session().execute(lowered.execution_options(synchronize_session=False))


def clear(counted: Counted, subjects: Iterable[str]) -> None:
    """Forget the failures of each subject, and its lock."""
    row = FailedSignIns
    named = and_(row.counted == counted, row.subject.in_(sorted(subjects)))
    db.session().execute(delete(row).where(named).execution_options(synchronize_session=False))


def clear_starting(counted: Counted, prefixes: Iterable[str]) -> None:
    """Forget the failures of every subject that starts with one of `prefixes`."""
    row = FailedSignIns
    named = or_(false(), *(row.subject.startswith(prefix, autoescape=True) for prefix in prefixes))
    gone = delete(row).where(row.counted == counted, named)
    db.session().execute(gone.execution_options(synchronize_session=False))


def locked_until(
    subjects: Iterable[tuple[Counted, str]],
) -> dict[tuple[Counted, str], datetime]:
    """Return until when each of these subjects is locked, for those that are."""
    wanted = list(subjects)
    row = FailedSignIns
    found = db.session().execute(
        select(row.counted, row.subject, row.locked_until).where(
            row.counted.in_({counted for counted, _ in wanted}),
            row.subject.in_([subject for _, subject in wanted]),
            row.locked_until > now(),
        )
    )
    return {(counted, subject): until for counted, subject, until in found if until}


def seconds_until(moment: datetime) -> int:
    """Return the whole seconds from now until `moment`, one at least."""
    return max(1, math.ceil((moment - now()).total_seconds()))


def _charging(limit: Limit, subject: str, moment: datetime):  # type: ignore[no-untyped-def]
    row = FailedSignIns
    over = or_(row.window_ends_at <= moment, row.locked_until <= moment)
    failures = case((over, 1), else_=row.failures + 1)
    lock_ends = moment + limit.lock
    first = {
        "counted": limit.counted,
        "subject": subject,
        "failures": 1,
        "window_ends_at": moment + limit.window,
        "locked_until": lock_ends if limit.tries <= 1 else None,
    }
    return (
        db.upsert(FailedSignIns)
        .values(**first)
        .on_conflict_do_update(
            index_elements=[row.counted, row.subject],
            set_={
                "failures": failures,
                "window_ends_at": case((over, moment + limit.window), else_=row.window_ends_at),
                "locked_until": case((failures >= limit.tries, lock_ends), else_=None),
            },
            where=or_(row.locked_until.is_(None), row.locked_until <= moment),
        )
        .returning(row.subject)
    )
