"""Appending events to the chain.

Three statements: the chain's end is read under a lock, the events are added, the end is moved. The
transaction commits right after, so nothing else waits for long, and nothing is locked behind it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, Row, null, select

from app import db
from app.clock import now
from app.models import AuditCheckpoint, AuditEvent, AuditHead, Interface
from app.models.audit_chain import ONLY
from app.models.audit_event import hash_after
from app.operations import audit_signatures
from app.operations.audit_signatures import Checkpoint, Head
from app.security.hash_chain import GENESIS

CHECKPOINT_EVERY = 1_000  # events, or with the first of a UTC day
END_UNSIGNED = "audit_end_unsigned"

_events, _heads = AuditEvent.__table__, AuditHead.__table__
_END = select(_heads).where(_heads.c.id == ONLY)
# The same without a time that somebody made unreadable: it is not signed then either.
_END_WITHOUT_TIME = select(
    *(null().label(c.name) if c.name == "checkpoint_at" else c for c in _heads.c)
).where(_heads.c.id == ONLY)
_LAST = select(_events.c.position, _events.c.hash).order_by(_events.c.position.desc()).limit(1)
_ADDING = AuditEvent.__table__.insert()  # type: ignore[attr-defined]
_MOVING = AuditHead.__table__.update().where(_heads.c.id == ONLY)  # type: ignore[attr-defined]

Event = dict[str, Any]
log = structlog.get_logger("doorward.audit")


def append(connection: Connection, events: Sequence[Event]) -> Checkpoint | None:
    """Chain events to what is there; return the checkpoint that was due then, if one was.

    Holds the lock of the chain's end from here to the end of the transaction.
    """
    head, unsigned = _locked_head(connection, events[0])
    rows = list(_chained(head, [*unsigned, *events]))
    connection.execute(_ADDING, rows)
    position, hash_ = rows[-1]["position"], rows[-1]["hash"]
    made = audit_signatures.checkpoint(position, hash_) if _is_due(head, position, rows) else None
    if made is None:
        moved = Head(position, hash_, head.checkpoint_position, head.checkpoint_at)
    else:
        moved = Head(position, hash_, position, made.made_at)
        _add_if_missing(connection, AuditCheckpoint, asdict(made))
    connection.execute(_MOVING, _signed(moved))
    return made


def found_head(connection: Connection, *, locked: bool = False) -> Row[Any] | None:
    """Return the row of the chain's end, if there is one, locked until the transaction ends."""
    try:
        return connection.execute(_END.with_for_update() if locked else _END).one_or_none()
    except ValueError:
        readable = _END_WITHOUT_TIME
        return connection.execute(readable.with_for_update() if locked else readable).one()


def head_in(row: Row[Any]) -> Head:
    """Return the chain's end as its row has it."""
    return Head(row.position, row.hash, row.checkpoint_position, row.checkpoint_at)


def _locked_head(connection: Connection, event: Event) -> tuple[Head, list[Event]]:
    """Return the chain's end, and what there is to say of it before it is signed again.

    Where our signature is missing, somebody wrote to the database past the portal, or the key that
    signed is no longer ours. Signing it as if nothing were would hide that: so an event tells it
    for good. We go on after the last event that is there.
    """
    row = found_head(connection, locked=True)
    if row is None:
        nothing = asdict(Head(0, GENESIS, 0, None)) | {"signature": ""}
        _add_if_missing(connection, AuditHead, nothing)
        row = connection.execute(_END.with_for_update()).one()
    head = head_in(row)
    if audit_signatures.is_signed(head.parts, row.signature):
        return head, []
    log.error(END_UNSIGNED, position=head.position)
    last = connection.execute(_LAST).one_or_none()
    position, hash_ = (last.position, last.hash) if last else (0, GENESIS)
    return Head(position, hash_, 0, None), [_unsigned(head, event)]


def _unsigned(head: Head, event: Event) -> Event:
    nobody = {"account_id": None, "by_account_id": None, "organisation_id": None, "address": ""}
    details = {"position": head.position}
    return event | nobody | {"at": now(), "what": END_UNSIGNED, "details": details}


def _chained(head: Head, events: Iterable[Event]) -> Iterator[Event]:
    previous = head.hash
    for position, event in enumerate(events, head.position + 1):
        row = event | {"position": position}
        previous = row["hash"] = hash_after(previous, row)
        yield row


def _is_due(head: Head, position: int, rows: Iterable[Event]) -> bool:
    """Tell whether a checkpoint is due. Commands make none: nobody keeps what they log."""
    if all(row["interface"] is Interface.COMMAND for row in rows):
        return False
    at: datetime | None = head.checkpoint_at
    many = position - head.checkpoint_position >= CHECKPOINT_EVERY
    return many or at is None or at.date() != now().date()


def _add_if_missing(connection: Connection, table: type[db.Base], values: Event) -> None:
    """Add a row; one that is there already stays, for verifying to find."""
    connection.execute(db.upsert(table).on_conflict_do_nothing(), values)


def _signed(head: Head) -> Event:
    return asdict(head) | {"signature": audit_signatures.signature(head.parts)}
