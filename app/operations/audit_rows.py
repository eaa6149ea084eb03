"""Reading the chain of audit events as it stands, whatever somebody wrote into it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Dialect,
    Row,
    Select,
    String,
    Uuid,
    and_,
    cast,
    select,
    true,
    type_coerce,
)
from sqlalchemy.sql.elements import KeyedColumnElement

from app import db
from app.models import AuditCheckpoint, AuditEvent, AuditHead, AuditStart
from app.operations import audit_signatures
from app.operations.audit_signatures import Checkpoint, Head, Start
from app.operations.audit_walk import Written
from app.operations.audit_writing import found_head, head_in
from app.security.hash_chain import GENESIS

BATCH = 1_000

Spelled = tuple[tuple[str, Callable[[Any], Any]], ...]  # names of columns, and how to spell them

EVENTS, CHECKPOINTS = AuditEvent.__table__, AuditCheckpoint.__table__
HEADS, STARTS = AuditHead.__table__, AuditStart.__table__
# A word that is none of Interface's is a fault to name, not to stumble over.
_interface = type_coerce(EVENTS.c.interface, String).label("interface")
_columns = [_interface if column.name == "interface" else column for column in EVENTS.c]
AS_TEXT = "as_text_"  # before the name of a column, how it is spelled in the database
_UNREADABLE = (ValueError, LookupError, TypeError)


@dataclass(frozen=True)
class Claimed:
    """A checkpoint of the table, if it can be read, and the hash of the event that stands there."""

    position: int
    checkpoint: Checkpoint | None
    found: str | None


def start() -> tuple[Start, bool]:
    """Return what the first event follows, and whether we signed that; at first that needs none."""
    signed = select(STARTS.c.position, STARTS.c.hash, STARTS.c.signature)
    row = db.session().execute(signed).one_or_none()
    if row is None:
        return Start(0, GENESIS), True
    found = Start(row.position, row.hash)
    return found, audit_signatures.is_signed(found.parts, row.signature)


def head() -> tuple[Head | None, bool]:
    """Return where the log ends, if anything says so, and whether we signed that."""
    row = found_head(db.session().connection())
    if row is None:
        return None, False
    found = head_in(row)
    return found, audit_signatures.is_signed(found.parts, row.signature)


def checkpoints(after: int) -> list[Claimed]:
    """Return the next checkpoints in order; one that cannot be read comes without itself."""
    table = CHECKPOINTS.outerjoin(EVENTS, EVENTS.c.position == CHECKPOINTS.c.position)
    found = EVENTS.c.hash.label("found")
    next_ones = CHECKPOINTS.c.position > after
    columns = (*CHECKPOINTS.c, *_as_text(CHECKPOINTS.c.made_at), found)
    wanted = select(*columns).select_from(table).where(next_ones)
    wanted = wanted.order_by(CHECKPOINTS.c.position).limit(BATCH)
    try:
        return [_claimed(row) for row in db.session().execute(wanted)]
    except _UNREADABLE:
        outlines = select(CHECKPOINTS.c.position).where(next_ones)
        positions = db.session().scalars(outlines.order_by(CHECKPOINTS.c.position).limit(BATCH))
        one = select(*columns).select_from(table)
        return [_readable_checkpoint(one, each) for each in positions.all()]


def batch(after: int, until: int | None) -> list[Written]:
    """Return the next events in order; one that cannot be read comes without its fields."""
    here = and_(EVENTS.c.position > after, true() if until is None else EVENTS.c.position <= until)
    wanted = (
        select(*_columns, *_as_text(*EVENTS.c)).where(here).order_by(EVENTS.c.position).limit(BATCH)
    )
    try:
        return [_written(row) for row in db.session().execute(wanted)]
    except _UNREADABLE:
        return _one_by_one(here)


def hash_at(position: int) -> str | None:
    """Return the hash of one event, if there is one."""
    return db.session().scalar(select(EVENTS.c.hash).where(EVENTS.c.position == position))


def _claimed(row: Row[Any]) -> Claimed:
    spelled = _spelled(db.db.engine.dialect, CHECKPOINTS.c.made_at)
    if not _is_as_we_write(row._asdict(), spelled):
        return Claimed(row.position, None, row.found)
    made = Checkpoint(row.position, row.hash, row.made_at, row.signature)
    return Claimed(row.position, made, row.found)


def _readable_checkpoint(one: Select[Any], position: int) -> Claimed:
    try:
        return _claimed(db.session().execute(one.where(CHECKPOINTS.c.position == position)).one())
    except _UNREADABLE:
        return Claimed(position, None, hash_at(position))


def _written(row: Row[Any]) -> Written:
    fields = row._asdict()
    as_we_write = _is_as_we_write(fields, _spelled(db.db.engine.dialect, *EVENTS.c))
    return Written(row.position, row.hash, fields if as_we_write else None)


def _as_text(*columns: KeyedColumnElement[Any]) -> Iterator[ColumnElement[str]]:
    """Yield the columns that could be spelled otherwise and mean the same, as they are spelled."""
    for name, _ in _spelled(db.db.engine.dialect, *columns):
        column = next(each for each in columns if each.key == name)
        is_json = isinstance(column.type, JSON)
        text = cast(column, String) if is_json else type_coerce(column, String)
        yield text.label(AS_TEXT + name)


def _is_as_we_write(fields: dict[str, Any], spelled: Spelled) -> bool:
    """Tell whether each of these columns is spelled as the portal spells what it means."""
    return all(
        fields[AS_TEXT + name] == (None if fields[name] is None else spell(fields[name]))
        for name, spell in spelled
    )


@cache
def _spelled(dialect: Dialect, *columns: KeyedColumnElement[Any]) -> Spelled:
    """Return which of these columns could be spelled otherwise, and how the portal spells each.

    An id in capitals is another one to whoever looks for it. PostgreSQL keeps ids and times as
    numbers, and of JSON the text.
    """
    found: list[tuple[str, Callable[[Any], Any]]] = []
    for column in columns:
        if isinstance(column.type, JSON):
            found.append((column.key, json.dumps))
        elif dialect.name == "sqlite" and isinstance(column.type, (Uuid, db.UtcDateTime)):
            spell = column.type.dialect_impl(dialect).bind_processor(dialect)
            found.append((column.key, spell or str))
    return tuple(found)


def _one_by_one(here: ColumnElement[bool]) -> list[Written]:
    outlines = select(EVENTS.c.position, EVENTS.c.hash).where(here)
    ordered = outlines.order_by(EVENTS.c.position).limit(BATCH)
    return [_readable(*row) for row in db.session().execute(ordered).all()]


def _readable(position: int, hash_: str) -> Written:
    whole = select(*_columns, *_as_text(*EVENTS.c)).where(EVENTS.c.position == position)
    try:
        return _written(db.session().execute(whole).one())
    except _UNREADABLE:
        return Written(position, hash_, None)
