"""A day of an account administrator: invites, imports, appoints, tightens a rule, helps."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import test_imports as importing
from tests.browser.conftest import Browse
from tests.browser.people import PASSWORD, Person, press, shows, sign_in
from tests.mail.servers import Script
from tests.portal_process import Portal, account, mail_to, membership, organisation

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.slow]

PLACE = "Kastanienhof"
BOSS = Person("boss.of.kastanienhof@example.org", "Alex Admin")
DEPUTY = Person("deputy.of.kastanienhof@example.org", "Dana Deputy")
PUPIL = Person("pupil.of.kastanienhof@example.org", "Pia Pupil")
TRIES = 3


@pytest.fixture(scope="module")
def place(served: Portal) -> str:
    """Make an organisation with three people; return the address of its administration."""
    [made] = served.run([organisation(PLACE, f"maxFailedSignInAttempts={TRIES}")])
    roles = {BOSS: "account-admin", DEPUTY: "teacher", PUPIL: "student"}
    served.run([account(each.email, PASSWORD, each.name) for each in roles])
    served.run([membership(each.email, made, role) for each, role in roles.items()])
    return f"/o/{made}/admin"


def test_an_account_administrator_looks_after_an_organisation(
    browse: Browse, place: str, sink: Script, tmp_path: Path
) -> None:
    page = browse()
    sign_in(page, BOSS)
    invites(page, place, "guest.of.kastanienhof@example.org")
    assert mail_to(sink, "guest.of.kastanienhof@example.org")
    imports(page, place, tmp_path)
    appoints(page, place, DEPUTY)
    tightens_a_rule(page, place)
    finds_out_and_helps(page, place, browse())


def invites(page: Page, place: str, address: str) -> None:
    page.goto(f"{place}/accounts")
    page.get_by_role("link", name="Invitations").first.click()
    page.get_by_role("link", name="Invite somebody").click()
    page.get_by_label("E-mail address").fill(address)
    press(page, "Send the invitation")
    shows(page, "Invitations")
    expect(page.get_by_text(address).first).to_be_visible()


def imports(page: Page, place: str, folder: Path) -> None:
    """Have a thousand rows checked, and each of the seven wrong ones named with its reason."""
    page.goto(f"{place}/imports")
    rows = importing.seven_are_wrong(importing.people(importing.ROWS, "kastanie"))
    importing.upload(page, importing.written(folder, rows))
    press(page, "Check every row")
    importing.is_checked(page)
    refused = [[cell.strip() for cell in row] for row in importing.refused(page)]
    assert refused == importing.FAULTY


def appoints(page: Page, place: str, deputy: Person) -> None:
    page.goto(f"{place}/accounts")
    page.get_by_role("link", name=deputy.name).click()
    page.get_by_role("link", name=re.compile("^Change")).first.click()
    page.get_by_label("Role").select_option(label="Account administrator")
    press(page, "Change the role")
    shows(page, deputy.name)
    expect(page.get_by_text("Account administrator").first).to_be_visible()


def tightens_a_rule(page: Page, place: str) -> None:
    """See whom it affects before it holds, and save it nevertheless."""
    page.goto(f"{place}/organisations")
    page.goto(f"{place}/organisations")
    page.get_by_role("link", name="Change the rules").click()
    page.get_by_label("Students", exact=True).select_option(value="app")
    press(page, "Save the rules")
    expect(page.get_by_text("Nothing is changed yet.")).to_be_visible()
    expect(page.get_by_text(PUPIL.name)).to_be_visible()
    press(page, "Save nevertheless")
    shows(page, PLACE)


def finds_out_and_helps(page: Page, place: str, theirs: Page) -> None:
    for number in range(TRIES):
        sign_in(theirs, PUPIL, f"wrong password {number}")
    page.goto(f"{place}/cannot-sign-in")
    page.get_by_label("Their e-mail address or username").fill(PUPIL.email)
    press(page, "Look")
    shows(page, f"Why can't {PUPIL.name} sign in?")
    locked = page.get_by_text("Locked after too many wrong passwords at this organisation.")
    expect(locked.first).to_be_visible()
    sign_in(theirs, PUPIL)
    expect(theirs.get_by_role("alert")).to_be_visible()

    page.get_by_role("link", name=re.compile("^Open ")).first.click()
    page.get_by_role("main").get_by_role("button").first.click()
    expect(locked).to_have_count(0)
    sign_in(theirs, PUPIL)
    shows(theirs, "Enter the PIN")  # the address is proven before an app is set up
