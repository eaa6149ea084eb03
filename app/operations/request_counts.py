"""Counting requests in this process's memory, and writing the counts down now and then.

A request costs a look at the clock and a few additions. What was counted since the last writing
is lost with a process that is killed; and however long the database is away, little is kept.
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case

from app import db
from app.clock import now
from app.models import RequestCount

MOST = 5_000  # addresses and hours that wait to be written: some twenty hours of them
KEPT = timedelta(days=30)
FAILED, BUSY, LIMITED = 500, 503, 429

_lock = threading.Lock()
_waiting: dict[tuple[datetime, str], "Tally"] = {}


@dataclass
class Tally:
    """What came of the requests of one hour to one address."""

    requests: int = 0
    failed: int = 0
    busy: int = 0
    limited: int = 0
    total_ms: int = 0
    slowest_ms: int = 0

    def add(self, other: "Tally") -> None:
        """Add what came of others."""
        self.requests += other.requests
        self.failed += other.failed
        self.busy += other.busy
        self.limited += other.limited
        self.total_ms += other.total_ms
        self.slowest_ms = max(self.slowest_ms, other.slowest_ms)


def note(what: str, status: int, seconds: float) -> None:
    """Count one request that was answered. `what` is one of few: it never holds what somebody sent.

    Never raises, and asks no database.
    """
    taken = round(seconds * 1000)
    failed, busy = status >= FAILED and status != BUSY, status == BUSY
    one = Tally(1, int(failed), int(busy), int(status == LIMITED), taken, taken)
    hour = now().replace(minute=0, second=0, microsecond=0)
    with _lock:
        _add((hour, what), one)


def flush() -> int:
    """Write down what was counted; return how many rows. What cannot be written is kept."""
    with _lock:
        taken = dict(_waiting)
        _waiting.clear()
    try:
        _write(taken)
    except BaseException:
        with _lock:
            for key, tally in taken.items():
                _add(key, tally)
        raise
    return len(taken)


def forget() -> None:
    """Forget what was counted and not written down."""
    with _lock:
        _waiting.clear()


def _add(key: tuple[datetime, str], tally: Tally) -> None:
    if key in _waiting:
        _waiting[key].add(tally)
    elif len(_waiting) < MOST:
        _waiting[key] = tally


def _write(taken: dict[tuple[datetime, str], Tally]) -> None:
    if not taken:
        return
    # In one order for all processes, so that nobody waits for another crosswise.
    rows = [{"hour": hour, "what": what, **vars(t)} for (hour, what), t in sorted(taken.items())]
    with db.transaction() as session:
        session.connection().execute(_adding(), rows)


def _adding() -> Any:
    row, adding = RequestCount.__table__.c, db.upsert(RequestCount)
    new = adding.excluded
    sums = ("requests", "failed", "busy", "limited", "total_ms")
    slower = new.slowest_ms > row.slowest_ms
    return adding.on_conflict_do_update(
        index_elements=[row.hour, row.what],
        set_={
            **{name: row[name] + new[name] for name in sums},
            "slowest_ms": case((slower, new.slowest_ms), else_=row.slowest_ms),
        },
    )
