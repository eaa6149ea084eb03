"""Verifying the audit log from a page: as much as a request has time for, then the next part."""

from dataclasses import dataclass, field

from app import db
from app.errors import NotFound
from app.operations import audit, audit_chain, authority
from app.operations.audit_signatures import Checkpoint
from app.operations.audit_walk import Fault
from app.operations.authority import Administrator
from app.operations.rights import Action
from app.operations.visitor import Visitor

AT_ONCE = 50_000  # events in one request: a few seconds of work
MOST_FAULTS = 20  # that are named; the rest is counted


@dataclass
class Part:
    """What was verified, from behind event `since` up to event `until`, and what is wrong with it.

    `whole` tells that it went up to the end, checkpoints included.
    """

    since: int
    until: int
    whole: bool
    events: int = 0
    checkpoints: int = 0
    found: int = 0
    faults: list[Fault] = field(default_factory=list)


def verify(administrator: Administrator, since: int, visitor: Visitor) -> Part:
    """Verify the next part of the log behind event `since`; record that, and what came out.

    Raises ProofRequired and NotFound.
    """
    authority.require_fresh(administrator, Action.VERIFY_AUDIT)
    part = _verified(max(since, 0))
    with authority.acting(administrator, Action.VERIFY_AUDIT):
        audit.record(
            "audit_verified",
            visitor,
            by=administrator.account_id,
            events=part.events,
            faults=part.found,
            since=part.since,
            whole=int(part.whole),
        )
    return part


def checkpoint(administrator: Administrator) -> Checkpoint:
    """Return a signed checkpoint of the log's end, to keep elsewhere.

    Raises ProofRequired, and NotFound also where the portal did not sign the end.
    """
    authority.require_fresh(administrator, Action.VERIFY_AUDIT)
    made = audit_chain.checkpoint()
    if made is None:
        raise NotFound
    return made


def _verified(since: int) -> Part:
    extent = audit_chain.extent()
    first = max(since, extent.first - 1)
    until = first + AT_ONCE
    whole = until >= extent.last
    part = Part(first, extent.last if whole else until, whole)
    steps = audit_chain.verify(since=first) if whole else audit_chain.verify_part(first, until)
    for step in steps:
        part.events += step.events
        part.checkpoints += step.checkpoints
        part.found += len(step.faults)
        part.faults += step.faults[: MOST_FAULTS - len(part.faults)]
    db.session().rollback()
    return part
