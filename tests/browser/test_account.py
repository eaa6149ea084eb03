"""What somebody signed in does with the account, and how they leave."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Browse, both
from tests.browser.people import NEW_PASSWORD, OPEN, PASSWORD, Person, enter, press, shows, sign_in
from tests.mail.servers import Script
from tests.portal_process import code_in, link_in, mail_to, mails_to

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@both
def test_a_changed_password_ends_all_other_sessions(
    browse: Browse, person: Person, sink: Script
) -> None:
    here, elsewhere = browse(), browse()
    enter(here, person, sink)
    enter(elsewhere, person, sink, OPEN)

    here.goto("/account/password")
    here.get_by_label("Current password").fill(PASSWORD)
    here.get_by_label("New password").fill(NEW_PASSWORD)
    press(here, "Change the password")

    expect(here.get_by_role("status").first).to_contain_text("Your password is changed.")
    elsewhere.reload()
    shows(elsewhere, "Sign in")
    sign_in(elsewhere, person, PASSWORD)
    expect(elsewhere.get_by_role("alert")).to_be_visible()
    sign_in(elsewhere, person, NEW_PASSWORD)
    shows(elsewhere, "Where to?")


@both
def test_another_session_is_ended(browse: Browse, person: Person, sink: Script) -> None:
    here, elsewhere = browse(), browse()
    enter(elsewhere, person, sink, OPEN)
    enter(here, person, sink)
    here.goto("/account/sessions")

    here.get_by_role("button", name=re.compile("End this session")).click()

    expect(here.get_by_text("This one")).to_be_visible()
    expect(here.get_by_role("article")).to_have_count(1)
    elsewhere.reload()
    shows(elsewhere, "Sign in")


@both
def test_after_signing_out_the_back_button_shows_nothing(
    browse: Browse, person: Person, sink: Script
) -> None:
    page = browse()
    enter(page, person, sink, OPEN)
    page.goto("/account")
    shows(page, "Your account")

    press(page, "Sign out")
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    page.go_back()

    shows(page, "Sign in")
    expect(page.get_by_text(person.name)).to_have_count(0)


@both
def test_a_forgotten_password_is_set_anew_by_mail(
    browse: Browse, person: Person, sink: Script
) -> None:
    page = browse()
    ask_for_reset(page, person)

    page.goto(link_in(mail_to(sink, person.email)))
    set_new_password(page)
    sign_in(page, person, NEW_PASSWORD)

    shows(page, "Where to?")
    mail_to(sink, person.email, 2)  # the account's owner is told of the change


def test_a_forgotten_password_is_set_anew_by_the_mails_code(
    browse: Browse, person: Person, sink: Script
) -> None:
    page = browse()
    ask_for_reset(page, person)

    page.get_by_label("Code from the mail").fill(code_in(mail_to(sink, person.email)))
    press(page, "Continue")
    set_new_password(page)
    sign_in(page, person, NEW_PASSWORD)

    shows(page, "Where to?")


def test_strangers_are_answered_like_members(browse: Browse, sink: Script) -> None:
    stranger = Person("nobody-knows@example.org", "")
    page = browse()

    ask_for_reset(page, stranger)

    expect(page.get_by_text("If there is an account for")).to_be_visible()
    assert mails_to(sink, stranger.email) == []


def ask_for_reset(page: Page, person: Person) -> None:
    page.goto("/sign-in")
    page.get_by_role("link", name="Forgotten your password?").click()
    page.get_by_label("E-mail or username").fill(person.email)
    press(page, "Send the mail")
    shows(page, "Check your mail")


def set_new_password(page: Page) -> None:
    shows(page, "Set a new password")
    page.get_by_label("New password").fill(NEW_PASSWORD)
    press(page, "Set the password")
    shows(page, "Sign in")


@both
def test_times_name_their_zone(browse: Browse, person: Person, sink: Script) -> None:
    page = browse()
    enter(page, person, sink, OPEN)

    page.goto("/account")

    expect(page.locator("time").first).to_have_text(re.compile(r"20\d\d, \d\d:\d\d.* [A-Z]{3,4}"))
