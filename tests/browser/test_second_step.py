"""The second step in a real browser: an app's life, codes on paper, PINs, trusted devices."""

import re
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.clock import now
from app.security import totp
from tests.browser.conftest import Browse, both
from tests.browser.people import STRICT, Person, enter_pin, press, shows, sign_in
from tests.browser.phones import (
    APP,
    CODES,
    OVERVIEW,
    Phone,
    begin,
    confirm,
    enter_code,
    keep,
    scan,
    set_up,
    typed,
    use_paper,
)
from tests.browser.watch import fits_a_telephone, looks_right
from tests.mail.servers import Script
from tests.portal_process import mail_to, mails_to, pin_in, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@both
def test_an_app_is_set_up_used_lost_replaced_and_removed(
    browse: Browse, loner: Person, sink: Script, tmp_path: Path
) -> None:
    page = browse()
    sign_in(page, loner)
    begin(page, loner, sink)
    fits_a_telephone(page)
    phone = scan(page.locator("#qr"), tmp_path)
    assert phone == Phone(typed(page).secret, f"Doorward:{loner.email}", "Doorward")
    paper = confirm(page, phone)
    keep(page)

    comes_back(page, loner)
    each_code_opens_once(page, phone)
    comes_back(page, loner)
    use_paper(page, paper[0].lower().replace("-", " "))
    shows(page, "Home")
    expect(page.get_by_text("You used a recovery code; 9 are left.")).to_be_visible()

    another = replaces_the_app(page, tmp_path)
    assert another.secret != phone.secret
    removes_the_app(page)
    comes_back(page, loner)
    shows(page, "Home")


def pins_mailed(sink: Script, person: Person) -> list[EmailMessage]:
    return [mail for mail in mails_to(sink, person.email) if "PIN for" in str(mail["Subject"])]


def comes_back(page: Page, person: Person) -> None:
    press(page, "Sign out")
    sign_in(page, person)


def each_code_opens_once(page: Page, phone: Phone) -> None:
    """Try what the app showed and what it showed before, in vain; then its next code."""
    for step in (phone.used, phone.used - 1):
        enter_code(page, phone.shown_at(step))
        expect(page.get_by_role("alert")).to_contain_text("Those digits are not right.")
    enter_code(page, phone.code())
    shows(page, "Home")


def replaces_the_app(page: Page, tmp_path: Path) -> Phone:
    page.goto(OVERVIEW)
    page.get_by_role("link", name="Replace the authenticator app").click()
    press(page, "Show the QR code")
    phone = scan(page.locator("#qr"), tmp_path)
    enter_code(page, phone.code(), "Confirm the app")
    expect(page.get_by_text("9 unused codes are left.")).to_be_visible()
    return phone


def removes_the_app(page: Page) -> None:
    page.goto(OVERVIEW)
    page.get_by_role("link", name="Remove the authenticator app").click()
    press(page, "Remove the app")
    expect(page.get_by_text("Not set up")).to_be_visible()


def test_an_app_that_is_demanded_is_scanned_from_the_screen_on_the_way_in(
    browse: Browse, strict_person: Person, sink: Script, tmp_path: Path
) -> None:
    page = browse()
    sign_in(page, strict_person)
    enter_pin(page, pin_in(mail_to(sink, strict_person.email)))
    looks_right(page, "Set up an authenticator app")

    phone = scan(page.locator("#qr"), tmp_path)
    assert phone.label == f"Doorward:{strict_person.email} ({STRICT})"
    assert scan_large(page, tmp_path) == phone
    enter_code(page, phone.code())
    shows(page, "Recovery codes")
    press(page, "I have kept them")
    shows(page, "Home")

    comes_back(page, strict_person)
    each_code_opens_once(page, phone)


def scan_large(page: Page, tmp_path: Path) -> Phone:
    """Show the picture large, scan it there, and make it small again."""
    page.get_by_role("link", name="Show the QR code large").click()
    large = page.get_by_role("link", name="Show the QR code small")
    phone = scan(large, tmp_path)
    large.click()
    expect(large).to_be_hidden()
    return phone


def test_codes_are_copied_downloaded_printed_and_shown_no_more(
    browse: Browse, loner: Person, sink: Script
) -> None:
    page = browse()
    sign_in(page, loner)
    begin(page, loner, sink)
    codes = confirm(page, typed(page))
    looks_right(page, "Recovery codes")

    assert copied(page) == codes
    assert [line for line in downloaded(page) if line in codes] == codes
    page.evaluate("window.print = () => document.body.dataset.printed = 'yes'")
    press(page, "Print")
    assert page.evaluate("document.body.dataset.printed") == "yes"
    prints_codes_alone(page, codes)

    keep(page)
    page.go_back()
    expect(page.locator("#codes")).to_have_count(0)


def copied(page: Page) -> list[str]:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    press(page, "Copy the codes")
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text.split()


def downloaded(page: Page) -> list[str]:
    with page.expect_download() as download:
        press(page, "Download as a file")
    assert download.value.suggested_filename == "doorward-recovery-codes.txt"
    return download.value.path().read_text().splitlines()


def prints_codes_alone(page: Page, codes: list[str]) -> None:
    """Assert that paper gets the codes, and no buttons and menus."""
    page.emulate_media(media="print")
    for code in codes:
        expect(page.get_by_text(code)).to_be_visible()
    for other in (page.get_by_role("button"), page.get_by_role("navigation")):
        expect(other.filter(visible=True)).to_have_count(0)
    page.emulate_media(media="screen")


def test_a_pin_is_chosen_and_had_instead_of_the_code(
    browse: Browse, loner: Person, sink: Script
) -> None:
    page = browse()
    sign_in(page, loner)
    set_up(page, loner, sink)
    press(page, "Turn on PINs by e-mail")
    expect(page.get_by_text("Asked for since")).to_be_visible()
    before = len(pins_mailed(sink, loner))

    comes_back(page, loner)
    for _ in range(2):
        shows(page, "Enter the code")
        press(page, "Have a PIN mailed instead")
        shows(page, "Enter the PIN")
        wait_for(lambda: len(pins_mailed(sink, loner)) > before, 15)
        pin = pin_in(pins_mailed(sink, loner)[-1])
        press(page, "Use the authenticator app")
    assert len(pins_mailed(sink, loner)) == before + 1  # one mail, however often
    press(page, "Have a PIN mailed instead")
    enter_pin(page, pin)
    shows(page, "Home")

    page.goto(OVERVIEW)
    press(page, "Turn off PINs by e-mail")
    expect(page.get_by_text("No PIN is mailed any more")).to_be_visible()


def test_a_trusted_device_is_asked_no_more_until_it_is_forgotten(
    browse: Browse, loner: Person, sink: Script
) -> None:
    page, elsewhere = browse(), browse()
    sign_in(page, loner)
    phone, paper = set_up(page, loner, sink)
    comes_back(page, loner)
    page.get_by_label("Trust this device for 30 days").check()
    enter_code(page, phone.code())
    comes_back(page, loner)
    shows(page, "Home")

    sign_in(elsewhere, loner)
    use_paper(elsewhere, paper[0])
    forgets_the_device(elsewhere)

    page.reload()
    shows(page, "Sign in")
    sign_in(page, loner)
    shows(page, "Enter the code")


def forgets_the_device(page: Page) -> None:
    page.goto(OVERVIEW)
    expect(page.get_by_text(re.compile("trusted until"))).to_be_visible()
    looks_right(page, "The second step")
    page.get_by_role("button", name=re.compile("Forget")).click()
    expect(page.get_by_text("That device is forgotten")).to_be_visible()


def test_pages_of_setting_up(browse: Browse, loner: Person, sink: Script) -> None:
    page = browse()
    sign_in(page, loner)
    for path, heading in {CODES: "Recovery codes", OVERVIEW: "The second step"}.items():
        page.goto(path)
        looks_right(page, heading)
    begin(page, loner, sink)
    old = typed(page).shown_at(totp.step_at(now()) - 20)
    enter_code(page, old, "Confirm the app")
    expect(page.get_by_role("alert")).to_contain_text("That code is 10 minutes old.")
    looks_right(page, "Set up an authenticator app")


def test_pages_of_whoever_has_an_app(browse: Browse, loner: Person, sink: Script) -> None:
    page = browse()
    sign_in(page, loner)
    set_up(page, loner, sink)
    for path, heading in {
        APP: "Replace the authenticator app",
        f"{APP}/remove": "Remove the authenticator app?",
        CODES: "Recovery codes",
    }.items():
        page.goto(path)
        looks_right(page, heading)
    comes_back(page, loner)
    looks_right(page, "Enter the code")
    use_paper(page, "no code")
    looks_right(page, "Use a recovery code")
