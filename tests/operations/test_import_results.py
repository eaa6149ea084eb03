"""What became of each row, for people and spreadsheets."""

import csv
import io

import pytest

from app.models import Outcome
from app.operations import import_results
from app.operations.import_undo import undo
from app.security import safe_csv
from tests import factories
from tests.operations.bringing_in import CALLER, bring_in, found, people, rows_of

pytestmark = pytest.mark.usefixtures("portal")


def test_the_result_file_has_a_line_for_every_row() -> None:
    there = factories.account("bo@example.org")
    done = bring_in(
        {"email": "ana@example.org"},
        {"email": "bo@example.org", "name": "Bob"},
        {"email": "nowhere", "id": "7"},
    )
    ana, bo = found("ana@example.org").id, there.id
    undo(done.id, CALLER)

    lines = safe_csv.lines(import_results.table(done.id, lambda word: f"Because of {word}."))
    table = list(csv.DictReader(io.StringIO("".join(lines), newline="")))

    nothing = {"column": "", "reason": "", "why": "", "created": "", "kept": "", "undone": ""}
    assert table == [
        nothing
        | {"row": "2", "outcome": "created", "account_id": str(ana)}
        | {"created": "account", "undone": "removed"},
        nothing | {"row": "3", "outcome": "unchanged", "account_id": str(bo), "kept": "name"},
        nothing
        | {"row": "4", "outcome": "refused", "account_id": "", "column": "id; email"}
        | {"reason": "bad_uuid; bad_address"}
        | {"why": "Because of bad_uuid. Because of bad_address."},
    ]


def test_rows_come_in_pages_and_only_those_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_results, "PAGE", 3)
    done = bring_in(*people(7), {"email": "nowhere"}, *people(8)[7:], {"email": "nowhere"})

    assert list(import_results.rows(done.id)) == rows_of(done)
    refused = import_results.rows(done.id, Outcome.REFUSED)
    assert [row.number for row in refused] == [9, 11]


def test_who_keeps_what_they_had_is_counted() -> None:
    factories.account("bo@example.org")
    done = bring_in({"email": "bo@example.org", "name": "Bob"}, {"email": "ana@example.org"})

    assert import_results.kept(done.id) == 1
