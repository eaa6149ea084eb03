"""accounts export: rows on standard output, for programs and for spreadsheets."""

import csv
import io
import json
import uuid

import pytest
from sqlalchemy import select

from app import db
from app.models import AuditEvent, Role
from tests import factories
from tests.cli.conftest import Run


@pytest.fixture
def ana(run: Run) -> str:  # noqa: ARG001 (the portal comes first)
    """Return the id of somebody with a name that is a formula, at two places."""
    who = factories.account("ana@example.org", name="=HYPERLINK(1)")
    for place in ("Cy", "Dy"):
        factories.membership(who, factories.organisation(place), Role.TEACHER)
    return str(who.id)


def table(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def test_csv_is_safe_to_open(run: Run, ana: str) -> None:
    done = run("accounts", "export")

    rows = table(done.stdout_bytes.decode())
    assert done.exit_code == 0
    assert {(row["id"], row["name"], row["organisation_name"]) for row in rows} == {
        (ana, "'=HYPERLINK(1)", "Cy"),
        (ana, "'=HYPERLINK(1)", "Dy"),
    }
    assert b"argon2" not in done.stdout_bytes


def test_excel_is_given_its_mark_and_its_delimiter(run: Run, ana: str) -> None:
    done = run("accounts", "export", "--bom", "--delimiter", "semicolon")

    text = done.stdout_bytes.decode()
    assert text.startswith("\ufeffid;short_id;email;")
    assert {row["\ufeffid"] for row in table(text, ";")} == {ana}


def test_json_is_an_array_with_an_object_on_each_line(run: Run, ana: str) -> None:
    done = run("accounts", "export", "--format", "json")

    text = done.stdout_bytes.decode()
    rows = json.loads(text)
    assert [row["id"] for row in rows] == [ana, ana]
    assert rows[0]["name"] == "=HYPERLINK(1)"
    assert "T" in rows[0]["created_at"]
    assert len(text.splitlines()) == 4


def test_nobody_is_an_empty_list(run: Run) -> None:
    assert json.loads(run("accounts", "export", "--format", "json").stdout_bytes) == []
    assert len(run("accounts", "export").stdout_bytes.splitlines()) == 1


def test_one_organisations_members_alone(run: Run, ana: str) -> None:
    place = factories.organisation("Ey")
    factories.membership(factories.account("bo@example.org"), place)

    done = run("accounts", "export", "--organisation", place.id)

    [row] = table(done.stdout_bytes.decode())
    assert (row["email"], row["role"]) == ("bo@example.org", "student")
    assert ana not in done.stdout
    [recorded] = db.session().scalars(select(AuditEvent))
    assert (recorded.what, recorded.organisation_id) == ("accounts_exported", place.id)


def test_an_organisation_that_is_not_there_is_said(run: Run) -> None:
    done = run("accounts", "export", "--organisation", uuid.uuid4())

    assert (done.exit_code, done.stderr) == (1, "Error: There is no such thing here.\n")
    assert done.stdout == ""
