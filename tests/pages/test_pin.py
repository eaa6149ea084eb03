from datetime import timedelta

import pytest

from app.models import Account, EmailedPin, Role
from tests import factories
from tests.conftest import Clock
from tests.pages.browser import Browser


def test_a_pin_that_was_mailed_opens_the_seat(guest: Browser) -> None:
    page = guest.sign_in(_student())
    assert page.url == "/sign-in/pin"
    assert "j•••@example.org" in page.text
    assert "Careful College" in page.text

    home = guest.press("Continue", code=_pin())

    assert home.url == "/home"
    assert "Open now" in home.card("Careful College")


def test_the_field_asks_the_device_for_the_code(guest: Browser) -> None:
    page = guest.sign_in(_student())

    [field] = [each for each in page.root.iter("input") if each.get("name") == "code"]

    assert field.attrib["autocomplete"] == "one-time-code"
    assert field.attrib["inputmode"] == "numeric"


@pytest.mark.parametrize("between", [" ", "-", "\u00a0"])
def test_blanks_and_hyphens_in_a_pin_do_not_matter(guest: Browser, between: str) -> None:
    guest.sign_in(_student())
    pin = _pin()

    assert guest.press("Continue", code=f" {pin[:3]}{between}{pin[3:]} ").url == "/home"


@pytest.mark.parametrize(
    "code", ["12345", "1234567", "abcdef", "\uff11" * 6, "\u0967" * 6, "12 34"]
)
def test_only_six_digits_are_a_pin(guest: Browser, code: str) -> None:
    guest.sign_in(_student())

    page = guest.press("Continue", code=code)

    assert page.status == 400
    assert "The PIN is six digits." in page.text


def test_a_wrong_pin_is_refused_and_the_right_one_still_works(guest: Browser) -> None:
    guest.sign_in(_student())

    wrong = guest.press("Continue", code=_wrong())

    assert wrong.status == 401
    assert "Those digits are not right." in wrong.text
    assert guest.press("Continue", code=_pin()).url == "/home"


def test_after_five_wrong_pins_one_starts_again(guest: Browser) -> None:
    guest.sign_in(_student())
    for _ in range(5):
        guest.press("Continue", code=_wrong())

    page = guest.press("Continue", code=_pin())

    assert page.url == "/sign-in"
    assert "That took too long. Sign in again." in page.text
    assert factories.sessions_open() == 0


def test_after_ten_wrong_pins_one_has_to_wait(guest: Browser) -> None:
    who = _student()
    for _ in range(2):
        guest.sign_in(who)
        for _ in range(5):
            guest.press("Continue", code=_wrong())
    guest.sign_in(who)

    page = guest.press("Continue", code=_pin())

    assert page.status == 429
    assert "Too many wrong tries. Try again in 1 hour." in page.text


def test_reloading_sends_nothing(guest: Browser) -> None:
    guest.sign_in(_student())

    guest.open("/sign-in/pin")
    guest.open("/sign-in/pin")

    assert len(factories.mails("pin")) == 1


def test_another_pin_can_be_sent_after_a_minute(guest: Browser, clock: Clock) -> None:
    guest.sign_in(_student())
    old = _pin()
    soon = guest.press("Send again")
    clock.advance(timedelta(seconds=61))

    page = guest.press("Send again")

    assert soon.status == 429
    assert "Another can be sent in" in soon.text
    assert "A new PIN is on its way." in page.text
    clock.advance(timedelta(seconds=1))
    new = factories.words(factories.mails("pin")[-1])["pin"]
    assert old == new or guest.press("Continue", code=old).status == 401
    assert guest.press("Continue", code=new).url == "/home"


def test_a_late_pin_is_too_late(guest: Browser, clock: Clock) -> None:
    guest.sign_in(_student())
    clock.advance(EmailedPin.LIFETIME)

    page = guest.press("Continue", code=_pin())

    assert page.url == "/sign-in"
    assert factories.sessions_open() == 0


def test_without_a_handle_there_is_no_pin_page(guest: Browser) -> None:
    page = guest.open("/sign-in/pin")

    assert page.url == "/sign-in"


def test_signing_out_half_way_is_not_signed_in(guest: Browser) -> None:
    guest.sign_in(_student())
    pin, kept = _pin(), guest.shown
    guest.open("/home")
    assert guest.shown.url.startswith("/sign-in")

    guest.page = kept
    assert guest.press("Continue", code=pin).url == "/home"


def _student() -> Account:
    who = factories.account("jane@example.org")
    factories.membership(who, factories.pin_organisation("Careful College"), Role.STUDENT)
    return who


def _pin() -> str:
    return factories.latest_words("pin")["pin"]


def _wrong() -> str:
    return f"{(int(_pin()) + 1) % 1_000_000:06}"
