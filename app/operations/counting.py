"""Counting what the audit log tells, day by day (UTC), in batches.

Events are appended in the order of their positions and never change, so a batch is read without a
lock. The transaction that adds its counts moves the place up to which events are counted, from
where the batch began: whoever is not the first to do so adds nothing, and whoever dies before the
commit has counted nothing. Signing in waits for neither.
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select

from app import db
from app.clock import now
from app.models import CountedUpTo, DailyCount
from app.models.audit_chain import ONLY
from app.operations import audit_rows
from app.operations.audit_walk import Written

Key = tuple[date, uuid.UUID | None, str, str]  # day, organisation, what, detail
Counts = Counter[Key]

LONGEST = 60  # characters of a word that somebody may have tampered with
# What tells events of one name apart. Each has few values: reasons of refusals, factors.
DETAILS = {
    "signed_in": "factor",
    "seat_taken": "factor",
    "sign_in_failed": "reason",
    "wrong_code": "factor",
    "invitation_accepted": "before",
}
TURNED_AWAY = "turned_away"  # which no event tells: counted when it happens, by its reason
IMPORTED = ("account_created", "imported")  # an import tells at its end how many it made
_ROW = DailyCount.__table__.c


def catch_up() -> int:
    """Count all that happened so far; return how many events that were."""
    return sum(batches())


def batches() -> Iterator[int]:
    """Count batch by batch; yield how many events each had.

    At the end, every event that was there at the beginning is counted, by us or by somebody else.
    """
    while True:
        read, won = _count_batch()
        if won:
            yield read
        if won and read < audit_rows.BATCH:
            return


def position() -> int:
    """Return the position up to which events are counted."""
    return db.session().scalar(select(CountedUpTo.position)) or 0


def tally(events: Iterable[Written]) -> Counts:
    """Return what events amount to. One that nobody can read any more counts for nothing."""
    counts: Counts = Counter()
    for event in events:
        for day, place, what, detail, times in _amounts(event.fields or {}):
            counts[day, None, what, detail] += times
            if place is not None:
                counts[day, place, what, detail] += times
    return counts


def add(counts: Counts) -> None:
    """Add counts to those that are there, in the caller's transaction."""
    adding = db.upsert(DailyCount)
    times = {"times": DailyCount.times + adding.excluded.times}
    for everywhere in (True, False):
        rows = [_row(*each) for each in sorted_counts(counts) if (each[0][1] is None) is everywhere]
        if rows:
            statement = adding.on_conflict_do_update(**_one(everywhere=everywhere), set_=times)
            db.session().connection().execute(statement, rows)


def move(before: int, to: int) -> bool:
    """Move the place up to which events are counted; False where somebody has moved it meanwhile.

    In the caller's transaction; it is held until that ends.
    """
    values = {"position": to, "looked_at": now()}
    adding = db.upsert(CountedUpTo).values(id=ONLY, **values)
    moving = adding.on_conflict_do_update(
        index_elements=["id"], set_=values, where=CountedUpTo.position == before
    )
    return db.session().execute(moving.returning(CountedUpTo.id)).first() is not None


def sorted_counts(counts: Counts) -> list[tuple[Key, int]]:
    """Return counts in one order, so that whoever writes them meets nobody crosswise."""
    return sorted(counts.items(), key=lambda each: [str(part) for part in each[0]])


def _count_batch() -> tuple[int, bool]:
    """Count the next events; return how many were read, and whether it was us who counted them."""
    before = position()
    found = audit_rows.batch(before, None)
    counts = tally(found)
    with db.transaction():
        won = move(before, found[-1].position if found else before)
        if won:
            add(counts)
    return len(found), won


def _amounts(event: Mapping[str, Any]) -> Iterator[tuple[date, uuid.UUID | None, str, str, int]]:
    """Yield day, organisation, what, detail and how often, for each thing that an event tells."""
    at, what = event.get("at"), event.get("what")
    if not isinstance(at, datetime) or not isinstance(what, str):
        return
    details = event.get("details")
    told = details if isinstance(details, dict) else {}
    day, place = at.astimezone(UTC).date(), event.get("organisation_id")
    detail = str(told.get(DETAILS.get(what, ""), ""))
    yield day, place, what[:LONGEST], detail[:LONGEST], 1
    made = told.get("created")
    if what == "import_finished" and isinstance(made, int) and made > 0:
        yield day, place, *IMPORTED, made


def _one(*, everywhere: bool) -> dict[str, Any]:
    """Name the unique index that keeps the counts of one day apart."""
    columns = [_ROW.day, _ROW.what, _ROW.detail]
    if everywhere:
        return {"index_elements": columns, "index_where": _ROW.organisation_id.is_(None)}
    at_one = [_ROW.organisation_id, *columns]
    return {"index_elements": at_one, "index_where": _ROW.organisation_id.is_not(None)}


def _row(key: Key, times: int) -> dict[str, Any]:
    day, place, what, detail = key
    return {"day": day, "organisation_id": place, "what": what, "detail": detail, "times": times}
