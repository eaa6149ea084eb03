"""Dropping the oldest audit events, so that what stays can still be verified.

Only a signed checkpoint tells that events are old: their own times could have been changed to have
them dropped. What is dropped last is kept as the log's signed start.
"""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import delete, select

from app import config, db
from app.clock import now
from app.models import AuditCheckpoint, AuditEvent, AuditStart
from app.models.audit_chain import ONLY
from app.operations import audit_signatures
from app.operations.audit_signatures import Checkpoint, Start

log = structlog.get_logger("doorward.audit")


def drop(batch: int) -> Iterator[int]:
    """Drop the events that are older than we keep any, in batches; yield how many each took."""
    days = config.current().audit_days
    until = _newest_checkpoint(timedelta(days=days)) if days else None
    if until is None:
        return
    while True:
        start = _end_of_batch(until, batch)
        yield _drop_up_to(start)
        if start.position == until.position:
            return


def _newest_checkpoint(age: timedelta) -> Checkpoint | None:
    """Return the newest checkpoint of ours that is so old, if any events up to it are left."""
    row = AuditCheckpoint
    old = select(row).where(row.made_at <= now() - age).order_by(row.position.desc())
    for found in db.session().scalars(old):
        claimed = Checkpoint(found.position, found.hash, found.made_at, found.signature)
        if audit_signatures.is_signed(claimed.parts, claimed.signature):
            return claimed
        log.warning("audit_checkpoint_unsigned", position=claimed.position)
    return None


def _end_of_batch(until: Checkpoint, batch: int) -> Start:
    row = AuditEvent
    oldest = select(row.position, row.hash).where(row.position < until.position)
    ends = oldest.order_by(row.position).offset(batch - 1).limit(1)
    found = db.session().execute(ends).first()
    return Start(*found) if found else Start(until.position, until.hash)


def _drop_up_to(start: Start) -> int:
    """Drop the events and checkpoints up to one, and say in the same transaction that it is so."""
    with db.transaction() as session:
        dropping = delete(AuditEvent).where(AuditEvent.position <= start.position)
        gone: Any = session.execute(dropping.execution_options(synchronize_session=False))
        past = delete(AuditCheckpoint).where(AuditCheckpoint.position <= start.position)
        session.execute(past.execution_options(synchronize_session=False))
        session.execute(_moving(start))
        return int(gone.rowcount)


def _moving(start: Start) -> Any:
    """Return the statement that moves the start, and never back: two may purge at once."""
    signed = {"moved_at": now(), "signature": audit_signatures.signature(start.parts)}
    values = asdict(start) | signed
    adding = db.upsert(AuditStart).values(id=ONLY, **values)
    further = AuditStart.position < start.position
    return adding.on_conflict_do_update(index_elements=["id"], set_=values, where=further)
