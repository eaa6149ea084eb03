"""Walking along the chain of audit events, and naming what is wrong with it.

A wrong event shows in the hash after it, so each wrong one is a suspect until the next one tells
more: what was changed, and what was moved, put in or taken out with the others renumbered.
"""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.models.audit_event import hash_after
from app.operations.audit_writing import END_UNSIGNED


class Kind(enum.StrEnum):
    """What can be wrong; the numbers of a Fault say where."""

    CHANGED = "changed"  # these were changed, or others put in their place
    UNPROVEN = "unproven"  # these do not follow the one before, which is wrong itself
    SWAPPED = "swapped"  # these two changed places
    INSERTED = "inserted"  # these were put in, and those after them renumbered
    REMOVED = "removed"  # before this one, one was taken out and the others renumbered
    MISSING = "missing"  # there are none at these positions
    BEGINNING_CUT = "beginning_cut"  # these are gone, and retention did not drop them
    BEFORE_START = "before_start"  # these are where nothing is kept any more
    START_UNSIGNED = "start_unsigned"  # we did not write that the log starts after this one
    END_CUT = "end_cut"  # these are gone from the end
    BEYOND_END = "beyond_end"  # these were put behind the end
    HEAD_MISSING = "head_missing"  # nothing says where the log ends
    HEAD_UNSIGNED = "head_unsigned"  # we did not write that the log ends with this one
    HEAD_DIFFERS = "head_differs"  # the log ends with this one, but another one stands there
    WAS_UNSIGNED = "was_unsigned"  # this event tells that the end had no signature of ours
    CHECKPOINT_UNSIGNED = "checkpoint_unsigned"  # we did not make this checkpoint
    CHECKPOINT_DIFFERS = "checkpoint_differs"  # the event here was another at that time
    CHECKPOINT_WITHOUT_EVENT = "checkpoint_without_event"  # there was an event here at that time


@dataclass(frozen=True)
class Fault:
    """Something wrong with the events from `first` to `last`.

    `given` tells that a checkpoint that was kept outside says so.
    """

    kind: Kind
    first: int
    last: int
    given: bool = False


@dataclass(frozen=True)
class Written:
    """An event as it stands in the database; no `fields` where they cannot be read."""

    position: int
    hash: str
    fields: Mapping[str, Any] | None

    def hash_after(self, previous: str, position: int) -> str | None:
        """Return what its hash would be after another event, at a position; None if unreadable."""
        try:
            return hash_after(previous, {**(self.fields or {}), "position": position})
        except (LookupError, ValueError, TypeError, AttributeError):
            return None

    def follows(self, previous: str | None, position: int) -> bool:
        """Tell whether it was written after the event with this hash, at this position."""
        return previous is not None and self.hash == self.hash_after(previous, position)


@dataclass(frozen=True)
class _Suspect:
    """An event that does not follow the one before it, whose hash is `previous`."""

    event: Written
    previous: str
    kind: Kind


class Walk:
    """A walk from behind one event on. Give it each event in order, and it yields what is wrong.

    `beginning` tells that the first we keep comes behind that event. Without a hash the first is
    taken as it stands.
    """

    def __init__(self, position: int, hash_: str | None, *, beginning: bool) -> None:
        self.position = position
        self.hash = hash_
        self._begins_after = position if beginning else None
        self._shift = 0  # how many more stand before this place than were written
        self._suspect: _Suspect | None = None
        self._open: Fault | None = None

    def ends_with(self, position: int, hash_: str) -> bool:
        """Tell whether the last event is this one, or is named as wrong anyway."""
        named = self._suspect is not None or self._shift != 0 or self.hash is None
        return named or (self.position, self.hash) == (position, hash_)

    def step(self, event: Written) -> Iterator[Fault]:
        """Take one event; yield the faults that are certain now."""
        found = list(self._found(event))
        if event.fields and event.fields["what"] == END_UNSIGNED:
            found.append(Fault(Kind.WAS_UNSIGNED, event.position, event.position))
        self.position = event.position
        for fault in found:
            yield from self._merged(fault)

    def jump(self, position: int, hash_: str) -> None:
        """Go on after an event further on: those up to it were dropped meanwhile."""
        self.position, self.hash, self._suspect = position, hash_, None

    def finish(self) -> Iterator[Fault]:
        """Yield what is left to say after the last event."""
        if self._suspect is not None:
            yield from self._merged(_of(self._suspect))
            self._suspect = None
        if self._open is not None:
            yield self._open
            self._open = None

    def _found(self, event: Written) -> Iterator[Fault]:
        if event.position > self.position + 1:
            yield from self._gap(event)
        elif self._suspect is not None:
            yield from self._explained(self._suspect, event)
        elif self.hash is None or event.follows(self.hash, event.position - self._shift):
            self.hash = event.hash
        else:
            self._suspected(event, Kind.CHANGED)

    def _gap(self, event: Written) -> Iterator[Fault]:
        """Nothing tells what the event after a gap followed; it is taken as it stands."""
        if self._suspect is not None:
            yield _of(self._suspect)
            self._suspect = None
        cut = self.position == self._begins_after
        kind = Kind.BEGINNING_CUT if cut else Kind.MISSING
        yield Fault(kind, self.position + 1, event.position - 1)
        self.hash = event.hash

    def _explained(self, suspect: _Suspect, event: Written) -> Iterator[Fault]:
        """Yield what the suspect is, now that we know the event behind it."""
        wrong, here = suspect.event, event.position - self._shift
        self._suspect = None
        if event.follows(suspect.previous, here - 1):
            yield self._out_of_place(suspect, event)
        elif event.follows(wrong.hash, here) or event.follows(
            wrong.hash_after(suspect.previous, here - 1), here
        ):
            yield _of(suspect)
            self.hash = event.hash
        elif event.follows(wrong.hash, here + 1):
            yield Fault(Kind.REMOVED, wrong.position, wrong.position)
            self._shift -= 1
            self.hash = event.hash
        else:
            yield _of(suspect)
            self._suspected(event, Kind.UNPROVEN)

    def _out_of_place(self, suspect: _Suspect, event: Written) -> Fault:
        """The event belongs where the suspect stands: they changed places, or it was put in."""
        wrong, here = suspect.event, event.position - self._shift
        if wrong.follows(event.hash, here):
            self.hash = wrong.hash
            return Fault(Kind.SWAPPED, wrong.position, event.position)
        self._shift += 1
        self.hash = event.hash
        return Fault(Kind.INSERTED, wrong.position, wrong.position)

    def _suspected(self, event: Written, kind: Kind) -> None:
        self._suspect = _Suspect(event, self.hash or "", kind)
        self.hash = event.hash

    def _merged(self, fault: Fault) -> Iterator[Fault]:
        """Hold a fault back while the next may go on with it."""
        before, self._open = self._open, fault
        if before is None:
            return
        if (before.kind, before.last + 1) == (fault.kind, fault.first):
            self._open = Fault(fault.kind, before.first, fault.last)
        else:
            yield before


def _of(suspect: _Suspect) -> Fault:
    return Fault(suspect.kind, suspect.event.position, suspect.event.position)
