"""Counting tries so that nobody can guess for long.

A try is charged by one conditional statement *before* anything is compared, and given back when
it turns out right: of fifty at once, no more than the limit are ever compared.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Executable, Result, and_, bindparam, case, delete, false, or_, select

from app import config, db
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
TABLE = FailedSignIns.__table__
NAMED = and_(TABLE.c.counted == bindparam("counted_of"), TABLE.c.subject == bindparam("subject_of"))
CLEARING = TABLE.delete().where(NAMED)  # type: ignore[attr-defined]
GIVING_BACK = (
    TABLE.update()  # type: ignore[attr-defined]
    .where(NAMED, TABLE.c.failures > 0)
    .values(failures=TABLE.c.failures - 1, locked_until=None)
)
TURNING_AWAY = TABLE.update().where(NAMED).values(turned_away=TABLE.c.turned_away + 1)  # type: ignore[attr-defined]
# Requests for mail from one network, whoever it is for: a school's first day, and no more.
ASKING = Limit(Counted.ASKING, 200, timedelta(hours=1), timedelta(hours=1))
MEMBERSHIP_WINDOW = timedelta(days=1)


def of_membership(tries: int, lock_minutes: int) -> Limit:
    """Return the limit that an organisation sets for each of its members."""
    return Limit(Counted.MEMBERSHIP, tries, MEMBERSHIP_WINDOW, timedelta(minutes=lock_minutes))


def charge(limit: Limit, subject: str) -> datetime | None:
    """Count a try in the caller's transaction; return None, or until when it is locked."""
    moment = now()
    values = {
        "counted": limit.counted,
        "subject": subject,
        "moment": moment,
        "window_ends": moment + limit.window,
        "lock_ends": moment + limit.lock,
        "first_lock": moment + limit.lock if limit.tries <= 1 else None,
        "tries": limit.tries,
    }
    if _execute(_charging(db.db.engine.dialect.name), values).first() is not None:
        return None
    return locked_until([(limit.counted, subject)]).get((limit.counted, subject), moment)


def may_ask(network: str) -> bool:
    """Count a request for mail in the caller's transaction; tell whether it is granted.

    DOORWARD_RATE_LIMITS=off lifts it: it limits requests over time, and guards no secret.
    """
    return not config.current().rate_limits or charge(ASKING, network) is None


def give_back(counted: Counted, subjects: Iterable[str]) -> None:
    """Uncount one try of each subject, and the lock that it may have set."""
    for subject in sorted(subjects):
        _execute(GIVING_BACK, {"counted_of": counted, "subject_of": subject})


def turn_away(counted: str, subject: str) -> None:
    """Count a try that the lock of a subject turned away; how long it lasts is another matter."""
    _execute(TURNING_AWAY, {"counted_of": counted, "subject_of": subject})


def clear(counted: Counted, subjects: Iterable[str]) -> None:
    """Forget the failures of each subject, and its lock."""
    for subject in sorted(subjects):
        _execute(CLEARING, {"counted_of": counted, "subject_of": subject})


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


def _execute(statement: Executable, values: dict[str, Any]) -> Result[Any]:
    """Run a statement of this file in the session's transaction, without the ORM's detours."""
    return db.session().connection().execute(statement, values)


@cache
def _charging(dialect: str) -> Executable:  # noqa: ARG001 (each dialect has its own INSERT)
    """Return the one statement that counts a try, unless its subject is locked."""
    row = TABLE.c
    moment = bindparam("moment", type_=row.window_ends_at.type)
    window_ends = bindparam("window_ends", type_=row.window_ends_at.type)
    lock_ends = bindparam("lock_ends", type_=row.locked_until.type)
    over = or_(row.window_ends_at <= moment, row.locked_until <= moment)
    failures = case((over, 1), else_=row.failures + 1)
    inserted = db.upsert(FailedSignIns).values(
        counted=bindparam("counted"),
        subject=bindparam("subject"),
        failures=1,
        turned_away=0,
        window_ends_at=window_ends,
        locked_until=bindparam("first_lock", type_=row.locked_until.type),
    )
    counted: Executable = inserted.on_conflict_do_update(
        index_elements=[row.counted, row.subject],
        set_={
            "failures": failures,
            "window_ends_at": case((over, window_ends), else_=row.window_ends_at),
            "locked_until": case((failures >= bindparam("tries"), lock_ends), else_=None),
            "turned_away": 0,
        },
        where=or_(row.locked_until.is_(None), row.locked_until <= moment),
    ).returning(row.subject)
    return counted
