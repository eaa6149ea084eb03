"""Doing the work of imports that are begun on the pages: checking, running, taking back.

Any number of processes may look for work. Each leases one import at a time for a while, and says
again and again that it is at it; one that dies leaves a lease that ends, and another goes on from
the last batch of rows that was kept. Two that took the same one would share its rows: nothing is
done twice (operations.importing).
"""

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta

import structlog
from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update

from app import db
from app.clock import now
from app.models import Import, ImportRow, Interface, Organisation, Role, Stage
from app.operations import (
    audit,
    authority,
    import_acts,
    import_mappings,
    import_store,
    import_undo,
    importing,
)
from app.operations.import_authority import EVERYTHING, Authority
from app.operations.import_caller import Caller
from app.operations.import_faults import FileRefused
from app.operations.import_store import FileGone
from app.operations.importing import File
from app.operations.visitor import Visitor

LEASE = timedelta(seconds=30)
RENEWED = timedelta(seconds=5)
MOST_FAILURES = 5
BATCH = 2_000  # rows of a report, to forget
PAUSE_S = 0.01  # between batches: others write, too
WORK = (Stage.MAPPED, Stage.CHECKING, Stage.CONFIRMED, Stage.RUNNING, Stage.UNDOING)
FROM_THE_DATABASE = {"synchronize_session": False}

log = structlog.get_logger("doorward.imports")


class _Ended(Exception):
    """An import that cannot go on; says why."""


class _GivenBack(Exception):
    """This process ends, or the import was stopped: another looks what is to be done."""


def is_any_waiting() -> bool:
    """Tell whether an import waits for somebody to work on it. Takes no lock."""
    found = db.session().scalar(select(exists().where(_waits())))
    db.session().rollback()
    return bool(found)


def work_once(stop: threading.Event) -> bool:
    """Work on one import until its stage is done; tell whether there was any.

    Whatever goes wrong is tried again, and stops the import after some times. `stop` gives it back
    after the batch in hand.
    """
    import_id = _lease() if is_any_waiting() else None
    if import_id is None:
        return False
    try:
        _work(import_id, stop)
    except _GivenBack:
        _give_back(import_id)
    except (_Ended, FileGone, FileRefused) as error:
        _stop(import_id, str(error) if isinstance(error, _Ended) else "file_gone")
    except Exception as error:
        log.error("import_failed", import_id=str(import_id), error=type(error).__name__)
        _fail(import_id)
    return True


def _work(import_id: uuid.UUID, stop: threading.Event) -> None:
    found = db.session().get_one(Import, import_id, populate_existing=True)
    if found.stage in {Stage.MAPPED, Stage.CONFIRMED}:
        _forget_report(found)
    if found.stage is Stage.UNDOING:
        _take_back(found, stop)
    elif found.stage in {Stage.CHECKING, Stage.RUNNING}:
        _bring_in(found, stop)


def _forget_report(found: Import) -> None:
    """Forget what the last check said of each row, a batch at a time, and begin anew."""
    row, import_id = ImportRow, found.id
    some = select(row.number).where(row.import_id == import_id).limit(BATCH)
    there = True
    while there:
        with db.transaction() as session:
            numbers = list(session.scalars(some))
            gone = delete(row).where(row.import_id == import_id, row.number.in_(numbers))
            session.execute(gone, execution_options=FROM_THE_DATABASE)
            there = bool(numbers)
    following = {Stage.MAPPED: Stage.CHECKING, Stage.CONFIRMED: Stage.RUNNING}
    with db.transaction() as session:
        session.refresh(found, with_for_update=True)
        if found.stage in following:
            found.stage, found.stage_at = following[found.stage], now()
            found.counts, found.last_row = {}, 0


def _bring_in(found: Import, stop: threading.Event) -> None:
    caller = _caller(found)
    file = File(
        found.source,
        import_store.open_file(found.id, found.size),
        import_mappings.of_kept(found.mapping),
        found.digest,
        found.rows,
        [],
    )
    beat = _heart(found.id, stop)

    def after_a_batch(_done: int, _rows: int) -> None:
        beat()
        _caller(found)  # who lost the right to import since, imports no further

    importing.go_on(found, file, caller, after_a_batch)
    following = {Stage.CHECKING: Stage.CHECKED, Stage.RUNNING: Stage.FINISHED}
    with db.transaction() as session:
        session.refresh(found, with_for_update=True)
        if found.finished_at is not None and found.stage in following:
            _settle(found, following[found.stage])


def _take_back(found: Import, stop: threading.Event) -> None:
    beat = _heart(found.id, stop)
    caller = Caller(_visitor(found), Authority(), found.undone_by_id)
    import_undo.go_on(found.id, caller, lambda _done, _rows: beat())
    with db.transaction() as session:
        session.refresh(found, with_for_update=True)
        _settle(found, Stage.UNDONE)


def _settle(found: Import, stage: Stage) -> None:
    found.stage, found.stage_at, found.leased_until = stage, now(), None
    if stage is not Stage.CHECKED:
        import_store.forget(found.id)


def _caller(found: Import) -> Caller:
    """Return who imports, and what they may grant today; raise _Ended where that is nothing."""
    by, place = found.by_account_id, found.organisation_id
    roles = {role for role in Role if _grants(by, place, role)}
    if place is None and Role.SUPERUSER in roles:
        return Caller(_visitor(found), EVERYTHING, by)
    if place is None or not roles or _is_suspended(place):
        raise _Ended("not_allowed")
    here = Authority(frozenset([place]), frozenset(roles - {Role.SUPERUSER}), invites=True)
    return Caller(_visitor(found), here, by)


def _grants(by: uuid.UUID | None, place: uuid.UUID | None, role: Role) -> bool:
    return bool(authority.granting_today(place or uuid.UUID(int=0), role, {by}))


def _is_suspended(place: uuid.UUID) -> bool:
    found = db.session().get(Organisation, place, populate_existing=True)
    return found is None or found.suspended_at is not None


def _visitor(found: Import) -> Visitor:
    return Visitor(Interface.PAGES, found.address)


def _waits() -> ColumnElement[bool]:
    free = or_(Import.leased_until.is_(None), Import.leased_until <= now())
    return and_(Import.stage.in_(WORK), free)


def _lease() -> uuid.UUID | None:
    """Lease the import that has waited longest, or return None."""
    first = select(Import.id).where(_waits()).order_by(Import.stage_at).limit(1)
    free = first.with_for_update(skip_locked=True).cte("free")
    leased = update(Import).where(Import.id.in_(select(free.c.id)))
    mine = leased.values(leased_until=now() + LEASE).returning(Import.id)
    with db.transaction() as session:
        found: uuid.UUID | None = session.scalar(mine, execution_options=FROM_THE_DATABASE)
        return found


def _heart(import_id: uuid.UUID, stop: threading.Event) -> Callable[[], None]:
    """Return what says between batches that somebody is at it, and makes room for others."""
    renewed = [now()]

    def beat() -> None:
        if stop.wait(PAUSE_S):
            raise _GivenBack
        if now() - renewed[0] >= RENEWED:
            renewed[0] = now()
            _change(import_id, leased_until=renewed[0] + LEASE)

    return beat


def _give_back(import_id: uuid.UUID) -> None:
    _change(import_id, leased_until=None)


def _stop(import_id: uuid.UUID, problem: str) -> None:
    """End an import that cannot go on, and say so where things are recorded."""
    with db.transaction() as session:
        found = session.get_one(Import, import_id, with_for_update=True, populate_existing=True)
        if found.stage in import_acts.OPEN:
            import_acts.end(found, problem)
            audit.record(
                "import_stopped",
                _visitor(found),
                organisation_id=found.organisation_id,
                import_id=str(import_id),
                rows=found.rows,
            )


def _fail(import_id: uuid.UUID) -> None:
    """Count what went wrong; try again after a while, or stop."""
    db.session().rollback()
    found = db.session().get_one(Import, import_id, populate_existing=True)
    failures = found.failures + 1
    _change(import_id, failures=failures, leased_until=now() + LEASE)
    if failures >= MOST_FAILURES and found.stage is not Stage.UNDOING:
        _stop(import_id, "failed")


def _change(import_id: uuid.UUID, **values: object) -> None:
    with db.transaction() as session:
        changed = update(Import).where(Import.id == import_id).values(values)
        session.execute(changed, execution_options=FROM_THE_DATABASE)
