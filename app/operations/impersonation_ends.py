"""How looking as somebody else ends, and what is told of it afterwards.

Whatever ends it (the administrator, the person, the time, a seat or a session that is gone), its
session is deleted and the end is written down once, at the next request or by the next purge.
"""

import enum
import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, exists, or_, select, update

from app import db
from app.clock import now
from app.errors import NotFound
from app.models import AuditEvent, Impersonation, Session
from app.operations import audit, memberships, sessions
from app.operations.visitor import Visitor


class How(enum.StrEnum):
    """How an impersonation ended."""

    STOPPED = "stopped"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    ENDED_BY_PERSON = "ended_by_person"


@dataclass(frozen=True)
class Ended:
    """What is over: as whom and from which seat it was, whether that is still held, and how."""

    account_id: uuid.UUID
    organisation_id: uuid.UUID | None
    seat_held: bool
    how: How


@dataclass(frozen=True)
class Told:
    """What the person may read of one: who it was, and why."""

    administrator: str | None
    reason: str


def stop(impersonation_id: uuid.UUID, visitor: Visitor) -> Ended | None:
    """End it because the administrator wants to; None where there is no such."""
    return _end(impersonation_id, How.STOPPED, visitor)


def note_end(impersonation_id: uuid.UUID, visitor: Visitor) -> Ended | None:
    """Write down the end of what `find` refused; None where there is no such."""
    row = db.session().get(Impersonation, impersonation_id)
    over = row is not None and row.expires_at <= now()
    return _end(impersonation_id, How.EXPIRED if over else How.WITHDRAWN, visitor)


def end_by_person(session: Session, other_id: uuid.UUID, visitor: Visitor) -> None:
    """End what an administrator does in the name of this session's account; raise NotFound."""
    row = db.session().get(Session, other_id)
    if row is None or row.account_id != session.account_id or row.impersonation_id is None:
        raise NotFound
    _end(row.impersonation_id, How.ENDED_BY_PERSON, visitor)


def is_one(session_id: uuid.UUID) -> bool:
    """Tell whether a session is an administrator's who looks as somebody else."""
    named = exists().where(Session.id == session_id, Session.impersonation_id.is_not(None))
    return bool(db.session().scalar(select(named)))


def note_expired(visitor: Visitor) -> int:
    """Write down the end of every one that is over and that nobody came back to; count them."""
    with db.transaction():
        return note_what_is_over(Impersonation.ended_at.is_(None), visitor)


def told(events: Collection[AuditEvent]) -> dict[str, Told]:
    """Return who and why, for those of these events that begin or end one, by its identifier."""
    named = {str(each.details["impersonation"]) for each in events if _is_of_one(each)}
    if not named:
        return {}
    rows = select(Impersonation).where(Impersonation.id.in_(map(uuid.UUID, named)))
    return {str(each.id): told_of(each) for each in db.session().scalars(rows)}


def told_of(row: Impersonation) -> Told:
    """Return who it is and why; nobody's name where the administrator's account is gone."""
    who = row.administrator
    return Told(who.shown_name if who else None, row.reason)


def _is_of_one(event: AuditEvent) -> bool:
    return "impersonation" in event.details


def note_what_is_over(whose: ColumnElement[bool], visitor: Visitor) -> int:
    """Write down, in the caller's transaction, each end that nobody has written down yet."""
    row, moment = Impersonation, now()
    acting = exists().where(Session.impersonation_id == row.id)
    resting = exists().where(Session.id == row.administrator_session_id)
    over = or_(row.expires_at <= moment, ~acting, ~resting)
    found = select(row).where(whose, row.ended_at.is_(None), over)
    return sum(_close(each, _how(each), visitor) for each in db.session().scalars(found).all())


def _how(row: Impersonation) -> How:
    return How.EXPIRED if row.expires_at <= now() else How.WITHDRAWN


def _end(impersonation_id: uuid.UUID, how: How, visitor: Visitor) -> Ended | None:
    with db.transaction() as current:
        row = current.get(Impersonation, impersonation_id)
        if row is None:
            return None
        _close(row, how, visitor)
        return Ended(row.account_id, row.organisation_id, _seat_held(row), how)


def _close(row: Impersonation, how: How, visitor: Visitor) -> bool:
    """End it and its session; write that down once, however many notice."""
    mine = Impersonation.id == row.id, Impersonation.ended_at.is_(None)
    ended = (
        update(Impersonation)
        .where(*mine)
        .values(ended_at=min(now(), row.expires_at))
        .returning(Impersonation.id)
    )
    first = db.session().scalar(ended) is not None
    db.session().execute(delete(Session).where(Session.impersonation_id == row.id))
    if first:
        audit.record(
            "impersonation_ended",
            visitor,
            account_id=row.account_id,
            by=None if how is How.ENDED_BY_PERSON else row.administrator_id,
            organisation_id=row.organisation_id,
            impersonation=str(row.id),
            reason=how.value,
        )
    return first


def _seat_held(row: Impersonation) -> bool:
    """Tell whether the administrator still has the role that it was done from."""
    held = memberships.of(row.administrator_id) if row.administrator_id else []
    administered = {m.organisation_id for m in held if m.role in sessions.ADMINISTERING}
    return row.organisation_id in administered
