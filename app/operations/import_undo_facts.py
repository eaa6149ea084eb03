"""What an undo has to know before it removes what an import made: who is there, and who uses it.

In the caller's transaction, a statement or two for all rows of a batch.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from app import db
from app.models import Account, AuditEvent, Import, ImportRow, Membership, Outcome, Role, Seat
from app.operations import sessions

# What strangers can bring about, and what imports do and undo: nobody used an account by that.
NO_USE = (
    "account_created",
    "membership_added",
    "membership_removed",
    "sign_in_failed",
    "activation_failed",
    "registered_again",
    "reset_asked",
    "unlock_asked",
)
SUPERUSER = "superuser"  # among what a row created

Place = tuple[uuid.UUID | None, uuid.UUID | None]  # an account, at an organisation


@dataclass(frozen=True)
class Held:
    """A membership that is there."""

    membership_id: uuid.UUID
    account_id: uuid.UUID
    organisation_id: uuid.UUID
    role: Role


def there(rows: Sequence[ImportRow]) -> set[uuid.UUID | None]:
    """Return which accounts are still there, held: nobody signs in before we are through."""
    ids = [row.account_id for row in rows]
    held = select(Account.id).where(Account.id.in_(ids)).order_by(Account.id).with_for_update()
    return set(db.session().scalars(held))


def used(rows: Sequence[ImportRow]) -> set[uuid.UUID | None]:
    """Return which accounts somebody signed in to, changed or looked after."""
    ids = [row.account_id for row in rows]
    of_these = AuditEvent.account_id.in_(ids), AuditEvent.what.not_in(NO_USE)
    return set(db.session().scalars(select(AuditEvent.account_id).where(*of_these).distinct()))


def crowded(rows: Sequence[ImportRow]) -> set[uuid.UUID | None]:
    """Return which accounts have memberships that this import did not give them."""
    superusers = {row.account_id: SUPERUSER in row.created for row in rows}
    noted = select(ImportRow.membership_id).where(
        ImportRow.account_id.in_(superusers),
        ImportRow.import_id.in_({row.import_id for row in rows}),
        ImportRow.membership_id.is_not(None),
    )
    held = select(Membership.account_id, Membership.role).where(
        Membership.account_id.in_(superusers), Membership.id.not_in(noted)
    )
    others = db.session().execute(held)
    return {row[0] for row in others if not (row[1] is Role.SUPERUSER and superusers[row[0]])}


def administering(rows: Sequence[ImportRow]) -> dict[uuid.UUID | None, uuid.UUID]:
    """Return which of these rows' accounts administer something."""
    theirs = Membership.account_id.in_([row.account_id for row in rows])
    held = select(Membership.account_id).where(theirs, Membership.role.in_(sessions.ADMINISTERING))
    return {each: each for each in db.session().scalars(held)}


def made_here(running: Import, rows: Sequence[ImportRow]) -> set[uuid.UUID | None]:
    """Return whose accounts the same import made."""
    own = ImportRow.import_id == running.id, ImportRow.outcome == Outcome.CREATED
    theirs = ImportRow.account_id.in_([row.account_id for row in rows])
    return set(db.session().scalars(select(ImportRow.account_id).where(*own, theirs)))


def held(rows: Sequence[ImportRow]) -> dict[uuid.UUID | None, Held]:
    """Return the memberships that these rows added, those that are there; held, too."""
    ids = [row.membership_id for row in rows]
    columns = (Membership.id, Membership.account_id, Membership.organisation_id, Membership.role)
    named = select(*columns).where(Membership.id.in_(ids)).order_by(Membership.id)
    found = db.session().execute(named.with_for_update(of=Membership))
    return {which: Held(which, who, at, role) for which, who, at, role in found if at}


def used_places(running: Import, rows: Sequence[ImportRow]) -> set[Place]:
    """Return which accounts did something at which organisations since the import, or sit there."""
    ids = [row.account_id for row in rows]
    event = AuditEvent
    since = event.at >= running.started_at, event.what.not_in(NO_USE), event.account_id.in_(ids)
    acted = select(event.account_id, event.organisation_id).where(*since).distinct()
    sits = (
        select(Membership.account_id, Membership.organisation_id)
        .join(Seat, Seat.membership_id == Membership.id)
        .where(Membership.id.in_([row.membership_id for row in rows]))
    )
    found = [*db.session().execute(acted), *db.session().execute(sits)]
    return {(row[0], row[1]) for row in found}
