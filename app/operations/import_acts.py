"""What administrators do about an import, stage by stage; see operations.import_work for the work.

upload ──► map_columns ──► (checked) ──► confirm ──► (run) ──► undo
                ▲              │
                └──────────────┘        stop: at any time before it is done
"""

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

from sqlalchemy import delete, func, select

from app import db
from app.clock import now
from app.errors import TicketRefused
from app.models import Import, ImportChunk, Interface, Stage
from app.operations import (
    audit,
    authority,
    import_list,
    import_outline,
    import_results,
    import_store,
    import_undo,
    importing,
)
from app.operations.authority import Administrator
from app.operations.import_authority import Authority
from app.operations.import_caller import Caller
from app.operations.import_faults import FileFault, FileRefused
from app.operations.import_mappings import COLUMNS, ColumnMapping
from app.operations.import_results import Say
from app.operations.rights import Action
from app.operations.visitor import Visitor

MOST_FILES = 3  # of one person, waiting to be imported
FOR_INVITING = (
    "email",
    "name",
    "organisation",
    "role",
    "password_hash",
    "hash_format",
)
NO_COLUMNS: dict[str, object] = {"system": "ours", "columns": {}}
OPEN = {
    Stage.UPLOADED,
    Stage.MAPPED,
    Stage.CHECKING,
    Stage.CHECKED,
    Stage.CONFIRMED,
    Stage.RUNNING,
}
UNDONE_FROM = {None, Stage.FINISHED, Stage.STOPPED}


def upload(administrator: Administrator, name: str, stream: BinaryIO, visitor: Visitor) -> Import:
    """Keep a file that people are to be imported from; raise FileRefused.

    Nothing of a file that is refused is kept. Raises ProofRequired and NotFound.
    """
    authority.require_fresh(administrator, Action.IMPORT)
    if stream.seek(0, 2) > import_store.MOST:
        raise FileRefused(FileFault.TOO_LARGE)
    rows = import_outline.check(stream)
    with authority.acting(administrator, Action.IMPORT) as session:
        _require_room(administrator)
        begun = _begun(administrator, name, importing.digest_of(stream), rows)
        session.add(begun)
    try:
        size = import_store.keep(begun.id, stream)
        with authority.acting(administrator, Action.IMPORT):
            begun.size, begun.stage, begun.stage_at = size, Stage.UPLOADED, now()
            _record("import_uploaded", begun, administrator, visitor)
    except BaseException:
        _drop(begun.id)
        raise
    return begun


def columns_for(administrator: Administrator) -> tuple[str, ...]:
    """Return which of our columns somebody may import."""
    return COLUMNS if administrator.of_portal else FOR_INVITING


def map_columns(
    administrator: Administrator, import_id: uuid.UUID, mapping: ColumnMapping, visitor: Visitor
) -> None:
    """Say what a file's columns are, and have every row checked.

    From an organisation's seat everybody goes there, unless a row says otherwise and is refused;
    columns that this seat may not import are left out. Raises ProofRequired, NotFound, FileRefused,
    and TicketRefused for a file that is gone or is imported already.
    """
    with authority.acting(administrator, Action.IMPORT):
        mapped = _in_stage(administrator, import_id, {Stage.UPLOADED, Stage.CHECKED})
        bounded = _bounded(administrator, mapping)
        importing.require_names(import_store.open_file(mapped.id, mapped.size), bounded)
        mapped.mapping = bounded.kept()
        mapped.counts, mapped.last_row, mapped.finished_at = {}, 0, None
        _go_to(mapped, Stage.MAPPED, administrator, visitor)


def confirm(administrator: Administrator, import_id: uuid.UUID, visitor: Visitor) -> None:
    """Have an import run that was checked.

    Raises ProofRequired, NotFound, and TicketRefused for one that is not checked, or whose file is
    gone.
    """
    with authority.acting(administrator, Action.IMPORT):
        checked = _in_stage(administrator, import_id, {Stage.CHECKED})
        checked.dry_run, checked.finished_at = False, None
        _go_to(checked, Stage.CONFIRMED, administrator, visitor)
        _record("import_started", checked, administrator, visitor)


def stop(administrator: Administrator, import_id: uuid.UUID, visitor: Visitor) -> None:
    """Let an import go no further; what it made by then stays. Its file goes.

    Raises ProofRequired, NotFound, and TicketRefused for one that is over.
    """
    with authority.acting(administrator, Action.IMPORT):
        stopped = import_list.held(administrator, import_id)
        if stopped.stage not in OPEN:
            raise TicketRefused
        end(stopped, "by_hand")
        _record("import_stopped", stopped, administrator, visitor)


def end(stopped: Import, problem: str) -> None:
    """Stop an import in the caller's transaction; one that made nothing stays a dry run."""
    if stopped.stage is Stage.CONFIRMED:
        stopped.dry_run = True
    stopped.stage, stopped.stage_at, stopped.problem = Stage.STOPPED, now(), problem
    stopped.leased_until = None
    import_store.forget(stopped.id)


def undo(administrator: Administrator, import_id: uuid.UUID, visitor: Visitor) -> None:
    """Have an import taken back, as operations.import_undo says.

    Raises ProofRequired, NotFound, and TicketRefused for one that goes on, or made nothing.
    """
    with authority.acting(administrator, Action.UNDO_IMPORT):
        undone = import_list.held(administrator, import_id)
        if undone.dry_run or undone.stage not in UNDONE_FROM:
            raise TicketRefused
        import_undo.begin(import_id, Caller(visitor, Authority(), administrator.account_id))
        undone.undone_by_id, undone.address = administrator.account_id, visitor.address
        undone.stage, undone.stage_at = Stage.UNDOING, now()
        undone.failures, undone.leased_until = 0, None


def result(
    administrator: Administrator, import_id: uuid.UUID, say: Say, visitor: Visitor
) -> Iterator[tuple[object, ...]]:
    """Record that an import's result file is taken, and return it row by row, as it is read."""
    with authority.acting(administrator, Action.SEE_IMPORTS):
        found = import_list.one(administrator, import_id)
        _record("import_result_taken", found, administrator, visitor)
    return import_results.table(import_id, say)


def _begun(administrator: Administrator, name: str, digest: str, rows: int) -> Import:
    moment: datetime = now()
    return Import(
        id=uuid.uuid4(),
        by_account_id=administrator.account_id,
        interface=Interface.PAGES,
        source=importing.storable(name),
        digest=digest,
        mapping=NO_COLUMNS,
        dry_run=True,
        rows=rows,
        started_at=moment,
        organisation_id=administrator.organisation_id,
        stage=Stage.UPLOADING,
        stage_at=moment,
    )


def _require_room(administrator: Administrator) -> None:
    """Raise FileRefused where somebody has too many files waiting: each takes much room."""
    row = Import
    theirs = row.by_account_id == administrator.account_id, row.stage.in_([*OPEN, Stage.UPLOADING])
    waiting = (
        select(func.count()).select_from(ImportChunk).join(row, row.id == ImportChunk.import_id)
    )
    files = db.session().scalar(waiting.where(ImportChunk.number == 0, *theirs)) or 0
    if files >= MOST_FILES:
        raise FileRefused(FileFault.TOO_MANY_FILES)


def _in_stage(administrator: Administrator, import_id: uuid.UUID, stages: set[Stage]) -> Import:
    found = import_list.held(administrator, import_id)
    if found.stage not in stages or not import_store.is_there(import_id):
        raise TicketRefused
    return found


def _bounded(administrator: Administrator, mapping: ColumnMapping) -> ColumnMapping:
    own = administrator.organisation_id
    if own is None:
        return mapping
    left_out = {name: "" for name in COLUMNS if name not in FOR_INVITING}
    everybody = mapping.everybody | {"organisation": str(own)}
    return ColumnMapping(mapping.system, mapping.columns | left_out, everybody)


def _go_to(running: Import, stage: Stage, administrator: Administrator, visitor: Visitor) -> None:
    running.stage, running.stage_at = stage, now()
    running.by_account_id, running.address = administrator.account_id, visitor.address
    running.failures, running.leased_until, running.problem = 0, None, None


def _drop(import_id: uuid.UUID) -> None:
    """Leave nothing of an upload that came to nothing."""
    with db.transaction() as session:
        import_store.forget(import_id)
        session.execute(delete(Import).where(Import.id == import_id))


def _record(what: str, about: Import, administrator: Administrator, visitor: Visitor) -> None:
    audit.record(
        what,
        visitor,
        by=administrator.account_id,
        organisation_id=about.organisation_id,
        import_id=str(about.id),
        rows=about.rows,
    )
