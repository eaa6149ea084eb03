"""The imports that a seat may see: all from the portal's, its own from an organisation's."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, select, true

from app import db
from app.clock import now
from app.errors import NotFound
from app.models import Account, Import, ImportRow, Organisation, Outcome, Stage
from app.operations import authority, import_undo, keyset
from app.operations.authority import Administrator
from app.operations.keyset import Order, Slice
from app.operations.rights import Action

PAGE = 25
FAULTS = 100  # refused rows on a page; the result file has all
ORDER = Order((Import.started_at, Import.id), down=True)


def find(administrator: Administrator, after: tuple[Any, ...] | None = None) -> Slice[Import]:
    """Return a page of imports, the newest first."""
    authority.require(administrator, Action.SEE_IMPORTS)
    return keyset.cut(select(Import).where(within(administrator)), ORDER, after, PAGE)


def one(administrator: Administrator, import_id: uuid.UUID) -> Import:
    """Return an import as it is now; raise NotFound."""
    authority.require(administrator, Action.SEE_IMPORTS)
    named = select(Import).where(Import.id == import_id, within(administrator))
    found = db.session().scalar(named, execution_options={"populate_existing": True})
    if found is None:
        raise NotFound
    return found


def held(administrator: Administrator, import_id: uuid.UUID) -> Import:
    """Return an import, held until the caller's transaction ends; raise NotFound."""
    named = select(Import).where(Import.id == import_id, within(administrator)).with_for_update()
    found = db.session().scalar(named, execution_options={"populate_existing": True})
    if found is None:
        raise NotFound
    return found


def within(administrator: Administrator) -> ColumnElement[bool]:
    """Return the condition for imports that a seat may see; none whose file is not whole."""
    whole = Import.stage.is_distinct_from(Stage.UPLOADING)
    own = Import.organisation_id == administrator.organisation_id
    return and_(whole, true() if administrator.of_portal else own)


def refused(import_id: uuid.UUID) -> list[ImportRow]:
    """Return the first rows that were refused."""
    row = ImportRow
    wrong = select(row).where(row.import_id == import_id, row.outcome == Outcome.REFUSED)
    return list(db.session().scalars(wrong.order_by(row.number).limit(FAULTS)))


@dataclass(frozen=True)
class Progress:
    """How far the work on an import is: rows, rows a second, seconds left; None where unknown."""

    done: int
    of: int
    speed: int
    left: int | None


def progress(found: Import) -> Progress:
    """Return how far an import is that somebody works on, or that waits for it."""
    if found.stage is Stage.UNDOING:
        of = sum(found.counts.get(each, 0) for each in import_undo.MADE)
        done = max(0, of - import_undo.left(found.id))
    else:
        waits = found.stage in {Stage.MAPPED, Stage.CONFIRMED}
        done, of = 0 if waits else found.done, found.rows
    seconds = (now() - (found.stage_at or found.started_at)).total_seconds()
    speed = done / seconds if seconds > 0 else 0.0
    return Progress(done, of, round(speed), round((of - done) / speed) if speed else None)


def people(imports: Sequence[Import]) -> dict[uuid.UUID | None, Account]:
    """Return who did these imports, by their ids; whoever is gone is missing."""
    ids = {each.by_account_id for each in imports} | {each.undone_by_id for each in imports}
    return {each.id: each for each in _rows(Account, ids)}


def places(imports: Sequence[Import]) -> dict[uuid.UUID | None, Organisation]:
    """Return the organisations that these imports were begun from."""
    return {each.id: each for each in _rows(Organisation, {i.organisation_id for i in imports})}


def _rows(table: type[Any], ids: Collection[uuid.UUID | None]) -> list[Any]:
    wanted = [each for each in ids if each is not None]
    return list(db.session().scalars(select(table).where(table.id.in_(wanted)))) if wanted else []
