from collections.abc import Callable
from datetime import timedelta

import pytest

from app.models import ActivationTicket
from tests import factories
from tests.conftest import Clock
from tests.pages.browser import Browser, Page, values_of

GOOD = "seven quiet herons"
BAD = "eight loud herons"


def test_somebody_registers_and_follows_the_link(guest: Browser) -> None:
    told = _register(guest)
    assert told.url == "/register/check-mail"
    assert "ann@example.org" in told.text

    shown = guest.open(_link())
    assert shown.url == "/activate"
    done = guest.press("Confirm the address")
    home = guest.sign_in("ann@example.org", GOOD)

    assert "Your address is confirmed. You can sign in now." in done.text
    assert done.url == "/sign-in"
    assert home.url == "/home"
    assert "Ann Smith" in home.text


def test_the_code_of_the_mail_does_as_well(guest: Browser) -> None:
    _register(guest)
    code = factories.latest_words("activation")["code"]

    page = guest.press("Confirm the address", code=code.lower().replace("-", " "))

    assert "You can sign in now." in page.text


def test_a_wrong_code_can_be_corrected(guest: Browser) -> None:
    _register(guest)

    page = guest.press("Confirm the address", code="WRONG-CODE1")
    assert page.status == 400
    assert "That code is not right, or too old." in page.text

    code = factories.latest_words("activation")["code"]
    assert "You can sign in now." in guest.press("Confirm the address", code=code).text


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_scanner_that_opens_the_link_spends_nothing(
    guest: Browser, new_guest: Callable[..., Browser], method: str
) -> None:
    _register(guest)
    scanner = new_guest()

    for _ in range(3):
        assert scanner.send(method, _link()).status_code == 303
        assert scanner.send(method, "/activate").status_code == 200
    guest.open(_link())

    assert "You can sign in now." in guest.press("Confirm the address").text


def test_another_browser_gives_the_password_that_was_chosen(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    _register(guest)
    elsewhere = new_guest()

    shown = elsewhere.open(_link())
    assert "was not registered in this browser" in shown.text
    assert shown.link("Set a password by mail") == "/forgotten"
    wrong = elsewhere.press("Confirm the address", password=BAD)
    assert wrong.status == 401
    assert "That is not the right password." in wrong.text

    done = elsewhere.press("Confirm the address", password=GOOD)
    assert "You can sign in now." in done.text
    assert elsewhere.sign_in("ann@example.org", GOOD).url == "/home"


def test_a_button_alone_does_nothing_in_another_browser(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    _register(guest)
    elsewhere = new_guest()
    elsewhere.open(_link())

    token = values_of(elsewhere.shown.form("Confirm the address"))["csrf_token"]
    sent = elsewhere.send("POST", "/activate", data={"csrf_token": token})

    assert sent.headers["Location"] == "/activate"
    assert "do not match" in guest.sign_in("ann@example.org", GOOD).text


def test_the_code_asks_another_browser_for_the_password_too(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    _register(guest)
    code, elsewhere = factories.latest_words("activation")["code"], new_guest()
    elsewhere.open("/activate")

    shown = elsewhere.press("Confirm the address", identity="ann@example.org", code=code)
    done = elsewhere.press("Confirm the address", password=GOOD)

    assert "was not registered in this browser" in shown.text
    assert "You can sign in now." in done.text


def test_the_fifth_wrong_password_ends_the_link(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    _register(guest)
    elsewhere = new_guest()
    elsewhere.open(_link())

    pages = [elsewhere.press("Confirm the address", password=BAD) for _ in range(5)]

    assert [page.status for page in pages] == [401, 401, 401, 401, 410]
    assert guest.open(_link()).status == 410


def test_a_password_is_wanted_before_it_is_compared(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    _register(guest)
    elsewhere = new_guest()
    elsewhere.open(_link())

    page = elsewhere.press("Confirm the address")

    assert page.status == 400
    assert "Enter your password." in page.text


def test_whoever_registers_twice_in_two_browsers_presses_the_button_in_the_later(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    later = new_guest()
    _register(guest)
    _register(later)

    assert "was not registered in this browser" in guest.open(_link()).text
    later.open(_link())

    assert "You can sign in now." in later.press("Confirm the address").text


def test_a_prepared_account_without_a_password_is_led_to_one(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    factories.account("ann@example.org", password=None, activated=False)
    _register(new_guest())

    shown = guest.open(_link())
    led = guest.press("Confirm the address")
    done = guest.press("Set the password", password=BAD)

    assert "Then you choose a password." in shown.text
    assert led.url == "/reset"
    assert "Your address is confirmed. Choose a password now." in led.text
    assert done.url == "/sign-in"
    assert guest.sign_in("ann@example.org", BAD).url == "/home"


def test_a_prepared_account_keeps_the_password_it_was_given(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    factories.account("ann@example.org", activated=False)
    told = _register(new_guest())

    guest.open(_link())
    done = guest.press("Confirm the address")

    assert told.url == "/register/check-mail"
    assert "You can sign in now." in done.text
    assert guest.sign_in("ann@example.org").url == "/home"


def test_the_ticket_leaves_the_address_at_once(guest: Browser) -> None:
    _register(guest)

    sent = guest.send("GET", _link())

    assert sent.headers["Location"] == "/activate"
    assert factories.ticket_in("activation") not in sent.text


def test_a_link_works_once_and_says_how_to_go_on(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    _register(guest)
    link, late = _link(), new_guest()
    guest.open(link)
    guest.press("Confirm the address")

    page = late.open(link)

    assert page.status == 410
    assert "This link is used up or too old." in page.text
    assert page.link("Register again") == "/register"


def test_a_ticket_that_ran_out_is_refused(guest: Browser, clock: Clock) -> None:
    _register(guest)
    guest.open(_link())
    clock.advance(ActivationTicket.LIFETIME + timedelta(seconds=1))

    assert guest.press("Confirm the address").status == 410


@pytest.mark.parametrize("activated", [True, False])
def test_a_taken_address_is_answered_alike(
    guest: Browser, new_guest: Callable[..., Browser], *, activated: bool
) -> None:
    factories.account("ann@example.org", activated=activated)
    fresh = _register(new_guest(), "new@example.org")

    taken = _register(guest)

    assert taken.main.replace("ann@", "new@") == fresh.main
    kinds = sorted(mail.kind for mail in factories.mails())
    assert kinds == ["activation", "already_registered" if activated else "activation"]


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("short", "Use at least 8 characters."),
        ("p" * 129, "Use at most 128 characters."),
        ("password1", "Too many people use this password."),
        ("ann.smith1", "It is made of your name, your address or the portal's name."),
        ("nul\0in the middle", "There is a character in it that cannot be used."),
    ],
)
def test_a_bad_password_is_refused_with_the_reason(
    guest: Browser, password: str, sentence: str
) -> None:
    guest.open("/register")

    page = guest.press(
        "Register", email="ann.smith@example.org", name="Ann Smith", password=password
    )

    assert page.status == 400
    assert sentence in page.text
    assert not factories.mails()


@pytest.mark.parametrize("address", ["no address", "ann@", "@example.org", "a b@example.org"])
def test_what_is_no_address_is_refused(guest: Browser, address: str) -> None:
    page = _register(guest, address)

    assert page.status == 400
    assert "This is not an e-mail address" in page.text


def test_where_people_are_invited_nobody_registers(
    guest: Browser, change_settings: Callable[..., None]
) -> None:
    guest.open("/register")
    change_settings(registration="invited")

    page = guest.press("Register", email="ann@example.org", name="Ann", password=GOOD)

    assert page.heading == "Joining is by invitation"
    assert page.status == 403
    assert guest.open("/register").heading == "Joining is by invitation"
    assert not factories.mails()


def test_check_mail_without_a_registration_leads_there(guest: Browser) -> None:
    assert guest.open("/register/check-mail").url == "/register"


def _register(guest: Browser, email: str = "ann@example.org") -> Page:
    guest.open("/register")
    return guest.press("Register", email=email, name="Ann Smith", password=GOOD)


def _link() -> str:
    return "/activate?ticket=" + factories.ticket_in("activation")
