"""Taking an import back: what it made and nobody has used since is removed, the rest stays."""

import enum
import uuid
from collections.abc import Callable, Sequence

from sqlalchemy import ColumnElement, Select, delete, func, select

from app import db
from app.clock import now
from app.errors import LastAdministrator, LastSuperuser, NotFound
from app.models import (
    Account,
    AuditEvent,
    Import,
    ImportRow,
    Membership,
    Outcome,
    Role,
    Seat,
)
from app.operations import audit, import_inviting, last_administrators
from app.operations.import_caller import Caller

BATCH = 100  # rows; with what hangs on them some 30 ms on SQLite
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
MADE = (Outcome.CREATED, Outcome.JOINED, Outcome.INVITED)
_IDS_ONLY = {"synchronize_session": False}

Progress = Callable[[int, int], None]  # rows done, and rows in all
Place = tuple[uuid.UUID | None, uuid.UUID | None]  # an account, at an organisation


class Undone(enum.StrEnum):
    """What an undo did with what a row had made."""

    REMOVED = "removed"
    IN_USE = "in_use"
    OTHER_MEMBERSHIPS = "other_memberships"
    LAST_SUPERUSER = "last_superuser"
    ACCOUNT_LEFT = "account_left"
    ACCEPTED = "accepted"  # the invitation
    GONE = "gone"


def undo(
    import_id: uuid.UUID,
    caller: Caller,
    progress: Progress = lambda _done, _rows: None,
) -> dict[Undone, int]:
    """Remove what an import made and nobody used; return of how many rows, and why others stay.

    An import that was cut short does not go on after it, an undo that was goes on when asked
    again. Who may ask is the caller's to know. Raises NotFound, also for a dry run.
    """
    with db.transaction():
        begin(import_id, caller)
    return go_on(import_id, caller, progress)


def begin(import_id: uuid.UUID, caller: Caller) -> Import:
    """Let an import go no further, in the caller's transaction; raise NotFound for a dry run."""
    row = db.session().get(Import, import_id, with_for_update=True)
    if row is None or row.dry_run:
        raise NotFound
    row.undone_at = row.undone_at or now()
    audit.record(
        "import_undone",
        caller.visitor,
        by=caller.by,
        organisation_id=row.organisation_id,
        import_id=str(import_id),
    )
    return row


def go_on(
    import_id: uuid.UUID,
    caller: Caller,
    progress: Progress = lambda _done, _rows: None,
) -> dict[Undone, int]:
    """Do what `undo` does with an undo that was begun, from wherever it stopped."""
    done, of = 0, left(import_id)
    while undone := _undo_some(import_id, caller):
        done += undone
        progress(done, of)
    counts = counted(import_id)
    with db.transaction() as session:
        row = session.get_one(Import, import_id)
        removed = counts.get(Undone.REMOVED, 0)
        audit.record(
            "import_undo_finished",
            caller.visitor,
            by=caller.by,
            organisation_id=row.organisation_id,
            import_id=str(import_id),
            removed=removed,
            left=sum(counts.values()) - removed,
        )
    return counts


def left(import_id: uuid.UUID) -> int:
    """Return how many rows made something that no undo has looked at yet."""
    rows = _made_something(import_id).subquery()
    return db.session().scalar(select(func.count()).select_from(rows)) or 0


def _made_something(import_id: uuid.UUID) -> Select[ImportRow]:
    """Return the rows that made something which no undo has looked at yet."""
    made = ImportRow.outcome.in_(MADE)
    return select(ImportRow).where(
        ImportRow.import_id == import_id, made, ImportRow.undone.is_(None)
    )


def counted(import_id: uuid.UUID) -> dict[Undone, int]:
    """Return of how many rows an undo did what."""
    looked_at = ImportRow.import_id == import_id, ImportRow.undone.is_not(None)
    counted = select(ImportRow.undone, func.count()).where(*looked_at).group_by(ImportRow.undone)
    return {Undone(word): rows for word, rows in db.session().execute(counted) if word}


def _undo_some(import_id: uuid.UUID, caller: Caller) -> int:
    """Undo a batch in one transaction; return how many rows it had."""
    with db.transaction() as session:
        running = session.get_one(Import, import_id, with_for_update=True)
        some = _made_something(import_id).order_by(ImportRow.number).limit(BATCH)
        rows = list(session.scalars(some))
        made = [row for row in rows if row.outcome is Outcome.CREATED]
        joined = [row for row in rows if row.outcome is Outcome.JOINED]
        invited = [row for row in rows if row.outcome is Outcome.INVITED]
        undone = _accounts(made) | _memberships(running, joined, caller)
        undone |= _invitations(invited, caller)
        for row in rows:
            row.undone = undone[row.number].value
        return len(rows)


def _accounts(rows: Sequence[ImportRow]) -> dict[int, Undone]:
    """Remove the accounts that these rows made, and tell of each row what came of that."""
    there, used, crowded = _there(rows), _used(rows), _crowded(rows)
    undone = {}
    for row in rows:
        if row.account_id not in there:
            undone[row.number] = Undone.GONE
        elif row.account_id in used:
            undone[row.number] = Undone.IN_USE
        elif row.account_id in crowded:
            undone[row.number] = Undone.OTHER_MEMBERSHIPS
        elif SUPERUSER in row.created and not _remove_superuser(row):
            undone[row.number] = Undone.LAST_SUPERUSER
        else:
            undone[row.number] = Undone.REMOVED
    gone = [row.account_id for row in rows if undone[row.number] is Undone.REMOVED]
    _delete(Account, Account.id.in_(gone))
    return undone


def _used(rows: Sequence[ImportRow]) -> set[uuid.UUID | None]:
    """Return which accounts somebody signed in to, changed or looked after."""
    ids = [row.account_id for row in rows]
    of_these = AuditEvent.account_id.in_(ids), AuditEvent.what.not_in(NO_USE)
    return set(db.session().scalars(select(AuditEvent.account_id).where(*of_these).distinct()))


def _crowded(rows: Sequence[ImportRow]) -> set[uuid.UUID | None]:
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


def _remove_superuser(row: ImportRow) -> bool:
    """Remove one superuser; False where nobody else would be left to administer the portal.

    One by one: two who are the only ones must not each count on the other.
    """
    account_id = row.account_id or uuid.UUID(int=0)
    try:
        last_administrators.keep_one_besides(account_id)
    except (LastAdministrator, LastSuperuser):
        return False
    _delete(Account, Account.id == account_id)
    return True


def _memberships(running: Import, rows: Sequence[ImportRow], caller: Caller) -> dict[int, Undone]:
    """Remove the memberships that these rows added, and tell of each row what came of that.

    An account that this import made took them along, or stays with them.
    """
    made_here, there = _made_here(running, rows), _there(rows)
    held, used = _held(rows), _used_places(running, rows)
    undone = {}
    for row in rows:
        at = held.get(row.membership_id)
        if row.account_id in made_here:
            left = row.account_id in there
            undone[row.number] = Undone.ACCOUNT_LEFT if left else Undone.REMOVED
        elif at is None:
            undone[row.number] = Undone.GONE
        elif (row.account_id, at) in used:
            undone[row.number] = Undone.IN_USE
        else:
            undone[row.number] = Undone.REMOVED
            _record_removed(row, at, caller)
    gone = [row.membership_id for row in rows if undone[row.number] is Undone.REMOVED]
    _delete(Membership, Membership.id.in_(gone))
    return undone


def _record_removed(row: ImportRow, organisation_id: uuid.UUID, caller: Caller) -> None:
    audit.record(
        "membership_removed",
        caller.visitor,
        account_id=row.account_id,
        by=caller.by,
        organisation_id=organisation_id,
        import_id=str(row.import_id),
    )


def _invitations(rows: Sequence[ImportRow], caller: Caller) -> dict[int, Undone]:
    """Withdraw the invitations that nobody accepted; whoever did is a member by their own will."""
    ids = {row.invitation_id for row in rows if row.invitation_id}
    withdrawn, accepted = import_inviting.withdraw(ids, caller) if ids else (set(), set())
    told = dict.fromkeys(withdrawn, Undone.REMOVED) | dict.fromkeys(accepted, Undone.ACCEPTED)
    return {row.number: told.get(row.invitation_id, Undone.GONE) for row in rows}


def _made_here(running: Import, rows: Sequence[ImportRow]) -> set[uuid.UUID | None]:
    own = ImportRow.import_id == running.id, ImportRow.outcome == Outcome.CREATED
    theirs = ImportRow.account_id.in_([row.account_id for row in rows])
    return set(db.session().scalars(select(ImportRow.account_id).where(*own, theirs)))


def _there(rows: Sequence[ImportRow]) -> set[uuid.UUID | None]:
    """Return which accounts are still there, held: nobody signs in before we are through."""
    ids = [row.account_id for row in rows]
    held = select(Account.id).where(Account.id.in_(ids)).order_by(Account.id).with_for_update()
    return set(db.session().scalars(held))


def _held(rows: Sequence[ImportRow]) -> dict[uuid.UUID | None, uuid.UUID | None]:
    """Return where the memberships are that these rows added, those that are there; held, too."""
    ids = [row.membership_id for row in rows]
    places = select(Membership.id, Membership.organisation_id).where(Membership.id.in_(ids))
    held = places.order_by(Membership.id).with_for_update(of=Membership)
    return {row[0]: row[1] for row in db.session().execute(held)}


def _used_places(running: Import, rows: Sequence[ImportRow]) -> set[Place]:
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


def _delete(table: type[db.Base], *conditions: ColumnElement[bool]) -> None:
    db.session().execute(delete(table).where(*conditions), execution_options=_IDS_ONLY)
