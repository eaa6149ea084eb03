"""Importing people: how it looks, and the whole way of a thousand of them, without script too."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Browse
from tests.browser.people import PASSWORD, Person, card, press, shows, sign_in
from tests.browser.watch import looks_right
from tests.mail.servers import Script
from tests.portal_process import (
    Portal,
    account,
    link_in,
    mail_to,
    membership,
    organisation,
    wait_for,
)
from tests.security import foreign
from tests.security.foreign import HASHES

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PLACE = "Birkenallee"
BOSS = Person("boss.of.imports@example.org", "Alex Admin")
ROWS = 1_000
LONG_MS = 90_000
FAULTY = [
    ["12", "email", "This is not an e-mail address that mail can be sent to."],
    ["102", "role", "The roles are student, teacher and account-admin."],
    ["202", "organisation", "There is no such organisation that you look after."],
    ["302", "password_hash", "This hash is not whole."],
    ["402", "the row", "An earlier row says the same."],
    ["502", "name", "This is too long."],
    ["1001", "email", "There is neither an address nor a username."],
]


@pytest.fixture(scope="module")
def imports(served: Portal) -> str:
    """Make an organisation and its administrator; return where its imports are."""
    [place] = served.run([organisation(PLACE)])
    made = account(BOSS.email, PASSWORD, BOSS.name)
    served.run([made, membership(BOSS.email, place, "account-admin")])
    return f"/o/{place}/admin/imports"


@pytest.fixture
def mails(sink: Script) -> Iterator[Script]:
    """Take the many mails away afterwards: others look through all that there are."""
    yield sink
    sink.received[:] = [mail for mail in sink.received if "pupil" not in str(mail["To"])]


def people(rows: int, prefix: str = "pupil") -> list[dict[str, str]]:
    hashed = HASHES["bcrypt 2b"][1]
    return [
        {"Mail": f"{prefix}{row}@example.org", "Name": f"Pupil {row}", "Role": "student",
         "Organisation": "", "Password": hashed}
        for row in range(2, rows + 2)
    ]  # fmt: skip


def seven_are_wrong(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    rows[10]["Mail"] = "nowhere"
    rows[100]["Role"] = "wizard"
    rows[200]["Organisation"] = "Elm School"
    rows[300]["Password"] = "$2b$10$short"
    rows[400] = rows[399]
    rows[500]["Name"] = "x" * 201
    rows[999]["Mail"] = ""
    return rows


def written(folder: Path, rows: list[dict[str, str]]) -> Path:
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    file = folder / "people.csv"
    file.write_text(text.getvalue())
    return file


def upload(page: Page, file: Path) -> None:
    page.get_by_role("link", name="New import").click()
    page.get_by_label("File").set_input_files(file)
    press(page, "Upload the file")
    shows(page, "What are the columns?")


def is_checked(page: Page) -> None:
    expect(page.get_by_text("Nothing is kept yet")).to_be_visible(timeout=LONG_MS)


@pytest.mark.slow
@pytest.mark.parametrize("script", [False], ids=["no script"])
def test_a_thousand_people_are_imported_and_seven_rows_named(
    browse: Browse, imports: str, mails: Script, tmp_path: Path
) -> None:
    page = browse()
    sign_in(page, BOSS)
    page.goto(imports)
    upload(page, written(tmp_path, seven_are_wrong(people(ROWS))))
    press(page, "Check every row")
    is_checked(page)
    names_the_seven(page, "People to be invited")

    is_run(page)
    names_the_seven(page, "People invited")
    assert outcomes(page) == {"invited": 993, "refused": 7}
    one_joins_with_the_old_password(browse(), mails)
    all_but_that_one_is_taken_back(page)
    wait_for(lambda: len(mails.received) >= 993, LONG_MS / 1000)


def is_run(page: Page) -> None:
    page.get_by_role("link", name="Import", exact=True).click()
    shows(page, "Import these people?")
    press(page, "Import")
    expect(page.get_by_role("link", name="Take it back")).to_be_visible(timeout=LONG_MS)


def names_the_seven(page: Page, others: str) -> None:
    assert refused(page) == FAULTY
    assert fact(page, others) == "993"


def all_but_that_one_is_taken_back(page: Page) -> None:
    page.get_by_role("link", name="Take it back").click()
    shows(page, "Take this import back?")
    assert fact(page, "Invitations that nobody accepted") == "992"
    expect(page.get_by_text("1 person stays")).to_be_visible()
    press(page, "Take it back")
    expect(page.get_by_text("What was taken back")).to_be_visible(timeout=LONG_MS)
    assert fact(page, "Left, because the invitation was accepted") == "1"


def refused(page: Page) -> list[list[str]]:
    rows = page.locator("table tbody tr").all()
    return [
        [cell.locator("> :last-child").inner_text().strip() for cell in row.locator("th, td").all()]
        for row in rows
    ]


def fact(page: Page, name: str) -> str:
    return page.locator("dt", has_text=name).locator("+ dd").inner_text().strip()


def outcomes(page: Page) -> dict[str, int]:
    """Download the result file, and count what it says of rows."""
    with page.expect_download() as taken:
        press(page, "Download the result of every row")
    text = taken.value.path().read_text(encoding="utf-8-sig")
    told = [row["outcome"] for row in csv.DictReader(text.splitlines())]
    return {each: told.count(each) for each in sorted(set(told))}


def one_joins_with_the_old_password(page: Page, mails: Script) -> None:
    pupil = Person("pupil7@example.org", "Pupil 7")
    page.goto(link_in(mail_to(mails, pupil.email, within=LONG_MS / 1000)))
    shows(page, "You are invited")
    page.get_by_label("Password", exact=True).fill(foreign.PASSWORD)
    press(page, "Accept the invitation")
    shows(page, "Sign in")
    sign_in(page, pupil, foreign.PASSWORD)
    shows(page, "Home")
    expect(card(page, PLACE)).to_be_visible()


def test_every_page_of_an_import_looks_right(
    browse: Browse, imports: str, mails: Script, tmp_path: Path
) -> None:
    rows = people(30, "looks-pupil")
    rows[3]["Mail"] = "nowhere"
    page = browse()
    sign_in(page, BOSS)
    the_upload_looks_right(page, imports)
    page.goto(imports)
    upload(page, written(tmp_path, rows))
    looks_right(page, "What are the columns?")
    press(page, "Check every row")
    is_checked(page)
    looks_right(page, "people.csv")
    is_run(page)
    looks_right(page, "people.csv")
    for link, heading in (("Take it back", "Take this import back?"), ("Imports", "Imports")):
        page.get_by_role("link", name=link, exact=True).first.click()
        looks_right(page, heading)
    assert mail_to(mails, "looks-pupil9@example.org")


def the_upload_looks_right(page: Page, imports: str) -> None:
    page.goto(f"{imports}/new")
    looks_right(page, "New import")
    page.get_by_label("File").set_input_files(
        {"name": "x.csv", "mimeType": "text/csv", "buffer": b"ana@example.org\n"}
    )
    press(page, "Upload the file")
    expect(page.get_by_role("alert")).to_contain_text("The first row names no columns.")
    looks_right(page, "New import")


def test_a_file_that_is_far_too_large_is_said_in_the_form(
    browse: Browse, imports: str, tmp_path: Path
) -> None:
    file = tmp_path / "large.csv"
    with file.open("wb") as large:
        large.write(b"email\n")
        large.truncate(80 << 20)
    page = browse()
    sign_in(page, BOSS)
    page.goto(f"{imports}/new")
    page.get_by_label("File").set_input_files(file)
    press(page, "Upload the file")

    expect(page.get_by_role("alert")).to_contain_text("larger than 64 MB", timeout=LONG_MS)
