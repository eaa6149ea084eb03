import json
from datetime import timedelta
from typing import Any

import pytest
from click.testing import Result

from app.cli import audit_sentences
from app.operations import audit_chain, audit_retention, audit_signatures
from app.operations.audit_walk import Fault, Kind
from tests.cli.conftest import Run
from tests.conftest import Clock
from tests.operations.audit_events import happen, rows, tamper


def told(done: Result) -> list[str]:
    """Return what a command that failed said."""
    assert done.exit_code == 1
    return done.stderr.splitlines()


def test_a_whole_log_is_said_with_numbers(run: Run) -> None:
    happen(1_234)

    done = run("audit", "verify")

    assert done.exit_code == 0
    assert done.stdout.endswith("1,234 events and 2 checkpoints stand as they were written.\n")
    assert done.stderr == ""


def test_a_log_without_events_is_whole(run: Run) -> None:
    done = run("audit", "verify")

    assert done.exit_code == 0
    assert "0 events and 0 checkpoints" in done.stdout


def test_each_fault_has_its_sentence_and_the_command_fails(run: Run) -> None:
    happen(12)
    tamper(
        "UPDATE audit_events SET what = 'signed_out' WHERE position = 3",
        "DELETE FROM audit_events WHERE position BETWEEN 6 AND 8 OR position > 11",
    )

    assert told(run("audit", "verify")) == [
        "Event 3: changed, or something else was put there.",
        "Events 6 to 8: taken out.",
        "Event 12: cut off from the end.",
        "Error: 3 faults in 8 events and 1 checkpoint.",
    ]


def test_a_hundred_faults_are_said_and_the_others_counted(run: Run) -> None:
    happen(310)
    tamper("UPDATE audit_events SET what = 'signed_out' WHERE position % 3 = 0")

    said = told(run("audit", "verify"))

    assert len(said) == 102
    assert said[-2:] == ["… and 3 more.", "Error: 103 faults in 310 events and 1 checkpoint."]


def test_a_checkpoint_is_printed_and_verified_with(run: Run) -> None:
    happen(3)
    kept = run("audit", "checkpoint").stdout
    happen(2)

    done = run("audit", "verify", "--checkpoint", kept)

    assert json.loads(kept)["position"] == 3
    assert done.exit_code == 0
    assert "5 events and 2 checkpoints" in done.stdout


def test_a_kept_checkpoint_shows_an_end_that_was_cut(run: Run) -> None:
    happen(3)
    older: list[Any] = rows("SELECT * FROM audit_heads")
    happen(3)
    kept = run("audit", "checkpoint").stdout
    tamper(
        "DELETE FROM audit_events WHERE position > 3",
        "UPDATE audit_heads SET position = :p, hash = :h, signature = :s",
        p=older[0].position,
        h=older[0].hash,
        s=older[0].signature,
    )

    assert run("audit", "verify").exit_code == 0
    assert told(run("audit", "verify", "--checkpoint", kept)) == [
        "The given checkpoint of event 6: there was an event then, and is none now.",
        "Error: 1 fault in 3 events and 2 checkpoints.",
    ]


def test_lines_of_the_log_are_checkpoints(run: Run) -> None:
    happen(3)
    [made] = rows("SELECT position, hash, signature FROM audit_checkpoints")
    fields = audit_chain.checkpoint()
    assert fields is not None
    line = json.dumps({**fields.fields, "event": "audit_checkpoint", "level": "info"})
    lines = f"2026-11-25 host doorward[7]: {line}\n\n{fields}\n".encode()

    done = run("audit", "verify", "--checkpoint", "-", stdin=lines)

    assert made.position == 1
    assert done.exit_code == 0
    assert "3 checkpoints" in done.stdout


@pytest.mark.parametrize(("text", "line"), [("nothing of the kind", 1), ("-", 2)])
def test_what_is_no_checkpoint_is_said(text: str, line: int, run: Run) -> None:
    happen()
    good = run("audit", "checkpoint").stdout

    done = run("audit", "verify", "--checkpoint", text, stdin=f"{good}{good[:50]}\n")

    assert told(done) == [
        f"Error: Line {line} is no checkpoint: give it as audit checkpoint, or the log, wrote it."
    ]


def test_checkpoints_older_than_the_log_are_counted(
    run: Run, clock: Clock, change_settings: Any
) -> None:
    change_settings(audit_days=1)
    for _ in range(3):
        happen(2)
        clock.advance(timedelta(days=1))
    first = rows("SELECT position, hash FROM audit_events WHERE position = 1")[0]
    kept = audit_signatures.checkpoint(first.position, first.hash)
    assert sum(audit_retention.drop(100)) == 5

    done = run("audit", "verify", "--checkpoint", kept)

    assert done.exit_code == 0
    assert done.stdout.splitlines()[-2:] == [
        "Not compared: 1 checkpoint of before event 6, the first we keep.",
        "1 event and 0 checkpoints stand as they were written.",
    ]


def test_since_an_event_the_earlier_faults_are_not_said_again(run: Run) -> None:
    happen(5)
    tamper("UPDATE audit_events SET what = 'signed_out' WHERE position = 2")

    done = run("audit", "verify", "--since", 2)

    assert done.exit_code == 0
    assert "3 events and 0 checkpoints" in done.stdout
    assert run("audit", "verify", "--since", -1).exit_code == 2


def test_an_end_that_is_not_signed_gives_no_checkpoint(run: Run) -> None:
    happen()
    tamper("UPDATE audit_heads SET position = 2")

    assert told(run("audit", "checkpoint")) == [f"Error: {audit_sentences.NO_END}"]


@pytest.mark.parametrize("kind", Kind)
def test_every_fault_has_a_sentence_with_its_place(kind: Kind) -> None:
    sentence = audit_sentences.of_fault(Fault(kind, 1_000, 2_000))

    assert sentence.endswith(".")
    assert "1,000" in sentence or kind is Kind.HEAD_MISSING
    assert "{" not in sentence
