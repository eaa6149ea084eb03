"""Inviting whom an import names and its importer cannot see: what comes of a row beyond members.

Whether such a person has an account changes nothing that the importer is told, or could find out.
"""

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, delete, exists, select, true

from app import db
from app.clock import now
from app.models import Account, Invitation, Membership, Role
from app.operations import invitation_list, invitations, invitees
from app.operations.import_caller import Caller
from app.operations.import_entries import Entry
from app.operations.import_faults import Fault, Faults
from app.operations.invitation_list import State

Wanted = tuple[str | None, uuid.UUID | None, Role | None]  # an address, a place, a role


def is_seen(organisations: frozenset[uuid.UUID] | None) -> ColumnElement[bool]:
    """Return the condition for accounts that belong to one of these organisations."""
    if organisations is None:
        return true()
    return exists().where(
        Membership.account_id == Account.id, Membership.organisation_id.in_(organisations)
    )


def waiting(wanted: Sequence[tuple[str | None, uuid.UUID | None]]) -> set[Wanted]:
    """Return which of these addresses and places have an invitation that is open, to which role."""
    row = Invitation
    named = row.email_key.in_({key for key, _ in wanted if key})
    there = row.organisation_id.in_({place for _, place in wanted if place})
    found = select(row.email_key, row.organisation_id, row.role)
    rows = db.session().execute(found.where(named, there, invitation_list.is_in(State.OPEN)))
    return {(key, place, role) for key, place, role in rows}


def invite(
    entry: Entry, organisation_id: uuid.UUID, invitation_id: uuid.UUID, caller: Caller
) -> Faults:
    """Mail an invitation, in the caller's transaction; return why it could not be."""
    if caller.by is None or entry.email is None or entry.email_key is None or entry.role is None:
        raise ValueError("an invitation comes from somebody, goes to an address, and has a role")
    invitation = Invitation(
        id=invitation_id,
        organisation_id=organisation_id,
        role=entry.role,
        email=entry.email,
        email_key=entry.email_key,
        name=invitees.named(entry.name),
        created_at=now(),
        password_hash=entry.password_hash,
    )
    sent = invitations.send_for_import(invitation, caller.by, caller.visitor)
    return [] if sent else [("email", Fault.TOO_MANY_MAILS)]


def make_room(entries: Sequence[Entry], organisation_ids: Collection[uuid.UUID | None]) -> None:
    """Forget what has expired of those who are to be invited: new invitations take their place."""
    row = Invitation
    same = (
        row.email_key.in_({each.email_key for each in entries}),
        row.role.in_({each.role for each in entries}),
        row.organisation_id.in_(organisation_ids),
    )
    expired = delete(row).where(*same, invitation_list.is_in(State.EXPIRED))
    db.session().execute(expired.execution_options(synchronize_session=False))


def withdraw(
    ids: Collection[uuid.UUID], caller: Caller
) -> tuple[set[uuid.UUID | None], set[uuid.UUID | None]]:
    """Withdraw what nobody accepted of these invitations, in the caller's transaction.

    Returns which of them it withdrew, and which were accepted.
    """
    named = select(Invitation).where(Invitation.id.in_(ids)).order_by(Invitation.id)
    held = named.with_for_update(of=Invitation).execution_options(populate_existing=True)
    there = list(db.session().scalars(held))
    waiting_still = [each for each in there if not (each.accepted_at or each.withdrawn_at)]
    for each in waiting_still:
        invitations.withdraw_for_import(each, caller.by, caller.visitor)
    return {each.id for each in waiting_still}, {each.id for each in there if each.accepted_at}


def accepted_by(ids: Collection[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """Return which accounts accepted these invitations, of those that somebody did."""
    row = Invitation
    taken = select(row.id, row.accepted_by_id).where(row.id.in_(ids))
    found = db.session().execute(taken.where(row.accepted_by_id.is_not(None)))
    return {which: who for which, who in found if who}
