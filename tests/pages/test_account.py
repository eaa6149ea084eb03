from collections.abc import Callable
from datetime import timedelta

from app.models import Role
from app.operations import sessions
from tests import factories
from tests.conftest import Clock
from tests.factories import OWN_PASSWORD, PASSWORD
from tests.pages.browser import Browser

NEW = "nine calm otters"


def test_the_account_shows_who_one_is(guest: Browser) -> None:
    who = factories.account(username="ann.smith", name="Ann Smith")
    factories.membership(who, factories.organisation("Cy's University"), Role.TEACHER)
    guest.sign_in(who)

    page = guest.open("/account")

    for fact in ("Ann Smith", who.email or "", "ann.smith", "Cy's University, Teacher"):
        assert fact in page.main


def test_the_password_is_changed_and_other_sessions_end(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    who, elsewhere = factories.account(), new_guest()
    elsewhere.sign_in(who)
    guest.sign_in(who)
    guest.open("/account/password")

    page = guest.press("Change the password", current=PASSWORD, password=NEW)

    assert page.url == "/account"
    assert "Your password is changed." in page.text
    assert guest.open("/home").url == "/home"
    assert elsewhere.open("/home").url.startswith("/sign-in")
    assert elsewhere.sign_in(who, NEW).url == "/home"
    assert factories.mails("password_changed")


def test_the_old_bearer_dies_with_the_password(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    guest.sign_in(factories.account())
    guest.open("/account/password")
    thief = new_guest()
    thief.client.set_cookie("doorward", guest.cookie() or "")
    assert thief.open("/home").url == "/home"

    guest.press("Change the password", current=PASSWORD, password=NEW)

    assert thief.open("/home").url.startswith("/sign-in")


def test_a_wrong_present_password_is_refused(guest: Browser) -> None:
    guest.sign_in(factories.account())
    guest.open("/account/password")

    page = guest.press("Change the password", current="not the password", password=NEW)

    assert page.status == 401
    assert "That is not the right password." in page.text


def test_a_bad_new_password_is_refused_with_the_reason(guest: Browser) -> None:
    guest.sign_in(factories.account())
    guest.open("/account/password")

    page = guest.press("Change the password", current=PASSWORD, password="short")

    assert page.status == 400
    assert "Use at least 8 characters." in page.text


def test_empty_fields_are_named(guest: Browser) -> None:
    guest.sign_in(factories.account())
    guest.open("/account/password")

    page = guest.press("Change the password", current="", password="")

    assert page.status == 400
    assert "Enter your current password." in page.text
    assert "Enter a new password." in page.text


def test_after_ten_minutes_the_password_is_asked_first(guest: Browser, clock: Clock) -> None:
    guest.sign_in(factories.account())
    clock.advance(sessions.STEP_UP)

    asked = guest.open("/account/password")
    wrong = guest.press("Continue", password="not the password")
    page = guest.press("Continue", password=PASSWORD)

    assert asked.heading == "Is it still you?"
    assert wrong.status == 401
    assert (page.url, page.heading) == ("/account/password", "Change your password")
    assert guest.press("Change the password", current=PASSWORD, password=NEW).url == "/account"


def test_a_form_that_grew_old_leads_to_proof_and_back(guest: Browser, clock: Clock) -> None:
    guest.sign_in(factories.account())
    guest.open("/account/password")
    clock.advance(sessions.STEP_UP)

    asked = guest.press("Change the password", current=PASSWORD, password=NEW)

    assert asked.url == "/confirm?next=/account/password"
    assert guest.press("Continue", password=PASSWORD).url == "/account/password"


def test_proof_takes_the_pin_where_the_account_wants_one(guest: Browser, clock: Clock) -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    guest.sign_in(who)
    guest.press("Continue", code=factories.latest_words("pin")["pin"])
    clock.advance(sessions.STEP_UP + timedelta(seconds=1))
    guest.open("/account/password")

    pin = guest.press("Continue", password=PASSWORD)
    page = guest.press("Continue", code=factories.latest_words("pin")["pin"])

    assert pin.url == "/sign-in/pin"
    assert page.url == "/account/password"
    assert factories.sessions_open() == 1


def test_a_mere_seat_does_not_reach_the_account(guest: Browser) -> None:
    who = factories.account()
    own = factories.organisation("Own Academy")
    factories.membership(who, own)
    factories.own_password(who, own)

    assert guest.sign_in(who, OWN_PASSWORD).url == "/home"

    assert guest.open("/account/password").heading == "Is it still you?"
    assert guest.press("Continue", password=OWN_PASSWORD).status == 401
    assert guest.open("/account/sessions").heading == "Is it still you?"
    assert guest.press("Continue", password=PASSWORD).url == "/account/sessions"


def test_proof_does_not_count_for_a_foreign_address(guest: Browser) -> None:
    guest.sign_in(factories.account())

    guest.open("/confirm?next=//evil.example")

    assert guest.press("Continue", password=PASSWORD).url == "/home"


def test_a_proof_that_took_too_long_starts_again_at_home(guest: Browser, clock: Clock) -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    guest.sign_in(who)
    guest.press("Continue", code=factories.latest_words("pin")["pin"])
    clock.advance(sessions.STEP_UP + timedelta(seconds=1))
    guest.open("/account/password")
    guest.press("Continue", password=PASSWORD)
    clock.advance(timedelta(minutes=11))

    page = guest.press("Continue", code="000000")

    assert page.url == "/home"
    assert "That took too long. Start again." in page.text


def test_what_is_missing_is_listed_as_the_fields_stand(guest: Browser) -> None:
    guest.sign_in(factories.account())
    guest.open("/account/password")

    said = guest.press("Change the password").main

    assert said.index("Enter your current password.") < said.index("Enter a new password.")
