"""Writing down what happened.

An event is kept in mind until its transaction commits. Then, after everything else and just
before the commit, what came together is appended to the chain (see audit_writing): the chain's end
is locked for a moment only, and nothing else is locked after it.
"""

import uuid
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from app import db
from app.clock import now
from app.operations import audit_writing
from app.operations.audit_signatures import Checkpoint
from app.operations.visitor import Visitor

LONGEST = 256  # characters of what a program calls itself

UNWRITTEN = "doorward_audit"
log = structlog.get_logger("doorward.audit")


@dataclass
class _Unwritten:
    """What a transaction has to tell; how much that was when each of its savepoints began."""

    events: list[dict[str, Any]] = field(default_factory=list)
    savepoints: dict[SessionTransaction, int] = field(default_factory=dict)
    checkpoint: Checkpoint | None = None


def record(
    what: str,
    visitor: Visitor,
    *,
    account_id: uuid.UUID | None = None,
    by: uuid.UUID | None = None,
    organisation_id: uuid.UUID | None = None,
    **details: str | int | None,
) -> None:
    """Add an event to the caller's transaction, and say it in the log.

    `details` are short facts about the event, never a secret, never what somebody typed. What the
    visitor's program calls itself is kept with them, for people to know their devices by. `by` is
    who did it where that is not the account's owner; the visitor knows of one who looks as somebody
    else.
    """
    by = by or visitor.by
    _unwritten(db.session()).events.append(
        {
            "at": now(),
            "what": what,
            "account_id": account_id,
            "by_account_id": by,
            "organisation_id": organisation_id,
            "interface": visitor.interface,
            "address": visitor.address,
            "details": {**details, **_device(visitor)},
        }
    )
    log.info(
        what,
        account=_text(account_id),
        by=_text(by),
        organisation=_text(organisation_id),
        interface=visitor.interface.value,
        address=visitor.address,
        **details,
    )


def _device(visitor: Visitor) -> dict[str, str]:
    return {"user_agent": visitor.user_agent[:LONGEST]} if visitor.user_agent else {}


def _text(identifier: uuid.UUID | None) -> str | None:
    return None if identifier is None else str(identifier)


def _unwritten(session: Session) -> _Unwritten:
    found: _Unwritten = session.info.setdefault(UNWRITTEN, _Unwritten())
    return found


@event.listens_for(db.db.session, "before_commit")
def _write(session: Session) -> None:
    """Append the events to the chain, as the last thing of their transaction."""
    unwritten = _unwritten(session)
    if unwritten.events and not session.in_nested_transaction():
        session.flush()
        unwritten.checkpoint = audit_writing.append(session.connection(), unwritten.events)
        unwritten.events = []


@event.listens_for(db.db.session, "after_commit")
def _tell(session: Session) -> None:
    """Say a checkpoint in the log: now that it holds, and never one that came to nothing."""
    made = _unwritten(session).checkpoint
    if made is not None:
        log.info("audit_checkpoint", **made.fields)


@event.listens_for(db.db.session, "after_transaction_create")
def _note_savepoint(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        unwritten = _unwritten(session)
        unwritten.savepoints[transaction] = len(unwritten.events)


@event.listens_for(db.db.session, "after_soft_rollback")
def _forget_since_savepoint(session: Session, transaction: SessionTransaction) -> None:
    unwritten = _unwritten(session)
    if transaction in unwritten.savepoints:
        del unwritten.events[unwritten.savepoints[transaction] :]


@event.listens_for(db.db.session, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    """Forget what was rolled back, or left without a commit."""
    if transaction.parent is None:
        session.info.pop(UNWRITTEN, None)
