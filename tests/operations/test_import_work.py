"""Imports that are begun on the pages: stage by stage, by whoever works on them just now."""

import io
import json
import threading
import tracemalloc
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from app import db
from app.clock import now
from app.errors import NotFound, ProofRequired, TicketRefused
from app.models import (
    Account,
    AuditEvent,
    Import,
    ImportChunk,
    ImportRow,
    Invitation,
    Membership,
    Role,
    Session,
    Stage,
)
from app.operations import (
    import_acts,
    import_deciding,
    import_list,
    import_store,
    import_work,
    importing,
    purging,
)
from app.operations.authority import Administrator
from app.operations.import_caller import Caller
from app.operations.import_faults import FileFault, FileRefused
from app.operations.import_mappings import ColumnMapping
from tests import factories
from tests.conftest import Clock
from tests.factories import VISITOR
from tests.operations.administrators import account_admin, acting, member, superuser
from tests.operations.bringing_in import count, csv_of, people, rows_of

pytestmark = pytest.mark.usefixtures("portal")

NEVER = threading.Event()
OURS = ColumnMapping()


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few rows make several batches, and nobody wait between them."""
    monkeypatch.setattr(importing, "BATCH", 20)
    monkeypatch.setattr(importing, "BATCH_OF_MAILS", 20)
    monkeypatch.setattr(import_work, "BATCH", 20)
    monkeypatch.setattr(import_work, "PAUSE_S", 0)


def uploaded(by: Administrator, *rows: Mapping[str, object]) -> Import:
    return import_acts.upload(by, "people.csv", io.BytesIO(csv_of(*rows)), VISITOR)


def mapped(by: Administrator, *rows: Mapping[str, object]) -> Import:
    made = uploaded(by, *rows)
    import_acts.map_columns(by, made.id, OURS, VISITOR)
    return made


def checked(by: Administrator, *rows: Mapping[str, object]) -> Import:
    made = mapped(by, *rows)
    work()
    return made


def confirmed(by: Administrator, *rows: Mapping[str, object]) -> Import:
    made = checked(by, *rows)
    import_acts.confirm(by, made.id, VISITOR)
    return made


def work() -> None:
    while import_work.work_once(NEVER):
        pass


def stage_of(made: Import) -> Stage | None:
    db.session().rollback()
    db.session().expire_all()
    return db.session().get_one(Import, made.id).stage


# The stages


def test_nothing_is_kept_before_it_is_confirmed() -> None:
    boss = superuser()
    made = checked(boss, *people(45), {"email": "nowhere"})

    assert stage_of(made) is Stage.CHECKED
    assert made.counts == {"created": 45, "refused": 1}
    assert count(Account) == 1
    import_acts.confirm(boss, made.id, VISITOR)
    work()

    assert stage_of(made) is Stage.FINISHED
    assert count(Account) == 46
    assert count(ImportRow) == 46
    assert count(ImportChunk) == 0
    recorded = db.session().scalars(select(AuditEvent.what).order_by(AuditEvent.position))
    assert [what for what in recorded if what.startswith("import")] == [
        "import_uploaded",
        "import_checked",
        "import_started",
        "import_finished",
    ]


def test_an_import_can_be_checked_again_with_other_columns() -> None:
    boss = superuser()
    made = checked(boss, *({"email": f"p{n}@example.org", "n": f"P {n}"} for n in range(30)))

    import_acts.map_columns(boss, made.id, ColumnMapping(columns={"name": "n"}), VISITOR)
    work()

    assert stage_of(made) is Stage.CHECKED
    assert count(ImportRow) == made.done == 30
    import_acts.confirm(boss, made.id, VISITOR)
    work()
    assert count(Account, name="P 7") == 1


def test_an_import_is_taken_back_by_the_worker() -> None:
    boss = superuser()
    made = confirmed(boss, *people(45))
    work()

    import_acts.undo(boss, made.id, VISITOR)
    assert stage_of(made) is Stage.UNDOING
    work()

    assert stage_of(made) is Stage.UNDONE
    assert count(Account) == 1
    assert made.undone_by_id == boss.account_id
    with pytest.raises(TicketRefused):
        import_acts.undo(boss, made.id, VISITOR)


@pytest.mark.parametrize("stage", [Stage.UPLOADED, Stage.RUNNING, Stage.FINISHED, Stage.STOPPED])
def test_nothing_is_confirmed_that_is_not_checked(stage: Stage) -> None:
    boss = superuser()
    made = checked(boss, *people(2))
    db.session().execute(update(Import).values(stage=stage))
    db.session().commit()

    with pytest.raises(TicketRefused):
        import_acts.confirm(boss, made.id, VISITOR)

    assert stage_of(made) is stage


def test_every_act_asks_for_a_fresh_proof() -> None:
    boss = superuser()
    made = checked(boss, *people(2))
    db.session().execute(update(Session).values(account_proved_at=None))
    db.session().commit()
    db.session().expire_all()

    for act in (import_acts.confirm, import_acts.stop, import_acts.undo):
        with pytest.raises(ProofRequired):
            act(boss, made.id, VISITOR)
    with pytest.raises(ProofRequired):
        import_acts.map_columns(boss, made.id, OURS, VISITOR)
    with pytest.raises(ProofRequired):
        uploaded(boss, *people(2))
    assert stage_of(made) is Stage.CHECKED


def test_an_upload_that_is_refused_leaves_nothing() -> None:
    with pytest.raises(FileRefused):
        import_acts.upload(superuser(), "x", io.BytesIO(b"email\n"), VISITOR)

    assert count(Import) == count(ImportChunk) == 0


def test_an_upload_that_breaks_off_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_import_id: uuid.UUID, _stream: object) -> int:
        raise OSError("the disk is full")

    monkeypatch.setattr(import_store, "keep", fail)

    with pytest.raises(OSError, match="full"):
        uploaded(superuser(), *people(2))
    assert count(Import) == 0


# From an organisation's seat


def test_an_account_admin_s_people_are_invited_to_their_own_organisation() -> None:
    place, other = factories.organisation("Cy"), factories.organisation("Other")
    boss = account_admin(place)
    made = uploaded(boss, *({"email": f"p{n}@example.org", "superuser": "no"} for n in range(25)))
    forged = ColumnMapping(
        columns={"superuser": "superuser"},
        everybody={"role": "student", "organisation": str(other.id)},
    )

    import_acts.map_columns(boss, made.id, forged, VISITOR)
    work()
    import_acts.confirm(boss, made.id, VISITOR)
    work()

    assert stage_of(made) is Stage.FINISHED
    assert made.counts == {"invited": 25}
    assert set(db.session().scalars(select(Invitation.organisation_id))) == {place.id}
    assert count(Account) == 1


def test_whoever_lost_the_role_meanwhile_imports_no_further(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = factories.organisation("Cy")
    boss = account_admin(place)
    rows = [{"email": f"p{n}@example.org", "organisation": "Cy", "role": "student"}
            for n in range(60)]  # fmt: skip
    made = confirmed(boss, *rows)
    once = import_deciding.decide
    seen: list[int] = []

    def decide(*args: object) -> object:
        if not seen:
            seen.append(1)
            mine = delete(Membership).where(Membership.account_id == boss.account_id)
            db.session().execute(mine)
        return once(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "decide", decide)
    work()

    assert stage_of(made) is Stage.STOPPED
    assert made.problem == "not_allowed"
    assert count(Invitation) == 20
    assert count(ImportChunk) == 0


@pytest.mark.parametrize("what", ["suspended", "demoted", "gone"])
def test_a_superuser_who_is_one_no_more_imports_nothing(what: str) -> None:
    who = member(Role.SUPERUSER)
    made = confirmed(acting(who), *people(3))
    if what == "suspended":
        db.session().execute(update(Account).values(suspended_at=now()))
    elif what == "demoted":
        db.session().execute(delete(Membership))
    else:
        db.session().execute(delete(Account))
    db.session().commit()

    work()

    assert stage_of(made) is Stage.STOPPED
    assert count(Account, email="crowd0@example.org") == 0


def test_a_suspended_organisation_is_not_filled() -> None:
    place = factories.organisation("Cy")
    made = confirmed(account_admin(place), {"email": "a@example.org", "role": "student"})
    place.suspended_at = now()
    db.session().commit()

    work()

    assert stage_of(made) is Stage.STOPPED
    assert count(Invitation) == 0


def test_another_organisation_s_imports_are_not_there() -> None:
    theirs = account_admin(factories.organisation("Theirs"))
    made = checked(theirs, *people(2))
    mine = account_admin(factories.organisation("Mine"))

    for act in (import_acts.confirm, import_acts.stop, import_acts.undo):
        with pytest.raises(NotFound):
            act(mine, made.id, VISITOR)
    with pytest.raises(NotFound):
        import_acts.map_columns(mine, made.id, OURS, VISITOR)
    with pytest.raises(NotFound):
        import_acts.result(mine, made.id, str, VISITOR)
    with pytest.raises(NotFound):
        import_list.one(mine, made.id)
    assert import_list.find(mine).rows == []
    assert [each.id for each in import_list.find(superuser()).rows] == [made.id]
    assert stage_of(made) is Stage.CHECKED


# Those who work on it


def test_whoever_has_it_leased_is_left_alone_until_the_lease_ends(clock: Clock) -> None:
    made = mapped(superuser(), *people(2))
    assert import_work._lease() == made.id

    assert not import_work.work_once(NEVER)
    clock.advance(import_work.LEASE + timedelta(seconds=1))
    assert import_work.work_once(NEVER)

    assert stage_of(made) is Stage.CHECKED


class Killed(BaseException):
    """What ends a process at once: nothing in the code may see to anything."""


def test_where_one_is_killed_another_goes_on_and_does_nothing_twice(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = confirmed(superuser(), *people(105))
    with monkeypatch.context() as patched:
        _die_after(patched, 2)
        with pytest.raises(Killed):
            import_work.work_once(NEVER)
    assert count(ImportRow) == 40

    clock.advance(import_work.LEASE + timedelta(seconds=1))
    work()

    assert stage_of(made) is Stage.FINISHED
    assert made.counts == {"created": 105}
    assert count(Account) == 106
    assert [row.number for row in rows_of(made)] == list(range(2, 107))


def _die_after(monkeypatch: pytest.MonkeyPatch, batches: int) -> None:
    real, left = importing._keep, iter(range(batches))

    def keep(*args: object) -> bool:
        if next(left, None) is None:
            raise Killed
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "_keep", keep)


def test_one_that_ends_in_order_gives_it_back_at_once() -> None:
    made = confirmed(superuser(), *people(105))
    stop = threading.Event()
    stop.set()

    assert import_work.work_once(stop)
    assert stage_of(made) is Stage.RUNNING
    assert made.leased_until is None
    work()

    assert count(Account) == 106


def test_what_goes_wrong_is_tried_again_and_stops_after_some_times(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = mapped(superuser(), *people(3))

    def fail(*_args: object) -> None:
        raise ValueError("something")

    monkeypatch.setattr(importing, "go_on", fail)
    for _ in range(import_work.MOST_FAILURES):
        assert stage_of(made) in {Stage.MAPPED, Stage.CHECKING}
        assert import_work.work_once(NEVER)
        assert not import_work.work_once(NEVER)
        clock.advance(import_work.LEASE + timedelta(seconds=1))

    assert stage_of(made) is Stage.STOPPED
    assert made.problem == "failed"
    assert count(ImportChunk) == 0


def test_one_that_is_stopped_while_it_runs_goes_no_further(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    boss = superuser()
    made = confirmed(boss, *people(105))
    real, batches = importing._keep, iter(range(9))

    def keep(*args: object) -> bool:
        if next(batches) == 2:
            import_acts.stop(boss, made.id, VISITOR)
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "_keep", keep)
    work()

    assert stage_of(made) is Stage.STOPPED
    assert count(Account) == 41
    import_acts.undo(boss, made.id, VISITOR)
    work()
    assert stage_of(made) is Stage.UNDONE
    assert count(Account) == 1


def test_a_command_s_imports_are_left_to_the_command() -> None:
    file = importing.survey("x.csv", io.BytesIO(csv_of(*people(2))), OURS)
    importing._begin(file, Caller(VISITOR), dry_run=False)

    assert not import_work.work_once(NEVER)


# The file


def test_the_file_is_sealed_piece_by_piece_and_read_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(import_store, "CHUNK", 100)
    made = uploaded(superuser(), *people(40))

    kept = import_store.open_file(made.id, made.size)
    assert kept.read() == csv_of(*people(40))
    kept.seek(150)
    assert kept.read(75) == csv_of(*people(40))[150:225]
    assert count(ImportChunk) > 5
    assert "crowd" not in factories.everything_kept()


@pytest.mark.parametrize("how", ["moved", "gone", "of another import"])
def test_a_file_that_was_tampered_with_is_not_read(
    monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(import_store, "CHUNK", 100)
    boss = superuser()
    made, other = mapped(boss, *people(40)), uploaded(boss, *people(50))
    first = select(ImportChunk).where(ImportChunk.import_id == made.id, ImportChunk.number == 1)
    chunk = db.session().scalars(first).one()
    if how == "gone":
        db.session().delete(chunk)
    else:
        place = made.id if how == "moved" else other.id
        chunk.sealed = (
            db.session()
            .scalars(select(ImportChunk.sealed).filter_by(import_id=place, number=2))
            .one()
        )
    db.session().commit()

    work()

    assert stage_of(made) is Stage.STOPPED
    assert made.problem == "file_gone"


def test_a_file_that_nobody_goes_on_with_is_purged_after_a_day(clock: Clock) -> None:
    boss = superuser()
    left, working = checked(boss, *people(2)), mapped(boss, *people(3))
    broken = factories.imported(stage=Stage.UPLOADING).id
    clock.advance(timedelta(hours=23))
    purging.purge()
    assert count(ImportChunk) == 2

    clock.advance(timedelta(hours=2))
    purging.purge()

    assert list(db.session().scalars(select(ImportChunk.import_id))) == [working.id]
    assert count(Import, id=broken) == 0
    assert count(Import, id=left.id) == 1


def test_a_person_s_files_are_limited() -> None:
    boss = superuser()
    for _ in range(import_acts.MOST_FILES):
        uploaded(boss, *people(2))

    with pytest.raises(FileRefused) as refused:
        uploaded(boss, *people(2))

    assert refused.value.fault is FileFault.TOO_MANY_FILES
    assert uploaded(superuser(), *people(2))


LARGE_ROWS, FILLING = 2_000, "x" * 4_000  # 8 MB: what is held must not grow with that


def large_csv() -> bytes:
    rows = (f"crowd{number}@example.org,{FILLING}\n" for number in range(LARGE_ROWS))
    return ("email,note\n" + "".join(rows)).encode()


def large_json() -> bytes:
    people = ({"email": f"crowd{n}@example.org", "note": FILLING} for n in range(LARGE_ROWS))
    return json.dumps(list(people)).encode()


@pytest.mark.slow
@pytest.mark.parametrize("made", [large_csv, large_json])
def test_a_large_file_is_never_held_in_memory(
    made: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 50)
    boss, stream = superuser(), io.BytesIO(made())
    size = stream.seek(0, 2)

    tracemalloc.start()
    kept = import_acts.upload(boss, "people", stream, VISITOR)
    import_acts.map_columns(boss, kept.id, OURS, VISITOR)
    work()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert stage_of(kept) is Stage.CHECKED
    assert kept.counts == {"created": LARGE_ROWS}
    assert peak < size / 2, (peak, size)
