"""Verifying the chain of audit events: whether each stands as it was written, and none is gone.

In batches, so that any number of events needs the same memory, and beside writers: what comes
while we look is not looked at, and what retention drops meanwhile is not missed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from app import db
from app.operations import audit_rows, audit_signatures
from app.operations.audit_rows import EVENTS, HEADS, STARTS, Claimed
from app.operations.audit_signatures import Checkpoint, Head
from app.operations.audit_walk import Fault, Kind, Walk

_STARTED = func.coalesce(select(func.max(STARTS.c.position)).scalar_subquery(), 0)
_ENDED = select(func.max(HEADS.c.position)).scalar_subquery()
_OUTERMOST = select(func.min(EVENTS.c.position), func.max(EVENTS.c.position))


@dataclass(frozen=True)
class Step:
    """What a part of the work looked at, and what it found."""

    events: int = 0
    checkpoints: int = 0
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Extent:
    """Which events the log has, by what it says itself; `first` may be the one to come."""

    first: int
    last: int


def extent() -> Extent:
    """Return the first and the last event's position."""
    start, _ = audit_rows.start()
    head, _ = audit_rows.head()
    return Extent(start.position + 1, head.position if head else start.position)


def checkpoint() -> Checkpoint | None:
    """Return a signed checkpoint of the log's end as it is; None where that end is not signed."""
    head, signed = audit_rows.head()
    return audit_signatures.checkpoint(head.position, head.hash) if head and signed else None


def verify(given: Sequence[Checkpoint] = (), *, since: int = 0) -> Iterator[Step]:
    """Verify the chain step by step, and the checkpoints of the table and those given.

    With `since` the events up to that one are taken as they are. Must not be called within a unit
    of work.
    """
    db.session().rollback()
    head, _ = audit_rows.head()
    yield Step(faults=tuple(_faults_of_the_ends()))
    yield from _walked(_from(since), head.position if head else None, head)
    yield Step(faults=tuple(_beyond_the_ends()))
    yield from _checked_checkpoints(since)
    yield from _compared(given)


def verify_part(since: int, until: int) -> Iterator[Step]:
    """Verify the events behind one up to another, which both are before the end of the log.

    Those up to `since` are taken as they are; nothing is said of the ends and of checkpoints.
    """
    db.session().rollback()
    yield from _walked(_from(since), until)


def _faults_of_the_ends() -> Iterator[Fault]:
    start, start_signed = audit_rows.start()
    if not start_signed:
        yield Fault(Kind.START_UNSIGNED, start.position, start.position)
    head, head_signed = audit_rows.head()
    if head is None:
        yield Fault(Kind.HEAD_MISSING, 0, 0)
    elif not head_signed:
        yield Fault(Kind.HEAD_UNSIGNED, head.position, head.position)


def _from(since: int) -> Walk:
    start, _ = audit_rows.start()
    if since > start.position:
        return Walk(since, audit_rows.hash_at(since), beginning=False)
    return Walk(start.position, start.hash, beginning=True)


def _walked(walk: Walk, until: int | None, head: Head | None = None) -> Iterator[Step]:
    while events := audit_rows.batch(walk.position, until):
        if events[0].position > walk.position + 1:
            _catch_up(walk)
        ahead = [event for event in events if event.position > walk.position]
        faults = [fault for event in ahead for fault in walk.step(event)]
        db.session().rollback()  # see what is there by then, and hold no log of SQLite's back
        yield Step(events=len(ahead), faults=tuple(faults))
    _catch_up(walk)
    at_the_end = tuple(_at_the_end(walk, head))
    yield Step(faults=(*walk.finish(), *at_the_end))


def _catch_up(walk: Walk) -> None:
    """Go on where the log starts by now, if that is further on."""
    start, _ = audit_rows.start()
    if start.position > walk.position:
        walk.jump(start.position, start.hash)


def _at_the_end(walk: Walk, head: Head | None) -> Iterator[Fault]:
    if head is not None and walk.position < head.position:
        yield Fault(Kind.END_CUT, walk.position + 1, head.position)
    elif head is not None and not walk.ends_with(head.position, head.hash):
        yield Fault(Kind.HEAD_DIFFERS, head.position, head.position)


def _beyond_the_ends() -> Iterator[Fault]:
    """Look at both ends in one statement each: between two, others may move them."""
    for kind, outside in (
        (Kind.BEFORE_START, EVENTS.c.position <= _STARTED),
        (Kind.BEYOND_END, EVENTS.c.position > _ENDED),
    ):
        first, last = db.session().execute(_OUTERMOST.where(outside)).one()
        if first is not None:
            yield Fault(kind, first, last)


def _checked_checkpoints(since: int) -> Iterator[Step]:
    after = since
    while claimed := audit_rows.checkpoints(after):
        after = claimed[-1].position
        faults = [fault for each in claimed for fault in _claimed(each)]
        db.session().rollback()
        yield Step(checkpoints=len(claimed), faults=tuple(faults))


def _claimed(claimed: Claimed) -> Iterator[Fault]:
    if claimed.checkpoint is None:
        yield Fault(Kind.CHECKPOINT_UNSIGNED, claimed.position, claimed.position)
    else:
        yield from _compare(claimed.checkpoint, claimed.found)


def _compared(given: Sequence[Checkpoint]) -> Iterator[Step]:
    """Compare checkpoints from outside, but none that is older than what we keep."""
    for each in given:
        start, _ = audit_rows.start()
        if each.position >= start.position:
            at_start = each.position == start.position
            found = start.hash if at_start else audit_rows.hash_at(each.position)
            yield Step(checkpoints=1, faults=tuple(_compare(each, found, given=True)))


def _compare(claimed: Checkpoint, found: str | None, *, given: bool = False) -> Iterator[Fault]:
    at = claimed.position
    if not audit_signatures.is_signed(claimed.parts, claimed.signature):
        yield Fault(Kind.CHECKPOINT_UNSIGNED, at, at, given=given)
    if found is None:
        yield Fault(Kind.CHECKPOINT_WITHOUT_EVENT, at, at, given=given)
    elif found != claimed.hash:
        yield Fault(Kind.CHECKPOINT_DIFFERS, at, at, given=given)
