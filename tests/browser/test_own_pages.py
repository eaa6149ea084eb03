"""A new address, and an account that was to go and is kept."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Browse, both
from tests.browser.people import Person, enter, press, shows, sign_in
from tests.mail.servers import Script
from tests.portal_process import link_in, mail_to, text_of

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def ask_for_address(page: Page, address: str) -> None:
    page.goto("/account")
    page.get_by_role("link", name="Change the address").click()
    page.get_by_label("New e-mail address").fill(address)
    press(page, "Send the mail")
    shows(page, "Check your mail")


@both
def test_a_new_address_confirms_and_the_old_one_is_told(
    browse: Browse, person: Person, sink: Script
) -> None:
    page, scanner = browse(), browse()
    new = Person(f"new.{person.email}", person.name)
    enter(page, person, sink)
    told = len([mail for mail in sink.received if person.email in str(mail["To"])])
    ask_for_address(page, new.email)
    link = link_in(mail_to(sink, new.email))

    scanner.goto(link)
    page.goto(link)
    expect(page).not_to_have_url(re.compile("ticket"))
    press(page, "Use this address")

    shows(page, "Your account")
    expect(page.get_by_text("Your address is changed.")).to_be_visible()
    expect(page.get_by_role("main").get_by_text(new.email)).to_be_visible()
    mail = mail_to(sink, person.email, told + 1)
    assert mail["Subject"] == "Your Doorward account has a new address"
    assert "Chrome on" in text_of(mail)
    press(page, "Sign out")
    sign_in(page, new)
    shows(page, "Where to?")


@both
def test_an_account_that_was_to_go_is_kept(browse: Browse, person: Person, sink: Script) -> None:
    page = browse()
    enter(page, person, sink)
    page.goto("/account")

    page.get_by_role("link", name="Remove my account").click()
    page.get_by_label("What the account is called").fill("something else")
    press(page, "Remove my account in a week")
    expect(page.get_by_role("alert")).to_contain_text("That is not what this account is called.")
    page.get_by_label("What the account is called").fill(person.email)
    press(page, "Remove my account in a week")
    expect(page.get_by_text("This account goes for good on")).to_be_visible()

    assert "/account/remove" in text_of(mail_to(sink, person.email, 2))  # after the PIN
    elsewhere = browse()
    enter(elsewhere, person, sink)
    press(elsewhere, "Keep my account")
    expect(elsewhere.get_by_text("Your account stays.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("goes for good")).to_have_count(0)


@both
def test_what_is_kept_can_be_taken_along(browse: Browse, person: Person, sink: Script) -> None:
    page = browse()
    enter(page, person, sink)
    page.goto("/account/data")

    with page.expect_download() as loading:
        press(page, "Download everything")

    path = loading.value.path()
    assert loading.value.suggested_filename == "doorward-account.json"
    assert person.email in path.read_text()
    page.goto("/account/history")
    expect(page.get_by_text("All data of the account was downloaded")).to_be_visible()
