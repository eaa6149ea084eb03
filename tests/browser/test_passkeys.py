"""Passkeys in a real Chromium, whose virtual authenticator stands in for finger and key."""

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Browse
from tests.browser.people import PASSWORD, Person, enter_pin, press, shows, sign_in
from tests.browser.virtual_authenticator import VirtualAuthenticator, offers_nothing_by_itself
from tests.browser.watch import looks_right
from tests.mail.servers import Script
from tests.portal_process import Portal, account, mail_to, mails_to, pin_in, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

MINE = "/account/second-factor/passkeys"


@dataclass
class Owner:
    """Somebody with a passkey, in the tab that holds it."""

    person: Person
    page: Page
    key: VirtualAuthenticator


@pytest.fixture
def single(newcomer: Person, served: Portal) -> Person:
    """Return somebody who belongs nowhere: one way in, and nothing to choose."""
    served.run([account(newcomer.email, PASSWORD, newcomer.name)])
    return newcomer


@pytest.fixture
def owner(browse: Browse, single: Person, sink: Script) -> Owner:
    page = browse()
    offers_nothing_by_itself(page)
    key = VirtualAuthenticator(page)
    sign_in(page, single)
    shows(page, "Home")
    make_passkey(page, single, sink, "Blue key")
    return Owner(single, page, key)


def make_passkey(page: Page, person: Person, sink: Script, name: str) -> None:
    """Add the first passkey of an account, which asks for password and mail."""
    page.goto(f"{MINE}/add")
    confirm_by_mail(page, person, sink)
    page.get_by_label("Name of the passkey").fill(name)
    press(page, "Make the passkey")
    shows(page, "Recovery codes")


def confirm_by_mail(page: Page, person: Person, sink: Script) -> None:
    shows(page, "Is it still you?")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Continue")
    enter_pin(page, pin_in(mail_to(sink, person.email)))
    shows(page, "Add a passkey")


def leave(owner: Owner) -> None:
    press(owner.page, "Sign out")
    shows(owner.page, "Sign in")


def subjects(sink: Script, person: Person) -> str:
    """Return what the mails to somebody are called, in whichever order they arrived."""
    return "\n".join(str(mail["Subject"]) for mail in mails_to(sink, person.email))


def test_a_passkey_is_added(owner: Owner) -> None:
    [passkey] = owner.key.passkeys

    owner.page.goto(MINE)

    assert passkey["rpId"] == "localhost"
    assert passkey["isResidentCredential"]
    assert passkey["userName"] == owner.person.email
    expect(owner.page.get_by_role("heading", name="Blue key")).to_be_visible()
    expect(owner.page.get_by_text("not used yet")).to_be_visible()


def test_a_device_makes_no_second_one(owner: Owner) -> None:
    page = owner.page
    page.goto(f"{MINE}/add")
    shows(page, "Add a passkey")

    press(page, "Make the passkey")

    expect(page.get_by_role("alert")).to_have_text(re.compile("has a passkey for your account"))
    assert len(owner.key.passkeys) == 1


def test_a_prompt_that_is_closed_is_said_and_can_be_tried_again(
    browse: Browse, single: Person, sink: Script
) -> None:
    page = browse()
    key = VirtualAuthenticator(page, isUserVerified=False)
    sign_in(page, single)
    page.goto(f"{MINE}/add")
    confirm_by_mail(page, single, sink)

    press(page, "Make the passkey")
    expect(page.get_by_role("alert")).to_have_text(re.compile("its window was closed"))
    looks_right(page, "Add a passkey")
    key.succeed()
    press(page, "Make the passkey")

    shows(page, "Recovery codes")


def test_it_answers_the_second_step(owner: Owner) -> None:
    leave(owner)
    sign_in(owner.page, owner.person)
    shows(owner.page, "Use your passkey")

    owner.key.fail()
    press(owner.page, "Use a passkey")
    expect(owner.page.get_by_role("alert")).to_have_text(re.compile("its window was closed"))
    owner.key.succeed()
    press(owner.page, "Use a passkey")

    shows(owner.page, "Home")


def test_it_signs_in_without_a_password(owner: Owner) -> None:
    leave(owner)
    page = owner.page
    page.get_by_label("Keep me signed in on this device").check()

    press(page, "Sign in with a passkey")

    shows(page, "Home")
    [cookie] = [each for each in page.context.cookies() if each["name"] == "doorward"]
    assert cookie["expires"] > 0


def test_the_browser_offers_it_in_the_field(owner: Owner, browse: Browse) -> None:
    page = browse()
    key = VirtualAuthenticator(page)
    key.take(*owner.key.passkeys)

    page.goto("/sign-in")

    shows(page, "Home")


def test_a_passkey_that_the_portal_forgot_opens_nothing(owner: Owner, browse: Browse) -> None:
    [passkey] = owner.key.passkeys
    owner.page.goto(MINE)
    owner.page.get_by_role("link", name="Remove").click()
    press(owner.page, "Remove the passkey")
    expect(owner.page.get_by_text("No passkeys yet")).to_be_visible()

    elsewhere = browse()
    offers_nothing_by_itself(elsewhere)
    key = VirtualAuthenticator(elsewhere)
    key.take(passkey)
    elsewhere.goto("/sign-in")
    press(elsewhere, "Sign in with a passkey")

    expect(elsewhere.get_by_text("This passkey opens nothing here.")).to_be_visible()


def test_a_copy_of_a_passkey_is_refused_and_told(
    owner: Owner, browse: Browse, sink: Script
) -> None:
    [copied] = owner.key.passkeys
    leave(owner)
    press(owner.page, "Sign in with a passkey")
    shows(owner.page, "Home")

    elsewhere = browse()
    offers_nothing_by_itself(elsewhere)
    key = VirtualAuthenticator(elsewhere)
    key.take({**copied, "signCount": 0})
    elsewhere.goto("/sign-in")
    press(elsewhere, "Sign in with a passkey")

    expect(elsewhere.get_by_text("This passkey opens nothing here.")).to_be_visible()
    wait_for(lambda: "may have been copied" in subjects(sink, owner.person), 15)


def test_it_confirms_who_one_is(owner: Owner) -> None:
    page = owner.page
    page.goto("/confirm?next=/account/password")
    shows(page, "Is it still you?")

    press(page, "Use a passkey instead")

    shows(page, "Change your password")


def test_it_gets_another_name(owner: Owner) -> None:
    page = owner.page
    page.goto(MINE)
    page.get_by_role("link", name="Rename").click()

    page.get_by_label("Name of the passkey").fill("Red key")
    press(page, "Rename")

    expect(page.get_by_role("heading", name="Red key")).to_be_visible()


def test_the_pages_look_right(owner: Owner) -> None:
    page = owner.page
    page.goto(MINE)
    looks_right(page, "Passkeys")
    page.get_by_role("link", name="Add a passkey").click()
    looks_right(page, "Add a passkey")
    page.goto(MINE)
    page.get_by_role("link", name="Rename").click()
    looks_right(page, "Rename the passkey")
    page.goto(MINE)
    page.get_by_role("link", name="Remove").click()
    looks_right(page, "Remove the passkey?")
    page.goto("/confirm")
    looks_right(page, "Is it still you?")
    page.goto("/home")
    leave(owner)
    sign_in(page, owner.person)
    looks_right(page, "Use your passkey")


@pytest.mark.parametrize("script", [False], ids=["no script"])
def test_without_script_the_pages_say_what_is_missing(
    browse: Browse, single: Person, sink: Script
) -> None:
    page = browse()
    sign_in(page, single)
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_have_count(0)

    page.goto(f"{MINE}/add")
    confirm_by_mail(page, single, sink)

    expect(page.get_by_text("A passkey is made with JavaScript")).to_be_visible()
    expect(page.get_by_role("button", name="Make the passkey")).to_have_count(0)
