"""Importing on the pages: upload, columns, check, run, result, undo; and what goes wrong."""

import csv
import io
import json
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app import db
from app.models import (
    Account,
    AuditEvent,
    Import,
    ImportChunk,
    ImportRow,
    Invitation,
    Membership,
    Organisation,
    Outcome,
    Role,
    Session,
    Stage,
)
from app.operations import import_store, purging
from app.operations.import_faults import Fault, FileFault
from app.operations.import_mappings import COLUMNS, SYSTEMS
from app.operations.import_undo import Undone
from app.pages.admin import import_words
from tests import factories
from tests.conftest import Clock
from tests.operations.bringing_in import count
from tests.pages.admin import importing
from tests.pages.admin.conftest import member
from tests.pages.admin.importing import FILE, check, newest, run, undo, upload, upload_files
from tests.pages.browser import Browser, Page, text_of, values_of
from tests.security.foreign import HASHES, PASSWORD

BCRYPT = HASHES["bcrypt 2b"][1]
SECRET = "JBSWY3DPEHPK3PXP"
SEVEN = [
    ("5", "email", "This is not an e-mail address that mail can be sent to."),
    ("9", "role", "The roles are student, teacher and account-admin."),
    ("12", "organisation", "There is no such organisation that you look after."),
    ("15", "password_hash", "This hash is not whole."),
    ("20", "the row", "An earlier row says the same."),
    ("23", "name", "This is too long."),
    ("30", "email", "There is neither an address nor a username."),
]


def of(place: Organisation) -> str:
    return f"/o/{place.id}/admin"


def with_seven_faults(other: str, rows: int = 40) -> bytes:
    """Return a file of which seven rows are wrong, each in its own way."""
    people = [
        {"email": f"p{row}@example.org", "name": f"P {row}", "role": "student", "organisation": "",
         "password_hash": BCRYPT}
        for row in range(2, rows + 2)
    ]  # fmt: skip
    people[3]["email"] = "nowhere"
    people[7]["role"] = "wizard"
    people[10]["organisation"] = other
    people[13]["password_hash"] = "$2b$10$short"
    people[18] = people[17]
    people[21]["name"] = "x" * 201
    people[28]["email"] = ""
    text = io.StringIO()
    writer = csv.DictWriter(text, people[0])
    writer.writeheader()
    writer.writerows(people)
    return text.getvalue().encode()


def refusals(page: Page) -> list[tuple[str, ...]]:
    """Return row, column and reason of everything that a page says is refused."""
    rows = page.root.findall(".//tbody/tr")
    told = [[text_of(cell) for cell in row] for row in rows]
    return [(a.removeprefix("Row "), b.removeprefix("Column "), c.removeprefix("Why "))
            for a, b, c in told]  # fmt: skip


def facts(page: Page) -> dict[str, str]:
    names = [text_of(each) for each in page.root.iter("dt")]
    return dict(zip(names, (text_of(each) for each in page.root.iter("dd")), strict=True))


def result_of(browser: Browser) -> list[dict[str, str]]:
    """Download the result file of the import that is shown."""
    form = browser.shown.form("Download the result of every row")
    answer = browser.send("POST", form.attrib["action"], data=values_of(form))
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


# The whole way


def test_a_superuser_imports_and_people_sign_in_with_their_old_passwords(
    superuser: Browser, guest: Browser
) -> None:
    place = factories.organisation("Cy")
    rows = f"email,password_hash,organisation,role\nana@example.org,{BCRYPT},{place.id},teacher\n"

    page = check(superuser, "/admin", rows.encode())
    assert facts(page)["Accounts to be added"] == "1"
    assert count(Account) == 1
    page = run(superuser)

    assert facts(page)["Stage"] == "Imported"
    assert facts(page)["Accounts added"] == "1"
    guest.sign_in("ana@example.org", PASSWORD)
    assert guest.shown.url == "/home"
    assert factories.mails("invitation") == []


def test_an_account_admin_sees_exactly_the_rows_that_are_wrong(
    chief: Browser, place: Organisation
) -> None:
    other = factories.organisation("Elsewhere")

    page = check(chief, of(place), with_seven_faults(str(other.id)))

    assert refusals(page) == SEVEN
    assert facts(page)["Refused"] == "7"
    assert facts(page)["People to be invited"] == "33"
    assert count(Invitation) == 0
    assert factories.mails("invitation") == []


def test_an_account_admin_s_people_keep_their_old_passwords_once_the_mail_is_followed(
    chief: Browser, place: Organisation, guest: Browser
) -> None:
    rows = f"email,name,password\nana@example.org,Ana,{BCRYPT}\nbo@example.org,Bo,\n"
    check(chief, of(place), rows.encode())
    page = run(chief)
    assert facts(page)["People invited"] == "2"
    assert count(Account, email="ana@example.org") == 0
    anas, _ = factories.mails("invitation")

    guest.open(f"/invitation?ticket={factories.words(anas)['link'].partition('ticket=')[2]}")
    assert "The password that you had there before is good here" in guest.shown.main
    guest.press("Accept the invitation", name="Ana", password=PASSWORD)
    guest.sign_in("ana@example.org", PASSWORD)

    assert guest.shown.url == "/home"
    [ana] = db.session().scalars(select(Account).filter_by(email="ana@example.org"))
    assert count(Membership, account_id=ana.id, organisation_id=place.id) == 1
    chief.open(chief.shown.url)
    assert result_of(chief)[0]["account_id"] == str(ana.id)
    page = undo(chief)
    assert facts(page)["Left, because the invitation was accepted"] == "1"
    assert facts(page)["Taken back"] == "1"
    assert count(Account, email="ana@example.org") == 1


def test_the_result_file_tells_of_every_row_and_that_it_is_taken_is_recorded(
    chief: Browser, place: Organisation
) -> None:
    check(chief, of(place), b"email,role\nana@example.org,student\n=1+1,student\n")
    run(chief)

    told = result_of(chief)

    assert [(row["row"], row["outcome"], row["column"]) for row in told] == [
        ("2", "invited", ""),
        ("3", "refused", "email"),
    ]
    [event] = db.session().scalars(select(AuditEvent).filter_by(what="import_result_taken"))
    assert event.organisation_id == place.id


def test_undoing_says_what_goes_and_who_stays(superuser: Browser, guest: Browser) -> None:
    rows = f"email,name,password_hash\nana@example.org,Ana Used,{BCRYPT}\nbo@example.org,Bo,\n"
    check(superuser, "/admin", rows.encode())
    run(superuser)
    guest.sign_in("ana@example.org", PASSWORD)

    page = superuser.click("Take it back")
    assert facts(page) == {"Accounts that it added": "1"}
    assert "1 person stays" in page.main
    assert "Ana Used" in page.main
    page = undo(superuser)

    assert facts(page)["Taken back"] == "1"
    assert facts(page)["Left, because somebody uses it"] == "1"
    assert count(Account, email="ana@example.org") == 1
    assert count(Account, email="bo@example.org") == 0
    whats = set(db.session().scalars(select(AuditEvent.what)))
    assert {"import_uploaded", "import_started", "import_checked", "import_finished",
            "import_undone", "import_undo_finished"} <= whats  # fmt: skip


def test_the_list_shows_who_brought_in_what(superuser: Browser, place: Organisation) -> None:
    page = superuser.open("/admin/imports")
    assert "Nothing was imported yet" in page.main
    for _ in range(26):
        factories.imported(place, member(Role.ACCOUNT_ADMIN, place, "Alex Admin"))

    first = superuser.open("/admin/imports")
    assert len(first.root.findall(".//ul[@class='rows']/li")) == 25
    assert "by Alex Admin" in first.main
    assert "Xavier's School" in first.main
    second = superuser.click("Next page")
    assert len(second.root.findall(".//ul[@class='rows']/li")) == 1


# Columns


def test_columns_are_guessed_and_secrets_never_shown(superuser: Browser) -> None:
    rows = (
        f"Mail,Full name,Passwd,OTP secret,odd\nana@example.org,Ana,{BCRYPT},{SECRET},a{SECRET}\n"
    )

    page = upload(superuser, "/admin", rows.encode())

    fields = values_of(page.form("Check every row"))
    assert fields["column_email"] == "0"
    assert (fields["column_name"], fields["column_password_hash"]) == ("1", "2")
    assert fields["column_totp_secret"] == "3"
    assert "ana@example.org" in page.main
    assert page.main.count("not shown: it may be a secret") == 3
    assert BCRYPT not in page.response.text
    assert SECRET not in page.response.text


def test_an_export_of_rocketchat_is_recognised_and_keeps_its_ids(superuser: Browser) -> None:
    user = {
        "_id": "rocketchat0123456",
        "username": "ana",
        "active": True,
        "emails": [{"address": "ana@example.org", "verified": True}],
        "services": {"password": {"bcrypt": HASHES["bcrypt 2b"][1]}},
    }
    page = upload(superuser, "/admin", json.dumps(user).encode() + b"\n", "users.json")
    assert values_of(page.form("Check every row"))["system"] == "rocketchat"
    assert BCRYPT not in page.response.text

    superuser.press("Check every row")
    importing.work()
    superuser.open(f"/admin/imports/{newest().id}")
    run(superuser)

    [ana] = db.session().scalars(select(Account).filter_by(username="ana"))
    assert (ana.short_id, ana.email) == ("rocketchat0123456", "ana@example.org")


def test_a_column_that_is_chosen_by_hand_counts(superuser: Browser) -> None:
    upload(superuser, "/admin", b"who,what\nana@example.org,Ana\n")
    page = superuser.press("Check every row")
    assert page.status == 400
    assert "Choose the column that has the address" in page.main

    superuser.press("Check every row", column_email="0", column_name="1")
    importing.work()
    superuser.open(f"/admin/imports/{newest().id}")
    run(superuser)

    [ana] = db.session().scalars(select(Account).filter_by(email="ana@example.org"))
    assert ana.name == "Ana"


def test_what_everybody_gets_is_taken_where_a_row_says_nothing(superuser: Browser) -> None:
    place = factories.organisation("Cy")
    rows = b"email,role\nana@example.org,teacher\nbo@example.org,\n"

    check(superuser, "/admin", rows, everybodys_role="student",
          everybodys_organisation=str(place.id))  # fmt: skip
    run(superuser)

    roles = db.session().scalars(select(Membership.role).filter_by(organisation_id=place.id))
    assert set(roles) == {Role.TEACHER, Role.STUDENT}


def test_the_columns_can_be_changed_after_the_check(superuser: Browser) -> None:
    check(superuser, "/admin", b"email,n\nana@example.org,Ana\nnowhere,Bo\n")
    superuser.click("Change the columns")
    superuser.press("Check every row", column_name="1")
    importing.work()
    page = superuser.open(f"/admin/imports/{newest().id}")

    assert facts(page)["Refused"] == "1"
    assert count(ImportRow) == 2
    run(superuser)
    assert count(Account, name="Ana") == 1


def test_an_account_admin_is_not_offered_what_only_superusers_import(
    chief: Browser, place: Organisation
) -> None:
    rows = f"email,id,totp_secret,superuser\nana@example.org,{place.id},{SECRET},true\n"
    page = upload(chief, of(place), rows.encode())
    names = [each.get("name") or "" for each in page.form("Check every row").iter("select")]
    assert names == [
        "column_email",
        "column_name",
        "column_organisation",
        "column_role",
        "column_password_hash",
        "column_hash_format",
        "everybodys_role",
    ]  # fmt: skip

    chief.press("Check every row")
    importing.work()
    page = chief.open(f"{of(place)}/imports/{newest().id}")

    assert facts(page)["People to be invited"] == "1"


# Files that nobody can be imported from


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "There is nobody in the file."),
        (b"email,name\n", "There is nobody in the file."),
        ("email\nana@example.org\n".encode("utf-16"), "another encoding than UTF-8"),
        ("e-mail-größe\nana@example.org\n".encode("latin-1"), "another encoding than UTF-8"),
        (b"ana@example.org,Ana\nbo@example.org,Bo\n", "The first row names no columns."),
        (b"email\n" + b"x" * (1 << 20) + b"\n", "longer than a million characters"),
        (b"email\0,name\nana@example.org,Ana\n", "The file is no text"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "The file is no text"),
        (b'{"people": [{"email": "ana@example.org"}]}', "one object of JSON, not a list"),
        (b'{\n"email": "ana@example.org"\n}', "The file is no JSON from row 1 on"),
        (b'[{"email": "ana@example.org"}, {"ema', "The file is no JSON from row 2 on"),
        (b"email,E-Mail,email\na@example.org,,\n", "two columns called email"),
    ],
    ids=range(12),
)
def test_a_file_of_nobody_is_refused_on_its_form_and_leaves_nothing(
    superuser: Browser, content: bytes, said: str
) -> None:
    page = upload(superuser, "/admin", content)

    assert page.status == 400
    assert page.heading == "New import"
    assert said in page.main
    assert count(Import) == count(ImportChunk) == 0


def test_a_file_that_waited_too_long_is_told_to_be_gone(superuser: Browser, clock: Clock) -> None:
    upload(superuser, "/admin", FILE)
    clock.advance(timedelta(days=1, minutes=1))
    purging.purge()
    superuser.sign_in(member(Role.SUPERUSER))

    page = superuser.open(f"/admin/imports/{newest().id}")

    assert page.status == 200
    assert "The file is gone by now" in page.main
    assert superuser.open(f"/admin/imports/{newest().id}/columns").url == page.url


def test_a_text_in_the_place_of_a_file_is_none(superuser: Browser) -> None:
    token = values_of(superuser.open("/admin/imports/new").form("Upload"))["csrf_token"]

    answer = superuser.send("POST", "/admin/imports/new", data={"csrf_token": token, "file": "a"})

    assert answer.status_code == 400
    assert "Choose one file." in answer.text


@pytest.mark.parametrize("files", [[], [(FILE, "a.csv"), (FILE, "b.csv")]])
def test_one_file_is_taken_and_no_other_number(
    superuser: Browser, files: list[tuple[bytes, str]]
) -> None:
    page = upload_files(superuser, "/admin", *files)

    assert page.status == 400
    assert "Choose one file." in page.main
    assert count(Import) == 0


def test_a_file_that_is_too_large_is_refused_on_its_form(
    superuser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_store, "MOST", 1_000)
    barely = upload(superuser, "/admin", b"email\n" + b"a@example.org\n" * 100)
    far = upload(superuser, "/admin", b"email\n" + b"a@example.org\n" * 100_000)

    for page in (barely, far):
        assert page.status == 413
        assert page.heading == "New import"
        assert "The file is larger than" in page.main
    assert count(Import) == count(ImportChunk) == 0


def test_only_administrators_may_send_much(guest: Browser, superuser: Browser) -> None:
    guest.sign_in(member(Role.STUDENT, factories.organisation("Q")))
    token = values_of(guest.open("/home").form("Sign out"))["csrf_token"]
    body, headers = importing.multipart(token, (b"x" * 50_000, "a.csv"))

    refused = guest.send("POST", "/admin/imports/new", data=body, headers=headers)

    assert refused.status_code == 413
    assert "New import" not in refused.text
    assert upload(superuser, "/admin", b"email\n" + b"a@example.org\n" * 5_000).status == 200


def test_nobody_has_more_than_three_files_waiting(superuser: Browser) -> None:
    for _ in range(3):
        upload(superuser, "/admin", FILE)

    page = upload(superuser, "/admin", FILE)

    assert page.status == 400
    assert "Three files of yours wait" in page.main
    assert count(Import) == 3
    superuser.open(f"/admin/imports/{newest().id}/stop")
    superuser.press("Stop it")
    assert upload(superuser, "/admin", FILE).heading == "What are the columns?"


# On the way


def test_progress_is_shown_and_the_page_asks_for_itself_again(superuser: Browser) -> None:
    upload(superuser, "/admin", FILE)
    page = superuser.press("Check every row")

    [bar] = page.root.iter("progress")
    assert (bar.get("value"), bar.get("max")) == ("0", "2")
    assert 'http-equiv="refresh"' in page.response.text
    importing.work()
    assert 'http-equiv="refresh"' not in superuser.open(page.url).response.text


def test_an_import_that_is_stopped_leaves_no_file(superuser: Browser) -> None:
    upload(superuser, "/admin", FILE)
    superuser.press("Check every row")
    superuser.click("Stop it")
    page = superuser.press("Stop it")

    assert facts(page)["Stage"].startswith("Stopped")
    assert count(ImportChunk) == 0
    importing.work()
    assert newest().stage is Stage.STOPPED


def test_what_was_done_already_is_said_and_done_no_second_time(superuser: Browser) -> None:
    check(superuser, "/admin", FILE)
    superuser.open(f"/admin/imports/{newest().id}/run")
    form = superuser.shown.form("Import")
    superuser.press("Import")
    importing.work()

    again = superuser.send("POST", form.attrib["action"], data=values_of(form))

    assert again.status_code == 303
    assert "cannot be done any more" in superuser.open(again.headers["Location"]).main
    assert count(AuditEvent, what="import_started") == 1


def test_a_confirmation_asks_for_a_fresh_proof(superuser: Browser) -> None:
    check(superuser, "/admin", FILE)
    superuser.open(f"/admin/imports/{newest().id}/run")
    db.session().execute(update(Session).values(account_proved_at=None))
    db.session().commit()

    page = superuser.press("Import")

    assert page.url.startswith("/confirm")
    assert newest().stage is Stage.CHECKED


def test_the_file_is_gone_once_the_import_is_done(superuser: Browser) -> None:
    check(superuser, "/admin", FILE)
    assert count(ImportChunk) == 1
    run(superuser)
    assert count(ImportChunk) == 0


# Words


def test_everything_has_words() -> None:
    assert set(import_words.FAULTS) == set(Fault)
    assert set(import_words.FILES) == set(FileFault)
    assert set(import_words.STAGES) == set(Stage)
    assert set(import_words.OUTCOMES) == set(import_words.EXPECTED) == set(Outcome)
    assert set(import_words.UNDONE) == set(Undone)
    assert set(import_words.COLUMNS) == set(COLUMNS)
    assert set(import_words.SYSTEMS) == set(SYSTEMS)
