"""Reading the audit events: a page at a time, or all of them, the newest first.

Each statement goes along one index; see AuditEvent. `within` is the reach of whoever reads: one
organisation, whose administrators see the events that bear its id and no others, or None for the
whole portal.
"""

import re
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, literal, select, tuple_, type_coerce

from app import db
from app.errors import NotFound
from app.models import AuditEvent, Interface

PAGE = 50
EXPORT_BATCH = 1_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
CURSOR = re.compile(r"([0-9]{1,17})-([0-9]{1,18})", re.ASCII)

_events = AuditEvent.__table__
_order = tuple_(_events.c.at, _events.c.position)
_newest_first = (_events.c.at.desc(), _events.c.position.desc())


@dataclass(frozen=True)
class Filter:
    """Which events are asked for: those that agree in all that is given."""

    account_id: uuid.UUID | None = None
    by_account_id: uuid.UUID | None = None
    organisation_id: uuid.UUID | None = None
    what: str | None = None
    interface: Interface | None = None
    address: str | None = None
    since: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True)
class Entry:
    """One event, to be shown. `interface` is an Interface's word, unless somebody changed it."""

    position: int
    at: datetime
    what: str
    account_id: uuid.UUID | None
    by_account_id: uuid.UUID | None
    organisation_id: uuid.UUID | None
    interface: str
    address: str
    details: dict[str, Any]


@dataclass(frozen=True)
class Page:
    """Some events, and where those before them begin; None where there are none."""

    entries: list[Entry]
    older: str | None


def page(
    wanted: Filter, *, within: uuid.UUID | None, cursor: str | None = None, size: int = PAGE
) -> Page:
    """Return the newest events, or those from a page's `older` on; raise NotFound for no cursor.

    A cursor names a place and opens nothing: the filter and the reach hold behind any.
    """
    conditions = _conditions(wanted, within)
    if cursor is not None:
        conditions.append(_older_than(*_place(cursor)))
    found = _read(conditions, size + 1)
    entries = found[:size]
    older = _cursor(entries[-1]) if len(found) > size else None
    return Page(entries, older)


def export(wanted: Filter, *, within: uuid.UUID | None) -> Iterator[Entry]:
    """Yield all events that the filter shows, however many: a batch of them is in memory."""
    conditions = _conditions(wanted, within)
    found = _read(conditions, EXPORT_BATCH)
    while found:
        yield from found
        last = found[-1]
        found = _read([*conditions, _older_than(last.at, last.position)], EXPORT_BATCH)


def _conditions(wanted: Filter, within: uuid.UUID | None) -> list[ColumnElement[bool]]:
    given = {name: value for name, value in asdict(wanted).items() if value is not None}
    since, before = given.pop("since", None), given.pop("before", None)
    conditions = [_events.c[name] == value for name, value in given.items()]
    if within is not None:
        conditions.append(_events.c.organisation_id == within)
    if since is not None:
        conditions.append(_events.c.at >= since)
    if before is not None:
        conditions.append(_events.c.at < before)
    return conditions


def _read(conditions: list[ColumnElement[bool]], size: int) -> list[Entry]:
    interface = type_coerce(_events.c.interface, String).label("interface")
    shown = (column for column in _events.c if column.name not in {"interface", "hash"})
    statement = select(*shown, interface).where(*conditions).order_by(*_newest_first).limit(size)
    return [Entry(**row._asdict()) for row in db.session().execute(statement)]


def _older_than(at: datetime, position: int) -> ColumnElement[bool]:
    return _order < tuple_(literal(at, _events.c.at.type), literal(position))


def _cursor(entry: Entry) -> str:
    return f"{(entry.at - EPOCH) // MICROSECOND}-{entry.position}"


def _place(cursor: str) -> tuple[datetime, int]:
    match = CURSOR.fullmatch(cursor)
    if match is None:
        raise NotFound
    return EPOCH + int(match[1]) * MICROSECOND, int(match[2])
