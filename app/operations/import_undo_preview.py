"""What taking an import back would do, and whom it would leave: told before somebody decides.

The undo looks at each row again when it comes to it (operations.import_undo).
"""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select

from app import db
from app.models import Account, AuditEvent, ImportRow, Invitation, Outcome
from app.operations.import_undo_facts import NO_USE

NAMED = 20  # of those who stay


@dataclass(frozen=True)
class Preview:
    """How many of what would go, and who stays because they use what they got."""

    accounts: int
    memberships: int
    invitations: int
    staying: int
    some_staying: list[Account]


def of(import_id: uuid.UUID) -> Preview:
    """Look at what an import made, a few statements in all."""
    made = _rows(import_id, Outcome.CREATED)
    in_use = made.where(_is_used())
    taken = select(Invitation.accepted_by_id).join(
        ImportRow, ImportRow.invitation_id == Invitation.id
    )
    accepted = taken.where(ImportRow.import_id == import_id, Invitation.accepted_by_id.is_not(None))
    used, by_invitation = _count(in_use), _count(accepted)
    who = in_use.union(accepted).limit(NAMED).subquery()
    named = select(Account).where(Account.id.in_(select(who.c[0]))).order_by(Account.name_key)
    return Preview(
        accounts=_count(made) - used,
        memberships=_count(_rows(import_id, Outcome.JOINED)),
        invitations=_count(_open(import_id)),
        staying=used + by_invitation,
        some_staying=list(db.session().scalars(named)),
    )


def _rows(import_id: uuid.UUID, outcome: Outcome) -> Select[Any]:
    row = ImportRow
    return select(row.account_id).where(
        row.import_id == import_id, row.outcome == outcome, row.undone.is_(None)
    )


def _is_used() -> ColumnElement[bool]:
    event = AuditEvent
    return exists().where(event.account_id == ImportRow.account_id, event.what.not_in(NO_USE))


def _open(import_id: uuid.UUID) -> Select[Any]:
    theirs = select(Invitation.id).join(ImportRow, ImportRow.invitation_id == Invitation.id)
    return theirs.where(
        ImportRow.import_id == import_id,
        Invitation.accepted_at.is_(None),
        Invitation.withdrawn_at.is_(None),
    )


def _count(rows: Select[Any]) -> int:
    return db.session().scalar(select(func.count()).select_from(rows.subquery())) or 0
