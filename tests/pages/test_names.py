"""The pages for one's name and one's username."""

import pytest

from app.operations import sessions
from tests import factories
from tests.conftest import Clock
from tests.factories import PASSWORD
from tests.pages.browser import Browser, values_of


def test_the_name_is_changed(guest: Browser) -> None:
    guest.sign_in(factories.account(name="Ann"))
    guest.open("/account")
    guest.click("Change the name")

    page = guest.press("Change the name", name="  Ann   Smith ")

    assert page.url == "/account"
    assert "Your name is changed." in page.main
    assert "Ann Smith" in page.text


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "Ann\u0000"])
def test_what_is_no_name_is_refused(guest: Browser, name: str) -> None:
    guest.sign_in(factories.account(name="Ann"))
    guest.open("/account/name")

    page = guest.press("Change the name", name=name)

    assert page.status == 400
    assert "Ann" in guest.open("/account").main


def test_a_name_full_of_markup_is_only_a_name(guest: Browser) -> None:
    guest.sign_in(factories.account())
    guest.open("/account/name")

    guest.press("Change the name", name='"><script>alert(1)</script>')

    assert '"><script>alert(1)</script>' in guest.open("/account").main
    shown = values_of(guest.open("/account/name").form("Change the name"))
    assert shown["name"] == '"><script>alert(1)</script>'


def test_the_username_is_changed_and_signs_in(guest: Browser) -> None:
    guest.sign_in(factories.account(username="ann"))
    guest.open("/account")
    guest.click("Change the username")

    page = guest.press("Change the username", username="ann.smith")
    guest.press("Sign out")

    assert "Your username is ann.smith." in page.main
    assert guest.sign_in("ann.smith").url == "/home"
    guest.press("Sign out")
    assert guest.sign_in("ann").status == 401


def test_a_username_can_be_left_away_where_there_is_an_address(guest: Browser) -> None:
    guest.sign_in(factories.account(username="ann"))
    guest.open("/account/username")

    page = guest.press("Change the username", username="")

    assert "You have no username any more." in page.main
    assert page.link("Add a username") == "/account/username"


def test_a_generic_account_cannot_lose_its_only_name(guest: Browser) -> None:
    guest.sign_in(factories.account(None, username="generic"))
    guest.open("/account/username")

    page = guest.press("Change the username", username="")

    assert page.status == 400
    assert "A username has 2 to 64 characters" in page.main


def test_a_taken_username_is_refused_in_a_sentence(guest: Browser) -> None:
    factories.account(username="ann")
    guest.sign_in(factories.account(username="bob"))
    guest.open("/account/username")

    page = guest.press("Change the username", username="Ann")

    assert page.status == 409
    assert "Somebody has this username already. Choose another." in page.main


def test_other_fields_change_nothing(guest: Browser) -> None:
    who = factories.account(name="Ann", username="ann")
    guest.sign_in(who)
    token = values_of(guest.open("/account/name").form("Change the name"))["csrf_token"]

    forged = {"email": "eve@example.org", "username": "eve", "suspended_at": "", "id": "1"}
    guest.send("POST", "/account/name", data={"csrf_token": token, "name": "Ann", **forged})

    page = guest.open("/account").main
    assert "ann" in page
    assert "eve" not in page


def test_after_ten_minutes_the_username_asks_for_the_password(guest: Browser, clock: Clock) -> None:
    guest.sign_in(factories.account(username="ann"))
    clock.advance(sessions.STEP_UP)

    asked = guest.open("/account/username")
    page = guest.press("Continue", password=PASSWORD)

    assert asked.heading == "Is it still you?"
    assert page.url == "/account/username"


@pytest.mark.parametrize(
    "path",
    ["name", "username", "address", "address/check-mail", "history", "data", "remove"],
)
def test_strangers_sign_in_first_and_come_back(guest: Browser, path: str) -> None:
    who = factories.account()

    asked = guest.open(f"/account/{path}")
    back = guest.press("Sign in", identity=who.email or "", password=PASSWORD)

    assert asked.url == f"/sign-in?next=/account/{path}"
    assert back.url == (f"/account/{path}" if path != "address/check-mail" else "/account")
