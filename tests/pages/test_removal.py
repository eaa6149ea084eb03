"""The page that removes one's account, and the week after it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.models import Role
from app.operations import sessions
from tests import factories
from tests.conftest import Clock
from tests.factories import PASSWORD
from tests.pages.browser import Browser, Page

ANN = "ann@example.org"
BUTTON = "Remove my account in a week"


def ask(guest: Browser, identity: str = ANN) -> Page:
    guest.open("/account/remove")
    return guest.press(BUTTON, identity=identity)


def test_the_account_is_to_go_in_a_week(guest: Browser, clock: Clock) -> None:
    guest.sign_in(factories.account(ANN))

    page = ask(guest, " Ann@Example.org ")

    due = clock.time + timedelta(days=7)
    assert page.url == "/account/remove"
    assert f"It goes for good on {due.day} {due:%B} {due.year}" in page.main
    assert BUTTON not in page.main


@pytest.mark.parametrize("path", ["/home", "/account", "/account/history", "/account/password"])
def test_every_page_says_so_and_offers_to_keep_it(guest: Browser, path: str) -> None:
    guest.sign_in(factories.account(ANN))
    assert "goes for good" not in guest.open(path).text
    ask(guest)

    warned = guest.open(path)
    kept = guest.press("Keep my account")

    assert "This account goes for good on" in warned.main
    assert kept.url == "/account"
    assert "Your account stays." in kept.main
    assert "goes for good" not in guest.open(path).text


def test_others_are_signed_out_and_sign_in_again_to_keep_it(
    guest: Browser, new_guest: Callable[..., Browser], clock: Clock
) -> None:
    who, elsewhere = factories.account(ANN), new_guest()
    elsewhere.sign_in(who)
    guest.sign_in(who)
    ask(guest)
    link = factories.latest_words("removal_scheduled")["keep_link"]
    clock.advance(timedelta(days=6))

    asked = elsewhere.open(link.removeprefix("http://localhost:8000"))
    page = elsewhere.press("Sign in", identity=ANN, password=PASSWORD)

    assert asked.url == "/sign-in?next=/account/remove"
    assert page.url == "/account/remove"
    assert elsewhere.press("Keep my account").url == "/account"


@pytest.mark.parametrize("typed", ["", "yes", "other@example.org", "ann"])
def test_only_who_types_what_it_is_called_removes_it(guest: Browser, typed: str) -> None:
    factories.account("other@example.org")
    guest.sign_in(factories.account(ANN, username="ann"))

    page = ask(guest, typed)

    assert page.status == 400
    assert "goes for good" not in guest.open("/account").text
    assert factories.mails() == []


def test_a_generic_account_is_called_by_its_username(guest: Browser) -> None:
    guest.sign_in(factories.account(None, username="generic"))

    assert "It goes for good on" in ask(guest, "Generic").main


@pytest.mark.parametrize(
    ("role", "sentence"),
    [
        (Role.SUPERUSER, "The portal would be left without a superuser."),
        (Role.ACCOUNT_ADMIN, "An organisation would be left without an administrator."),
    ],
)
def test_whom_nobody_could_replace_stays(guest: Browser, role: Role, sentence: str) -> None:
    who = factories.account(ANN)
    factories.membership(who, role=role)
    guest.sign_in(who)

    page = ask(guest)

    assert page.status == 409
    assert sentence in page.main
    assert "goes for good" not in guest.open("/account").text


def test_it_takes_a_fresh_proof(guest: Browser, clock: Clock) -> None:
    guest.sign_in(factories.account(ANN))
    guest.open("/account/remove")
    clock.advance(sessions.STEP_UP)

    asked = guest.press(BUTTON, identity=ANN)

    assert asked.url == "/confirm?next=/account/remove"
    assert guest.press("Continue", password=PASSWORD).url == "/account/remove"
    assert "It goes for good on" in guest.press(BUTTON, identity=ANN).main


def test_it_takes_the_factor_where_the_account_has_one(guest: Browser, clock: Clock) -> None:
    who = factories.account(ANN)
    factories.membership(who, factories.pin_organisation())
    guest.sign_in(who)
    guest.press("Continue", code=factories.latest_words("pin")["pin"])
    clock.advance(sessions.STEP_UP + timedelta(seconds=1))
    guest.open("/account/remove")

    pin = guest.press("Continue", password=PASSWORD)
    page = guest.press("Continue", code=factories.latest_words("pin")["pin"])

    assert pin.url == "/sign-in/pin"
    assert page.url == "/account/remove"


def test_no_button_works_without_its_token_and_none_by_a_link(guest: Browser) -> None:
    guest.sign_in(factories.account(ANN))

    for path in ("/account/remove", "/account/keep"):
        assert guest.send("POST", path, data={"identity": ANN}).status_code == 403
    assert guest.send("GET", "/account/keep").status_code == 405


def test_keeping_what_does_not_go_says_so(guest: Browser) -> None:
    guest.sign_in(factories.account(ANN))
    ask(guest)
    guest.open("/account")
    stale = guest.shown
    guest.press("Keep my account")
    guest.page = stale

    page = guest.press("Keep my account")

    assert page.status == 410
