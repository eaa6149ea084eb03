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
    Import,
    ImportRow,
    Membership,
    Outcome,
)
from app.operations import (
    audit,
    import_inviting,
    last_administrators,
    sessions,
)
from app.operations import import_undo_facts as facts
from app.operations.import_caller import Caller
from app.operations.import_undo_facts import Held

BATCH = 100  # rows; with what hangs on them some 30 ms on SQLite
MADE = (Outcome.CREATED, Outcome.JOINED, Outcome.INVITED)
_IDS_ONLY = {"synchronize_session": False}

Progress = Callable[[int, int], None]  # rows done, and rows in all


class Undone(enum.StrEnum):
    """What an undo did with what a row had made."""

    REMOVED = "removed"
    IN_USE = "in_use"
    OTHER_MEMBERSHIPS = "other_memberships"
    LAST_SUPERUSER = "last_superuser"
    LAST_ADMINISTRATOR = "last_administrator"
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
    there, used, crowded = facts.there(rows), facts.used(rows), facts.crowded(rows)
    administering = facts.administering(rows)
    undone = {}
    for row in rows:
        if row.account_id not in there:
            undone[row.number] = Undone.GONE
        elif row.account_id in used:
            undone[row.number] = Undone.IN_USE
        elif row.account_id in crowded:
            undone[row.number] = Undone.OTHER_MEMBERSHIPS
        elif row.account_id in administering:
            undone[row.number] = _removed_administrator(administering[row.account_id])
        else:
            undone[row.number] = Undone.REMOVED
    gone = [row.account_id for row in rows if undone[row.number] is Undone.REMOVED]
    _delete(Account, Account.id.in_(gone))
    return undone


def _removed_administrator(account_id: uuid.UUID) -> Undone:
    """Remove one account, unless nobody else would be left to administer what it does.

    One by one: two who are the only ones must not each count on the other.
    """
    try:
        last_administrators.keep_one_besides(account_id)
    except LastSuperuser:
        return Undone.LAST_SUPERUSER
    except LastAdministrator:
        return Undone.LAST_ADMINISTRATOR
    _delete(Account, Account.id == account_id)
    return Undone.REMOVED


def _memberships(running: Import, rows: Sequence[ImportRow], caller: Caller) -> dict[int, Undone]:
    """Remove the memberships that these rows added, and tell of each row what came of that.

    An account that this import made took them along, or stays with them.
    """
    made_here, there = facts.made_here(running, rows), facts.there(rows)
    held, used = facts.held(rows), facts.used_places(running, rows)
    undone = {}
    for row in rows:
        at = held.get(row.membership_id)
        if row.account_id in made_here:
            left = row.account_id in there
            undone[row.number] = Undone.ACCOUNT_LEFT if left else Undone.REMOVED
        elif at is None:
            undone[row.number] = Undone.GONE
        elif (row.account_id, at.organisation_id) in used:
            undone[row.number] = Undone.IN_USE
        elif at.role in sessions.ADMINISTERING and not _remove_administrator_of(at):
            undone[row.number] = Undone.LAST_ADMINISTRATOR
        else:
            undone[row.number] = Undone.REMOVED
            _record_removed(row, at.organisation_id, caller)
    gone = [row.membership_id for row in rows if undone[row.number] is Undone.REMOVED]
    _delete(Membership, Membership.id.in_(gone))
    return undone


def _remove_administrator_of(at: Held) -> bool:
    """Take one role away; False where nobody else would be left to administer the place."""
    try:
        last_administrators.keep_another_at(at.organisation_id, at.account_id)
    except LastAdministrator:
        return False
    _delete(Membership, Membership.id == at.membership_id)
    return True


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


def _delete(table: type[db.Base], *conditions: ColumnElement[bool]) -> None:
    db.session().execute(delete(table).where(*conditions), execution_options=_IDS_ONLY)
