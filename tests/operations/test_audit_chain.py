"""Whatever is done to the log past the portal is found, and named with its place."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from app import db
from app.clock import now
from app.models.audit_event import hash_after
from app.operations import audit, audit_chain, audit_rows, audit_signatures
from app.operations.audit_signatures import Checkpoint, Head, read_checkpoint
from app.operations.audit_walk import Written
from app.security.hash_chain import GENESIS
from tests.factories import VISITOR
from tests.operations.audit_events import Found, faults, happen, rows, tamper

pytestmark = pytest.mark.usefixtures("portal")

TEN = 10
COLUMNS = "at, what, account_id, by_account_id, organisation_id, interface, address, details"


@pytest.fixture(autouse=True)
def ten_events(portal: object) -> None:  # noqa: ARG001 (it comes first)
    happen(TEN)


@pytest.fixture
def now_checkpoint() -> Checkpoint:
    made = audit_chain.checkpoint()
    assert made is not None
    return made


def move(old: int, new: int) -> None:
    tamper("UPDATE audit_events SET position = :new WHERE position = :old", old=old, new=new)


def renumber_from(first: int, by: int) -> None:
    """Move all events from one on; at no time two at one place."""
    tamper("UPDATE audit_events SET position = -position WHERE position >= :first", first=first)
    tamper("UPDATE audit_events SET position = -position + :by WHERE position < 0", by=by)


def put_in_a_copy(position: int) -> None:
    tamper(
        f"INSERT INTO audit_events (position, hash, {COLUMNS})"  # noqa: S608 (our own words)
        f" SELECT :position, hash, {COLUMNS} FROM audit_events WHERE position = 2",
        position=position,
    )


def test_a_log_that_nobody_touched_is_whole() -> None:
    steps = list(audit_chain.verify())

    assert sum(step.events for step in steps) == TEN
    assert sum(step.checkpoints for step in steps) == 1
    assert faults() == []


@pytest.mark.parametrize(
    "change",
    [
        "what = 'signed_out'",
        "at = '2020-01-01 00:00:00.000001'",
        "account_id = NULL",
        "by_account_id = account_id",
        "organisation_id = account_id",
        "interface = 'command'",
        "interface = 'none of ours'",
        "address = '192.0.2.2'",
        """details = '{"number": 5}'""",
        "hash = '" + "0" * 64 + "'",
    ],
)
def test_a_changed_event_is_named(change: str) -> None:
    tamper(f"UPDATE audit_events SET {change} WHERE position = 5")  # noqa: S608 (our own words)

    assert faults() == [("changed", 5, 5)]


def test_a_changed_last_event_is_named() -> None:
    tamper("UPDATE audit_events SET what = 'signed_out' WHERE position = 10")

    assert faults() == [("changed", 10, 10)]


def test_a_last_event_with_another_hash_is_named() -> None:
    before, last = audit_rows.batch(8, None)
    assert last.fields is not None
    forged = hash_after(before.hash, {**last.fields, "what": "signed_out"})
    tamper("UPDATE audit_events SET what = 'signed_out', hash = :h WHERE position = 10", h=forged)

    assert faults() == [("head_differs", 10, 10)]


def test_two_changed_events_side_by_side_are_named() -> None:
    tamper("UPDATE audit_events SET what = 'signed_out' WHERE position IN (5, 6)")

    assert faults() == [("changed", 5, 5), ("unproven", 6, 6)]


def test_events_that_cannot_even_be_read_are_named(engine: str) -> None:
    if engine == "sqlite":  # PostgreSQL lets none of these in
        tamper(
            "UPDATE audit_events SET at = 'long ago' WHERE position = 3",
            "UPDATE audit_events SET account_id = 'somebody' WHERE position = 5",
            "UPDATE audit_events SET details = '{' WHERE position = 7",
            "UPDATE audit_events SET address = x'ff' WHERE position = 9",
        )
        assert faults() == [("changed", n, n) for n in (3, 5, 7, 9)]
    else:
        tamper("""UPDATE audit_events SET details = '[]' WHERE position = 3""")
        assert faults() == [("changed", 3, 3)]


def stored(column: str, position: int) -> str | None:
    """Return what stands in a column, as text and as it stands there."""
    [[found]] = rows(
        f"SELECT CAST({column} AS TEXT) FROM audit_events WHERE position = :at",  # noqa: S608
        at=position,
    )
    return None if found is None else str(found)


POSTGRESQL_S = {
    "at": "timestamptz",
    "account_id": "uuid",
    "by_account_id": "uuid",
    "organisation_id": "uuid",
    "details": "json",
}


def let_in(column: str, value: str, engine: str) -> bool:
    """Write into the eleventh event; False where PostgreSQL lets no such value in."""
    kind = "text" if engine == "sqlite" else POSTGRESQL_S.get(column, "text")
    cast = ":value" if kind == "text" else f"CAST(CAST(:value AS text) AS {kind})"
    try:
        tamper(f"UPDATE audit_events SET {column} = {cast} WHERE position = 11", value=value)  # noqa: S608
    except DBAPIError:
        assert engine != "sqlite"
        db.session().rollback()
        return False
    return True


@pytest.mark.parametrize("column", [*COLUMNS.split(", "), "hash"])
@pytest.mark.parametrize("bits", [0x20, 0x01])
def test_one_flipped_byte_in_any_column_is_named(column: str, bits: int, engine: str) -> None:
    """0x20 makes a small letter a capital one: in hexadecimal the same number, and another text.

    PostgreSQL keeps ids and times as numbers, so there it is no change at all.
    """
    who, by, place = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    with db.transaction():
        audit.record("a", VISITOR, account_id=who, by=by, organisation_id=place, word="déjà vu")
    happen()
    before, changed = stored(column, 11) or "", 0

    for at, letter in enumerate(before):
        flipped = before[:at] + chr(ord(letter) ^ bits) + before[at + 1 :]
        if let_in(column, flipped, engine) and stored(column, 11) != before:
            changed += 1
            assert faults() == [("changed", 11, 11)], (column, flipped)

    same_to_postgresql = engine != "sqlite" and bits == 0x20 and column in POSTGRESQL_S
    assert changed or same_to_postgresql
    assert let_in(column, before, engine)
    assert faults() == []


def test_details_that_are_spelled_otherwise_are_named(engine: str) -> None:
    before = stored("details", 5) or ""
    cast = ":value" if engine == "sqlite" else "CAST(:value AS JSON)"
    changing = f"UPDATE audit_events SET details = {cast} WHERE position = 5"  # noqa: S608

    tamper(changing, value=before.replace(": ", ":\t"))
    assert faults() == [("changed", 5, 5)]

    tamper(changing, value=before)
    assert faults() == []


def test_an_event_that_cannot_be_read_follows_nothing() -> None:
    for hash_ in ("", "0" * 64):
        assert not Written(1, hash_, None).follows(GENESIS, 1)
        assert not Written(1, hash_, {"what": "signed_in"}).follows(GENESIS, 1)


@pytest.mark.parametrize(("first", "last"), [(5, 5), (4, 7), (2, 2)])
def test_missing_events_are_named(first: int, last: int) -> None:
    tamper("DELETE FROM audit_events WHERE position BETWEEN :a AND :b", a=first, b=last)

    assert faults() == [("missing", first, last)]


def test_a_beginning_that_was_cut_is_named() -> None:
    tamper("DELETE FROM audit_events WHERE position <= 4")

    assert faults() == [("beginning_cut", 1, 4), ("checkpoint_without_event", 1, 1)]


def test_an_end_that_was_cut_is_named() -> None:
    tamper("DELETE FROM audit_events WHERE position > 7")

    assert faults() == [("end_cut", 8, 10)]


def test_a_log_that_was_emptied_is_named() -> None:
    tamper("DELETE FROM audit_events")

    assert faults() == [("end_cut", 1, 10), ("checkpoint_without_event", 1, 1)]


def test_two_events_that_changed_places_are_named() -> None:
    move(5, -5)
    move(6, 5)
    move(-5, 6)

    assert faults() == [("swapped", 5, 6)]


def test_two_events_far_apart_that_changed_places_are_named() -> None:
    move(3, -3)
    move(8, 3)
    move(-3, 8)

    assert faults() == [
        ("changed", 3, 3),
        ("unproven", 4, 4),
        ("changed", 8, 8),
        ("unproven", 9, 9),
    ]


def test_an_event_that_was_put_in_is_named() -> None:
    renumber_from(5, +1)
    put_in_a_copy(5)

    assert faults() == [("inserted", 5, 5), ("beyond_end", 11, 11)]


def test_an_event_that_was_taken_out_with_the_others_moved_up_is_named() -> None:
    tamper("DELETE FROM audit_events WHERE position = 5")
    renumber_from(6, -1)

    assert faults() == [("removed", 5, 5), ("end_cut", 10, 10)]


def test_an_event_behind_the_end_is_named() -> None:
    put_in_a_copy(11)

    assert faults() == [("beyond_end", 11, 11)]


def test_an_event_before_the_beginning_is_named() -> None:
    put_in_a_copy(0)

    assert faults() == [("before_start", 0, 0)]


def test_an_end_that_somebody_else_signed_is_named() -> None:
    tamper("UPDATE audit_heads SET signature = :s", s="a" * 64)

    assert faults() == [("head_unsigned", 10, 10)]


@pytest.mark.parametrize(
    "change", ["position = 9", "checkpoint_position = 1000000", "checkpoint_at = NULL"]
)
def test_an_end_that_was_changed_is_named(change: str) -> None:
    tamper(f"UPDATE audit_heads SET {change}")  # noqa: S608 (our own words)

    assert faults()[0][0] == "head_unsigned"


def test_an_end_that_is_gone_is_named() -> None:
    tamper("DELETE FROM audit_heads")

    assert faults() == [("head_missing", 0, 0)]


def test_rewriting_the_chain_and_its_end_needs_the_key() -> None:
    """Somebody who knows how events are chained writes all of it anew, as if it were so."""
    rewrite("UPDATE audit_events SET what = 'signed_out' WHERE position = 4")

    assert faults() == [("head_unsigned", 10, 10)]


def test_rewriting_the_chain_is_told_for_good_by_the_next_event() -> None:
    rewrite("UPDATE audit_events SET what = 'signed_out' WHERE position = 4")
    happen(2)

    assert faults() == [("was_unsigned", 11, 11)]


def rewrite(change: str) -> None:
    tamper(change)
    previous = GENESIS
    for event in audit_rows.batch(0, None):
        previous = event.hash_after(previous, event.position) or ""
        tamper(
            "UPDATE audit_events SET hash = :h WHERE position = :p", h=previous, p=event.position
        )
    tamper("UPDATE audit_heads SET hash = :h", h=previous)
    tamper("UPDATE audit_checkpoints SET hash = (SELECT hash FROM audit_events WHERE position = 1)")


def test_a_checkpoint_that_was_changed_is_named() -> None:
    tamper("UPDATE audit_checkpoints SET hash = :h", h="0" * 64)

    assert faults() == [("checkpoint_unsigned", 1, 1), ("checkpoint_differs", 1, 1)]


def test_a_checkpoint_that_somebody_put_in_is_named() -> None:
    tamper(
        "INSERT INTO audit_checkpoints (position, hash, made_at, signature)"
        " SELECT 5, (SELECT hash FROM audit_events WHERE position = 5), made_at, signature"
        " FROM audit_checkpoints"
    )

    assert faults() == [("checkpoint_unsigned", 5, 5)]


def test_an_older_state_that_was_put_back_shows_in_a_checkpoint_from_outside(
    now_checkpoint: Checkpoint,
) -> None:
    [older] = rows("SELECT position, hash FROM audit_events WHERE position = 7")
    [head] = rows("SELECT checkpoint_position, checkpoint_at FROM audit_heads")
    whole, _ = audit_rows.head()
    assert whole is not None
    was = Head(older.position, older.hash, head.checkpoint_position, whole.checkpoint_at)
    tamper(
        "UPDATE audit_heads SET position = :p, hash = :h, signature = :s",
        "DELETE FROM audit_events WHERE position > :p",
        p=was.position,
        h=was.hash,
        s=audit_signatures.signature(was.parts),  # what stood there when it was so
    )

    assert faults() == []
    assert faults(now_checkpoint) == [("checkpoint_without_event", 10, 10)]
    happen(5)
    assert faults(now_checkpoint) == [("checkpoint_differs", 10, 10)]


def test_a_checkpoint_from_outside_agrees_with_what_is_there(now_checkpoint: Checkpoint) -> None:
    happen(3)

    assert faults(now_checkpoint) == []


def test_a_forged_checkpoint_from_outside_is_named(now_checkpoint: Checkpoint) -> None:
    forged = replace(now_checkpoint, position=9)

    assert faults(forged) == [("checkpoint_unsigned", 9, 9), ("checkpoint_differs", 9, 9)]


@pytest.mark.parametrize("change", [{"position": 9}, {"hash": "0" * 64}, {"made_at": 1}])
def test_a_checkpoint_is_signed_as_a_whole(
    change: dict[str, object], now_checkpoint: Checkpoint
) -> None:
    if "made_at" in change:
        change = {"made_at": now_checkpoint.made_at + timedelta(microseconds=1)}
    other = replace(now_checkpoint, **change)  # type: ignore[arg-type]

    assert audit_signatures.is_signed(now_checkpoint.parts, now_checkpoint.signature)
    assert not audit_signatures.is_signed(other.parts, other.signature)


def test_an_end_is_no_checkpoint_though_both_are_signed() -> None:
    head, _ = audit_rows.head()
    assert head is not None

    signed = audit_signatures.signature(head.parts)
    assert faults(Checkpoint(head.position, head.hash, now(), signed)) == [
        ("checkpoint_unsigned", 10, 10)
    ]


def test_a_checkpoint_reads_as_it_was_written(now_checkpoint: Checkpoint) -> None:
    assert read_checkpoint(str(now_checkpoint)) == now_checkpoint
    assert read_checkpoint(f"Nov 25 03:34:28 host doorward: {now_checkpoint}\n") == now_checkpoint


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{}",
        "[1]",
        "{",
        "null",
        '{"position": 1}',
        '{"position": 0, "hash": "", "made_at": "2026-01-01T00:00:00+00:00", "signature": ""}',
        '{"position": 1, "hash": "", "made_at": "some day", "signature": ""}',
        f'{{"position": {2**63}, "hash": "", "made_at": "2026-01-01", "signature": ""}}',
    ],
)
def test_what_is_no_checkpoint_is_not_read(line: str) -> None:
    assert read_checkpoint(line) is None


def test_an_end_without_our_signature_gives_no_checkpoint() -> None:
    tamper("UPDATE audit_heads SET signature = ''")

    assert audit_chain.checkpoint() is None


def test_verifying_since_an_event_takes_those_before_as_they_are() -> None:
    tamper(
        "UPDATE audit_events SET what = 'signed_out' WHERE position = 4",
        "DELETE FROM audit_events WHERE position = 8",
    )

    assert faults(since=4) == [("missing", 8, 8)]
    assert faults(since=3) == [("changed", 4, 4), ("missing", 8, 8)]
    assert faults(since=8) == []
    assert faults(since=TEN) == []
    assert faults(since=TEN + 1) == []


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10, 11])
def test_it_is_the_same_in_batches_of_any_size(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_rows, "BATCH", size)
    whole = faults()
    tamper(
        "UPDATE audit_events SET what = 'signed_out' WHERE position = 3",
        "DELETE FROM audit_events WHERE position BETWEEN 6 AND 7",
    )

    assert whole == []
    assert faults() == [("changed", 3, 3), ("missing", 6, 7)]


def test_events_that_come_while_it_looks_hurt_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_rows, "BATCH", 3)
    found: list[object] = []
    for step in audit_chain.verify():
        found += step.faults
        if step.events:
            happen()

    assert found == []


def test_many_faults_in_a_row_are_one() -> None:
    tamper("UPDATE audit_events SET hash = :h WHERE position BETWEEN 3 AND 8", h="0" * 64)

    found: list[Found] = faults()

    assert found == [("changed", 3, 3), ("unproven", 4, 9)]


def test_nothing_to_verify_is_no_fault() -> None:
    tamper(
        "DELETE FROM audit_events",
        "DELETE FROM audit_checkpoints",
        "UPDATE audit_heads SET position = 0, hash = :h, checkpoint_position = 0,"
        " checkpoint_at = NULL, signature = :s",
        h=GENESIS,
        s=audit_signatures.signature(Head(0, GENESIS, 0, None).parts),
    )

    assert faults() == []
    assert audit_chain.extent() == audit_chain.Extent(1, 0)


def test_a_time_that_nobody_can_read_is_a_fault_with_its_place(engine: str) -> None:
    mangled = "UPDATE audit_checkpoints SET made_at = 'some day' WHERE position = 1"
    if engine == "postgresql":
        with pytest.raises(DBAPIError):  # the column itself refuses it
            tamper(mangled)
        return
    tamper(mangled)
    assert faults() == [("checkpoint_unsigned", 1, 1)]
    tamper("UPDATE audit_heads SET checkpoint_at = 'some day'")
    assert ("head_unsigned", TEN, TEN) in faults()
    happen()
    assert ("was_unsigned", TEN + 1, TEN + 1) in faults()
    assert audit_chain.extent().last == TEN + 2
