"""Moving people over from other systems, file by file.

    survey ──► begin, or go on ──► prepare, decide and write, batch by batch ──► finish

A file is read through once to tell whether it is whole and which it is, and once more for its
rows. Whatever of a row needs no database is done before a batch's transaction begins, so that a
sign-in which waits for it waits for some tens of milliseconds. What became of each row is kept in
the same transaction as what was made of it: killed at any moment, the same file goes on after the
last batch that was kept, and nothing is done twice.
"""

import hashlib
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app import db
from app.clock import now
from app.errors import NotFound
from app.models import Import, Outcome, Stage
from app.operations import audit, import_reading, import_writing
from app.operations.import_caller import Caller
from app.operations.import_deciding import Decision, Placed, decide
from app.operations.import_faults import FileFault, FileRefused
from app.operations.import_mappings import COLUMNS, OURS, ColumnMapping
from app.operations.import_preparing import prepared
from app.operations.import_reading import tidy

BATCH = 250  # rows
BATCH_OF_MAILS = 25  # rows; each that makes an invitation asks the database several times
TRIES = 3  # of a batch that meets people who register at the same moment
CHUNK = 1 << 16  # bytes
LONGEST_NAME = 200  # characters of a file's

Progress = Callable[[int, int], None]  # rows done, and rows in all


@dataclass(frozen=True)
class File:
    """A file that was found whole: its name, its bytes, and how its columns are to be read.

    `digest` is its SHA-256, `rows` how many there are, `unused` its columns that mean nothing here.
    """

    name: str
    stream: BinaryIO
    mapping: ColumnMapping
    digest: str
    rows: int
    unused: list[str]


def survey(name: str, stream: BinaryIO, mapping: ColumnMapping) -> File:
    """Read a file through, from anywhere to its end; raise FileRefused where it breaks off."""
    header = import_reading.columns(stream)
    if header is not None:
        _require_names(header, mapping)
    rows = sum(1 for _ in import_reading.read(stream))
    if not rows:
        raise FileRefused(FileFault.EMPTY)
    digest, unused = digest_of(stream), _unused(header or [], mapping)
    return File(storable(name), stream, mapping, digest, rows, unused)


def run(
    file: File,
    caller: Caller,
    *,
    dry_run: bool = False,
    progress: Progress = lambda _done, _rows: None,
) -> Import:
    """Bring in everybody whom a file names; return what became of that.

    An import that was cut short goes on where it stopped. A `dry_run` keeps nothing but its
    report. Accounts that are there already are given memberships and nothing else.
    """
    return go_on(_begin(file, caller, dry_run=dry_run), file, caller, progress)


def go_on(
    running: Import,
    file: File,
    caller: Caller,
    progress: Progress = lambda _done, _rows: None,
) -> Import:
    """Do what is left of an import that was begun; return what became of it."""
    rows = prepared(file.stream, file.mapping, caller.authority)
    size = BATCH_OF_MAILS if caller.authority.invites and not running.dry_run else BATCH
    while batch := list(islice(rows, size)):
        if not _keep(running, batch, caller):
            return running
        progress(running.done, running.rows)
    _finish(running, caller)
    return running


def cut_short(file: File, caller: Caller) -> Import | None:
    """Return the import of the same file by the same caller that never came to its end."""
    unfinished = (
        select(Import)
        .where(Import.digest == file.digest, Import.dry_run.is_(False))
        .where(Import.by_account_id == caller.by if caller.by else Import.by_account_id.is_(None))
        .where(Import.finished_at.is_(None), Import.undone_at.is_(None), Import.stage.is_(None))
        .order_by(Import.started_at.desc())
    )
    begun = db.session().scalars(unfinished)
    return next((each for each in begun if each.mapping == file.mapping.kept()), None)


def require_names(stream: BinaryIO, mapping: ColumnMapping) -> None:
    """Raise FileRefused where a CSV file lacks a column that was asked for, or names nobody."""
    header = import_reading.columns(stream)
    if header is not None:
        _require_names(header, mapping)


def find(import_id: uuid.UUID) -> Import:
    """Return an import, or raise NotFound."""
    found = db.session().get(Import, import_id)
    if found is None:
        raise NotFound
    return found


def storable(name: str) -> str:
    """Return a file's name as it can be kept."""
    return name.encode(errors="replace").decode()[:LONGEST_NAME]


def digest_of(stream: BinaryIO) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    stream.seek(0)
    digest = hashlib.sha256()
    while chunk := stream.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _require_names(header: list[str], mapping: ColumnMapping) -> None:
    """Raise FileRefused where a column that was asked for is not there, or nobody is named."""
    for name in mapping.names():
        if tidy(name) not in header:
            raise FileRefused(FileFault.NO_COLUMN, 1, name)
    if not mapping.cells(dict.fromkeys(header, "1")).keys() & {"email", "username"}:
        raise FileRefused(FileFault.NO_IDENTITY, 1)


def _unused(header: list[str], mapping: ColumnMapping) -> list[str]:
    """Return the columns that nobody reads; other systems have many, which is no news."""
    if mapping.system != OURS:
        return []
    used = {*COLUMNS, *map(tidy, mapping.names())}
    return [name for name in header if name and name not in used]


def _begin(file: File, caller: Caller, *, dry_run: bool) -> Import:
    with db.transaction() as session:
        begun = None if dry_run else cut_short(file, caller)
        if begun is not None:
            return begun
        begun = Import(
            id=uuid.uuid4(),
            by_account_id=caller.by,
            interface=caller.visitor.interface,
            source=file.name,
            digest=file.digest,
            mapping=file.mapping.kept(),
            dry_run=dry_run,
            rows=file.rows,
        )
        session.add(begun)
        if not dry_run:
            named, rows = str(begun.id), begun.rows
            audit.record("import_started", caller.visitor, by=caller.by, import_id=named, rows=rows)
        return begun


def _keep(running: Import, batch: Sequence[Placed], caller: Caller) -> bool:
    """Keep a batch in one transaction; False where the import was ended meanwhile.

    Somebody may register an address of the batch just before it is written: then it is decided
    anew, for now that account is there.
    """
    for _ in range(TRIES - 1):
        try:
            return _keep_once(running, batch, caller)
        except IntegrityError:
            continue
    return _keep_once(running, batch, caller)


def _keep_once(running: Import, batch: Sequence[Placed], caller: Caller) -> bool:
    with db.transaction() as session:
        session.refresh(running, with_for_update=True)
        if _is_over(running):
            return False
        rows = [row for row in batch if row.number > running.last_row]
        decisions = decide(running.id, rows, caller.authority)
        if running.dry_run:
            import_writing.note(running.id, decisions, dry_run=True)
        else:
            import_writing.write(running.id, decisions, caller)
        running.last_row = max(running.last_row, batch[-1].number)
        running.counts = _counted(running.counts, decisions)
        return True


def _is_over(running: Import) -> bool:
    ended = running.finished_at is not None or running.undone_at is not None
    return ended or running.stage is Stage.STOPPED


def _counted(before: dict[str, int], decisions: Sequence[Decision]) -> dict[str, int]:
    counts = dict(before)
    for each in decisions:
        counts[each.outcome.value] = counts.get(each.outcome.value, 0) + 1
    return counts


def _finish(running: Import, caller: Caller) -> None:
    with db.transaction() as session:
        session.refresh(running, with_for_update=True)
        if not _is_over(running):
            running.finished_at = now()
            _record_end(running, caller)


def _record_end(running: Import, caller: Caller) -> None:
    audit.record(
        "import_checked" if running.dry_run else "import_finished",
        caller.visitor,
        by=caller.by,
        organisation_id=running.organisation_id,
        import_id=str(running.id),
        rows=running.rows,
        created=running.counts.get(Outcome.CREATED, 0),
        joined=running.counts.get(Outcome.JOINED, 0),
        invited=running.counts.get(Outcome.INVITED, 0),
        refused=running.counts.get(Outcome.REFUSED, 0),
    )
