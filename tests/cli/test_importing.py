"""accounts import: a file, a dry run, what was refused, and taking it back."""

import csv
import json
import subprocess
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import select

from app import db
from app.cli import import_words
from app.models import Account, Import
from app.operations import importing
from app.operations.import_faults import Fault, FileFault, FileRefused
from app.operations.import_mappings import ColumnMapping
from app.operations.import_undo import Undone
from tests import factories
from tests.cli.conftest import ROOT, Run, Start, ended
from tests.operations import signing_in
from tests.operations.bringing_in import CALLER, count, csv_of, found, people
from tests.operations.others_exports import HASURA, KEYCLOAK, ROCKETCHAT
from tests.security.foreign import HASHES, PASSWORD


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "people.csv"


def test_people_are_brought_in_and_the_way_back_is_said(run: Run, file: Path) -> None:
    factories.organisation("Cy")
    file.write_bytes(csv_of(*people(3, organisation="Cy", role="student")))

    done = run("accounts", "import", file)

    assert done.exit_code == 0
    assert (
        "rows: 3, accounts added: 3, memberships added to accounts that were there: 0, "
        "unchanged: 0, refused: 0\n" in done.stdout
    )
    [kept] = db.session().scalars(select(Import))
    assert f"accounts import --undo {kept.id}" in done.stdout
    assert (kept.source, kept.interface) == ("people.csv", "command")
    assert count(Account) == 3


def test_refused_rows_are_said_one_by_one_and_the_others_kept(run: Run, file: Path) -> None:
    rows: list[Mapping[str, object]] = [{"email": "nowhere", "role": "dean"}, *people(2)]
    file.write_bytes(csv_of(*rows))

    done = run("accounts", "import", file)

    assert done.exit_code == 1
    assert done.stderr == (
        "Row 2, email: This is not an e-mail address that mail can be sent to.\n"
        "Row 2, role: The roles are student, teacher and account-admin.\n"
        "Row 2, organisation: There is something for an organisation, but no organisation.\n"
        "Error: Rows that were refused: 1 of 3.\n"
    )
    assert "accounts added: 2" in done.stdout
    assert count(Account) == 2


def test_of_many_refused_rows_the_first_are_said(run: Run, file: Path) -> None:
    file.write_bytes(csv_of(*({"email": f"nowhere{number}"} for number in range(30))))

    done = run("accounts", "import", file)

    said = done.stderr.splitlines()
    assert len(said) == 21
    assert said[-1].endswith("30 of 30. --result writes all of them to a file.")


def test_a_dry_run_keeps_nothing_and_fails_alike(run: Run, file: Path) -> None:
    file.write_bytes(csv_of(*people(2), {"email": "nowhere"}))

    done = run("accounts", "import", file, "--dry-run")

    assert done.exit_code == 1
    assert "accounts to be added: 2" in done.stdout
    assert "--undo" not in done.stdout
    assert "Row 4, email: " in done.stderr
    assert count(Account) == 0


def test_the_result_file_tells_of_every_row(run: Run, file: Path, tmp_path: Path) -> None:
    file.write_bytes(csv_of(*people(2), {"email": "nowhere"}))
    result = tmp_path / "result.csv"

    run("accounts", "import", file, "--result", result)

    with result.open(newline="") as written:
        table = list(csv.DictReader(written))
    assert [row["outcome"] for row in table] == ["created", "created", "refused"]
    assert table[2]["why"] == "This is not an e-mail address that mail can be sent to."


def test_an_import_is_taken_back_and_what_stays_is_said(
    run: Run, file: Path, tmp_path: Path
) -> None:
    file.write_bytes(csv_of(*people(3, password_hash=HASHES["bcrypt 2b"][1])))
    run("accounts", "import", file)
    [kept] = db.session().scalars(select(Import.id))
    signing_in.signed_in(found("crowd1@example.org"), PASSWORD)
    result = tmp_path / "result.csv"

    done = run("accounts", "import", "--undo", kept, "--result", result)

    assert done.exit_code == 0
    assert "rows whose account or membership is removed: 2\n" in done.stdout
    assert "rows left, in use since: 1\n" in done.stdout
    assert "in_use" in result.read_text()
    assert count(Account) == 1


def test_an_import_that_is_not_there_is_said(run: Run) -> None:
    done = run("accounts", "import", "--undo", uuid.uuid4())

    assert (done.exit_code, done.stderr) == (1, "Error: There is no such thing here.\n")


def test_accounts_that_were_there_are_said_to_keep_what_they_had(run: Run, file: Path) -> None:
    factories.account("ana@example.org")
    file.write_bytes(csv_of({"email": "ana@example.org", "name": "Another", "shoes": "43"}))

    done = run("accounts", "import", file)

    assert done.exit_code == 0
    assert "unchanged: 1" in done.stdout
    assert "rows that say more of an account, which keeps what it had: 1\n" in done.stdout
    assert done.stderr == "Not used: shoes.\n"


@pytest.mark.parametrize(
    ("name", "document", "identity"),
    [
        ("rocketchat", ROCKETCHAT, "ana@example.org"),
        ("hasura", HASURA, "ana@example.org"),
        ("keycloak", KEYCLOAK, "ana"),
    ],
)
def test_other_systems_exports_are_read(
    name: str, document: dict[str, object], identity: str, run: Run, file: Path
) -> None:
    document = document | {"services": {}, "password_hash": None, "credentials": []}
    file.write_text(json.dumps(document) + "\n")

    done = run("accounts", "import", file, "--mapping", name)

    assert done.exit_code == 0, done.stderr
    assert found(identity).email == "ana@example.org"


def test_columns_are_renamed_by_hand(run: Run, file: Path) -> None:
    file.write_text("Mail,id\nana@example.org,7\n")

    done = run("accounts", "import", file, "--mapping", "email=Mail", "--mapping", "id=")

    assert done.exit_code == 0
    assert found("ana@example.org")


def test_a_file_comes_through_a_pipe_as_well(start: Start, environment: dict[str, str]) -> None:
    assert ended(start("db", "upgrade"))[0] == 0
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "accounts", "import", "-", "--dry-run"],
        cwd=ROOT,
        env=environment,
        input=b"email\nana@example.org\n",
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert b"accounts to be added: 1" in done.stdout


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There is nobody in the file."),
        ("name\nAna\n", "The file has no column email, and none called username: see --mapping."),
        ("email,Email\na,b\n", "The file has two columns called email."),
        ('[{"email": "a@b.org"}', "The file is no JSON from row 2 on"),
    ],
)
def test_a_file_that_is_not_whole_is_said(text: str, sentence: str, run: Run, file: Path) -> None:
    file.write_text(text)

    done = run("accounts", "import", file)

    assert done.exit_code == 1
    assert sentence in done.stderr
    assert count(Import) == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "Name a FILE, or nothing but the import to --undo."),
        (["{file}", "--undo", str(uuid.uuid4())], "Name a FILE, or nothing but"),
        (["--undo", str(uuid.uuid4()), "--dry-run"], "Name a FILE, or nothing but"),
        (["--undo", "7"], "is not a valid UUID"),
        (["{file}", "--mapping", "auth0"], "auth0 is no mapping, and no column"),
        (["{file}", "--mapping", "mail=email"], "mail is no mapping, and no column"),
        (["/no/such/file"], "No such file"),
    ],
)
def test_what_makes_no_sense_shows_how_to_use_it(
    words: list[str], sentence: str, run: Run, file: Path
) -> None:
    file.write_bytes(csv_of(*people(1)))

    done = run("accounts", "import", *(word.format(file=file) for word in words))

    assert done.exit_code == 2
    assert sentence in done.stderr


def test_an_import_that_was_cut_short_is_said_to_go_on(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 2)
    file.write_bytes(csv_of(*people(5)))
    with file.open("rb") as stream, pytest.raises(InterruptedError):
        importing.run(importing.survey("x", stream, ColumnMapping()), CALLER, progress=interrupt)

    done = run("accounts", "import", file)

    assert done.exit_code == 0
    assert done.stderr == "This file's import was cut short; it goes on where it stopped.\n"
    assert "rows: 5, accounts added: 5" in done.stdout


def interrupt(_done: int, _rows: int) -> None:
    raise InterruptedError


@pytest.mark.parametrize("fault", Fault)
def test_every_fault_of_a_row_has_a_sentence(fault: Fault) -> None:
    assert import_words.of_fault(fault.value).endswith(".")


@pytest.mark.parametrize("fault", FileFault)
def test_every_fault_of_a_file_has_a_sentence(fault: FileFault) -> None:
    said = import_words.of_file(FileRefused(fault, 7, "mail"))

    assert "{" not in said
    assert len(said) > 20


def test_whatever_an_undo_leaves_has_words() -> None:
    assert {*import_words.LEFT, Undone.REMOVED} == set(Undone)
