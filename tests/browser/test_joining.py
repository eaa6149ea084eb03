"""Somebody new: register, read the mail, activate, sign in."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Browse, both
from tests.browser.people import PASSWORD, Person, press, shows, sign_in
from tests.mail.servers import Script
from tests.portal_process import code_in, link_in, mail_to

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def register(browse: Browse, newcomer: Person) -> Page:
    page = browse()
    page.goto("/register")
    page.get_by_label("E-mail address").fill(newcomer.email)
    page.get_by_label("Your name").fill(newcomer.name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Register")
    shows(page, "Check your mail")
    return page


@both
def test_the_code_from_the_mail_opens_the_account(
    browse: Browse, newcomer: Person, sink: Script
) -> None:
    page = register(browse, newcomer)

    page.get_by_label("Code from the mail").fill(code_in(mail_to(sink, newcomer.email)))
    press(page, "Confirm the address")
    expect(page.get_by_role("status")).to_have_text(
        "Your address is confirmed. You can sign in now."
    )
    sign_in(page, newcomer)

    shows(page, "Home")
    expect(page.get_by_text("You belong to no organisation yet")).to_be_visible()


@both
def test_the_link_opens_the_account_by_its_button_where_it_was_registered(
    browse: Browse, newcomer: Person, sink: Script
) -> None:
    page = register(browse, newcomer)
    link = link_in(mail_to(sink, newcomer.email))

    browse().goto(link)  # as a scanner does
    page.goto(link)
    expect(page).not_to_have_url(re.compile("ticket"))
    press(page, "Confirm the address")
    sign_in(page, newcomer)

    shows(page, "Home")


@both
def test_the_link_opens_the_account_on_another_device_by_the_password_that_was_chosen(
    browse: Browse, newcomer: Person, sink: Script
) -> None:
    register(browse, newcomer)
    elsewhere = browse()

    elsewhere.goto(link_in(mail_to(sink, newcomer.email)))
    expect(elsewhere).not_to_have_url(re.compile("ticket"))
    elsewhere.get_by_label("Password", exact=True).fill(PASSWORD)
    press(elsewhere, "Confirm the address")
    shows(elsewhere, "Sign in")
    sign_in(elsewhere, newcomer)

    shows(elsewhere, "Home")


def test_a_weak_password_is_judged_while_it_is_typed(browse: Browse) -> None:
    page = browse()
    page.goto("/register")

    page.get_by_label("Your name").fill("Lena Fischer")
    page.get_by_label("Password", exact=True).press_sequentially("lenafischer")

    expect(page.get_by_text("Very weak")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    expect(page.get_by_text("Strong")).to_be_visible()
