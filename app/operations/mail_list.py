"""The mail of the portal: what waits, what was refused, what was sent; never what it says."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from app import db
from app.clock import now
from app.models import OutgoingMail
from app.operations import audit, authority, keyset
from app.operations.authority import Administrator
from app.operations.keyset import Order, Slice
from app.operations.rights import Action
from app.operations.visitor import Visitor
from app.security.identities import start_of_address

PAGE = 25
LATE = timedelta(minutes=5)  # a mail that was due so long ago makes one ask who delivers
ORDER = Order((OutgoingMail.created_at, OutgoingMail.id), down=True)
LAST_SIGN = "\U0010ffff"  # no text goes on with this one


class State(enum.StrEnum):
    """What became of a mail so far."""

    WAITING = "waiting"
    FAILED = "failed"
    SENT = "sent"


@dataclass(frozen=True)
class Filter:
    """Which mail to list; what is left out does not matter. `text` is how the address begins."""

    text: str = ""
    state: State | None = None
    kind: str | None = None


def find(
    administrator: Administrator, wanted: Filter, after: tuple[Any, ...] | None = None
) -> Slice[OutgoingMail]:
    """Return a page of the mail that a filter shows, the newest first; raises NotFound."""
    authority.require(administrator, Action.SEE_MAIL)
    return keyset.cut(_query(wanted), ORDER, after, PAGE)


def begin_export(
    administrator: Administrator, wanted: Filter, visitor: Visitor
) -> Iterator[OutgoingMail]:
    """Record an export, and return each mail that the filter shows, read as it is taken.

    What was searched for is not recorded, only that something was. Raises ProofRequired and
    NotFound.
    """
    with authority.acting(administrator, Action.EXPORT_MAIL):
        audit.record(
            "mail_exported",
            visitor,
            by=administrator.account_id,
            state=wanted.state.value if wanted.state else None,
            kind=wanted.kind,
            searched=int(bool(wanted.text)),
        )
    return keyset.batches(_query(wanted), ORDER, keyset.BATCH, then=lambda found: found)


def counts(administrator: Administrator) -> dict[State, int]:
    """Return how many mails are in each state: one statement; raises NotFound."""
    authority.require(administrator, Action.SEE_MAIL)
    counted = [func.count().filter(is_in(state)) for state in State]
    [row] = db.session().execute(select(*counted).select_from(OutgoingMail)).all()
    return dict(zip(State, row, strict=True))


def late_since(administrator: Administrator) -> datetime | None:
    """Return since when a mail is due that nobody has tried to send; None while all is well.

    A mail that the server put off is due when it is to be tried again. Raises NotFound.
    """
    authority.require(administrator, Action.SEE_MAIL)
    moment, row = now(), OutgoingMail
    free = or_(row.leased_until.is_(None), row.leased_until <= moment)
    longest = select(func.min(row.next_try_at)).where(is_in(State.WAITING), free)
    due = db.session().scalar(longest)
    return due if due is not None and due <= moment - LATE else None


def state_of(mail: OutgoingMail) -> State:
    """Return what became of a mail so far."""
    if mail.sent_at is not None:
        return State.SENT
    return State.WAITING if mail.failed_at is None else State.FAILED


def is_in(state: State) -> ColumnElement[bool]:
    """Return the condition for mail in a state."""
    unsent = OutgoingMail.sent_at.is_(None)
    match state:
        case State.WAITING:
            return and_(unsent, OutgoingMail.failed_at.is_(None))
        case State.FAILED:
            return and_(unsent, OutgoingMail.failed_at.is_not(None))
        case State.SENT:
            return ~unsent


def _query(wanted: Filter) -> Select[Any]:
    query, begins = select(OutgoingMail), start_of_address(wanted.text)
    if begins:
        key = OutgoingMail.recipient_key
        query = query.where(key >= begins, key < begins + LAST_SIGN)
    if wanted.kind is not None:
        query = query.where(OutgoingMail.kind == wanted.kind)
    return query if wanted.state is None else query.where(is_in(wanted.state))
