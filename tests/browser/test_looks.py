"""Every page: light, dark, as narrow as a telephone, and nothing that axe objects to."""

import pytest

from tests.browser.conftest import Browse
from tests.browser.people import (
    OPEN,
    OWN,
    PASSWORD,
    PIN,
    Person,
    Places,
    choose,
    enter,
    press,
    sign_in,
)
from tests.browser.test_locks import lock
from tests.browser.watch import fits_a_telephone, looks_right
from tests.mail.servers import Script
from tests.portal_process import link_in, mail_to

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

STRANGERS_PAGES = {
    "/sign-in": "Sign in",
    "/register": "Register",
    "/activate": "Confirm your address",
    "/forgotten": "Forgotten your password?",
    "/reset": "Set a new password",
    "/invitation": "Open your invitation",
    "/invitation?ticket=spent": "No invitation here",
    "/unlock": "Open the lock",
    "/unlock?ticket=spent": "Open the lock",
    "/not-me": "This was not me",
    "/not-me?ticket=spent": "This was not me",
    "/account/address/confirm": "Use a new address",
    "/account/address/confirm?ticket=spent": "Use a new address",
    "/no/such/page": "There is no such page",
}
OWN_PAGES = {
    "/home": "Home",
    "/account": "Your account",
    "/account/password": "Change your password",
    "/account/name": "Change your name",
    "/account/username": "Change your username",
    "/account/address": "Change your address",
    "/account/history": "History",
    "/account/data": "Your data",
    "/account/remove": "Remove your account",
    "/account/sessions": "Where you are signed in",
    "/confirm": "Is it still you?",
}


@pytest.mark.parametrize(("path", "heading"), STRANGERS_PAGES.items())
def test_pages_for_everybody(path: str, heading: str, browse: Browse) -> None:
    page = browse()

    page.goto(path)

    looks_right(page, heading)


def test_pages_of_joining(browse: Browse, newcomer: Person, sink: Script) -> None:
    page = browse()
    page.goto("/register")
    page.get_by_label("E-mail address").fill(newcomer.email)
    page.get_by_label("Your name").fill(newcomer.name)
    page.get_by_label("Password", exact=True).fill("short")
    press(page, "Register")
    looks_right(page, "Register")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Register")
    looks_right(page, "Check your mail")
    page.goto(link_in(mail_to(sink, newcomer.email)))
    looks_right(page, "Confirm your address")
    press(page, "Confirm the address")
    looks_right(page, "Sign in")
    sign_in(page, newcomer)
    looks_right(page, "Home")


def test_pages_of_signing_in(browse: Browse, person: Person) -> None:
    page = browse()
    sign_in(page, person, "wrong")
    looks_right(page, "Sign in")
    sign_in(page, person)
    looks_right(page, "Where to?")
    choose(page, PIN)
    looks_right(page, "Enter the PIN")
    page.get_by_label("PIN").fill("12")
    press(page, "Continue")
    looks_right(page, "Enter the PIN")


def test_pages_of_somebody_signed_in(
    browse: Browse, person: Person, places: Places, sink: Script
) -> None:
    page = browse()
    enter(browse(), person, sink, OPEN)
    enter(page, person, sink)
    seat = {f"/o/{places.pin}/teacher/": f"Teacher at {PIN}"}
    for path, heading in {**OWN_PAGES, **seat}.items():
        page.goto(path)
        looks_right(page, heading)
    page.goto("/home")
    choose(page, OWN)
    looks_right(page, "Home")


def test_pages_of_a_new_address_and_of_a_removal(
    browse: Browse, person: Person, sink: Script
) -> None:
    page = browse()
    enter(page, person, sink)
    page.goto("/account/address")
    page.get_by_label("New e-mail address").fill(f"looks.{person.email}")
    press(page, "Send the mail")
    looks_right(page, "Check your mail")
    page.goto("/account/address")
    looks_right(page, "Change your address")
    page.goto(link_in(mail_to(sink, f"looks.{person.email}")))
    looks_right(page, "Use this address")
    page.goto("/account/remove")
    press(page, "Remove my account in a week")
    looks_right(page, "Remove your account")
    page.get_by_label("What the account is called").fill(person.email)
    press(page, "Remove my account in a week")
    looks_right(page, "Remove your account")


def test_pages_of_forgetting(browse: Browse, person: Person, sink: Script) -> None:
    page = browse()
    page.goto("/forgotten")
    page.get_by_label("E-mail or username").fill(person.email)
    press(page, "Send the mail")
    looks_right(page, "Check your mail")
    page.goto(link_in(mail_to(sink, person.email)))
    looks_right(page, "Set a new password")
    page.get_by_label("New password").fill("short")
    press(page, "Set the password")
    looks_right(page, "Set a new password")


def test_pages_of_a_lock(browse: Browse, person: Person, sink: Script) -> None:
    page = browse()
    lock(page, person)
    looks_right(page, "Sign in")
    press(page, "Unlock by mail")
    looks_right(page, "Open the lock")
    page.goto(link_in(mail_to(sink, person.email)))
    looks_right(page, "Open the lock")


@pytest.mark.parametrize("script", [False], ids=["no script"])
@pytest.mark.parametrize("path", STRANGERS_PAGES)
def test_pages_fit_without_script(path: str, browse: Browse) -> None:
    page = browse()

    page.goto(path)

    fits_a_telephone(page)
