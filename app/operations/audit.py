"""Writing down what happened."""

import uuid

import structlog

from app import db
from app.models import AuditEvent
from app.operations.visitor import Visitor

LONGEST = 256  # characters of what a program calls itself

log = structlog.get_logger("doorward.audit")


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
    visitor's program calls itself is kept with them, for people to know their devices by.
    """
    event = AuditEvent(
        what=what,
        account_id=account_id,
        by_account_id=by,
        organisation_id=organisation_id,
        interface=visitor.interface,
        address=visitor.address,
        details={**details, **_device(visitor)},
    )
    db.session().add(event)
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
