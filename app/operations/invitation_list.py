"""An organisation's invitations: what each is just now, page by page or all as a file."""

import enum
import uuid
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import joinedload

from app import db
from app.clock import now
from app.errors import NotFound
from app.models import Invitation
from app.operations import audit, authority, keyset
from app.operations.authority import Administrator
from app.operations.keyset import Order, Slice
from app.operations.rights import Action
from app.operations.visitor import Visitor

PAGE = 25
ORDER = Order((Invitation.created_at, Invitation.id), down=True)


class State(enum.StrEnum):
    """What an invitation is just now."""

    OPEN = "open"
    EXPIRED = "expired"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"


def find(
    administrator: Administrator,
    organisation_id: uuid.UUID,
    state: State | None = None,
    after: tuple[Any, ...] | None = None,
) -> Slice[Invitation]:
    """Return a page of an organisation's invitations, the newest first; raises NotFound."""
    authority.require(administrator, Action.SEE_INVITATIONS)
    place = authority.organisation(administrator, organisation_id)
    return keyset.cut(_query(place.id, state), ORDER, after, PAGE)


def begin_export(
    administrator: Administrator, organisation_id: uuid.UUID, state: State | None, visitor: Visitor
) -> Iterator[Invitation]:
    """Record an export, and return each invitation of a state, read as it is taken.

    Raises ProofRequired and NotFound.
    """
    with authority.acting(administrator, Action.EXPORT_INVITATIONS):
        place = authority.organisation(administrator, organisation_id)
        audit.record(
            "invitations_exported",
            visitor,
            by=administrator.account_id,
            organisation_id=place.id,
            state=state.value if state else None,
        )
    query = _query(organisation_id, state)
    return keyset.batches(query, ORDER, keyset.BATCH, then=lambda found: found)


def one(
    administrator: Administrator, organisation_id: uuid.UUID, invitation_id: uuid.UUID
) -> Invitation:
    """Return one of an organisation's invitations; raise NotFound."""
    authority.require(administrator, Action.SEE_INVITATIONS)
    place = authority.organisation(administrator, organisation_id)
    named = Invitation.id == invitation_id, Invitation.organisation_id == place.id
    found = db.session().scalar(select(Invitation).where(*named))
    if found is None:
        raise NotFound
    return found


def state_of(invitation: Invitation) -> State:
    """Return what an invitation is just now."""
    if invitation.accepted_at is not None:
        return State.ACCEPTED
    if invitation.withdrawn_at is not None:
        return State.WITHDRAWN
    return State.OPEN if invitation.expires_at > now() else State.EXPIRED


def is_in(state: State) -> ColumnElement[bool]:
    """Return the condition for invitations in a state."""
    match state:
        case State.OPEN:
            return and_(not_settled(), Invitation.expires_at > now())
        case State.EXPIRED:
            return and_(not_settled(), Invitation.expires_at <= now())
        case State.ACCEPTED:
            return Invitation.accepted_at.is_not(None)
        case State.WITHDRAWN:
            return Invitation.withdrawn_at.is_not(None)


def not_settled() -> ColumnElement[bool]:
    """Return the condition for invitations that are neither accepted nor withdrawn."""
    return and_(Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None))


def unbacked(invitations: list[Invitation]) -> set[uuid.UUID]:
    """Return which of these invitations nobody stands behind any more.

    Whoever sent them last could not give that role there today; sending them again helps. A
    statement for each organisation and role.
    """
    alike: dict[tuple[uuid.UUID, Any], list[Invitation]] = {}
    for each in invitations:
        alike.setdefault((each.organisation_id, each.role), []).append(each)
    found: set[uuid.UUID] = set()
    for (place, role), some in alike.items():
        able = authority.granting_today(place, role, {each.invited_by_id for each in some})
        found |= {each.id for each in some if each.invited_by_id not in able}
    return found


def _query(organisation_id: uuid.UUID, state: State | None) -> Select[Any]:
    theirs = select(Invitation).where(Invitation.organisation_id == organisation_id)
    if state is not None:
        theirs = theirs.where(is_in(state))
    return theirs.options(joinedload(Invitation.invited_by))
