"""The pages for changing the address."""

from collections.abc import Callable

import pytest

from app.models import AddressTicket
from app.operations import sessions
from tests import factories
from tests.conftest import Clock
from tests.factories import PASSWORD
from tests.pages.browser import Browser, Page, values_of

NEW = "new@example.org"
LINK = "/account/address/confirm"


def ask(guest: Browser, address: str = NEW) -> Page:
    guest.open("/account/address")
    return guest.press("Send the mail", email=address)


def link() -> str:
    return factories.latest_words("new_address")["link"].removeprefix("http://localhost:8000")


def code() -> str:
    return factories.latest_words("new_address")["code"]


def test_somebody_changes_the_address_by_the_link(guest: Browser) -> None:
    guest.sign_in(factories.account("old@example.org"))

    told = ask(guest)
    assert told.url == "/account/address/check-mail"
    assert NEW in told.main
    shown = guest.open(link())
    done = guest.press("Use this address")

    assert shown.url == LINK
    assert "new@example.org becomes the address of the account o•••@example.org." in shown.main
    assert done.url == "/account"
    assert "Your address is changed. Everywhere else you are signed out." in done.main
    assert NEW in done.main
    [mail] = factories.mails("address_changed")
    assert mail.recipient == "old@example.org"
    assert "Firefox/140.0" in factories.words(mail)["user_agent"]


def test_the_code_does_as_well(guest: Browser) -> None:
    guest.sign_in(factories.account("old@example.org"))
    ask(guest)

    wrong = guest.press("Use this address", code="WRONG-CODE1")
    assert wrong.status == 400
    assert "That code is not right, or too old." in wrong.main
    done = guest.press("Use the new address", code=code().lower())

    assert done.url == "/account"
    assert NEW in done.main


def test_the_link_works_where_nobody_is_signed_in(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    guest.sign_in(factories.account("old@example.org"))
    ask(guest)
    telephone = new_guest()

    telephone.open(link())
    done = telephone.press("Use this address")

    assert done.url == "/sign-in"
    assert "The address is changed. Sign in with it from now on." in done.main
    assert telephone.sign_in(NEW).url == "/home"
    assert guest.open("/home").url.startswith("/sign-in")


def test_in_the_browser_of_somebody_else_only_the_tickets_account_changes(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    guest.sign_in(factories.account("old@example.org"))
    ask(guest)
    other = new_guest()
    other.sign_in(factories.account("other@example.org"))

    other.open(link())
    done = other.press("Use this address")

    assert done.url == "/home"
    assert "other@example.org" in other.open("/account").main
    assert guest.sign_in(NEW).url == "/home"


def test_the_code_works_where_nobody_is_signed_in(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    guest.sign_in(factories.account("old@example.org"))
    ask(guest)
    telephone = new_guest()
    telephone.open(LINK)

    empty = telephone.press("Use the new address", identity="", code="")
    done = telephone.press("Use the new address", identity="old@example.org", code=code())

    assert empty.status == 400
    assert done.url == "/sign-in"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_scanner_that_opens_the_link_changes_nothing(
    guest: Browser, new_guest: Callable[..., Browser], method: str
) -> None:
    guest.sign_in(factories.account("old@example.org"))
    ask(guest)
    scanner = new_guest()

    for _ in range(3):
        assert scanner.send(method, link()).status_code == 303
        assert scanner.send(method, LINK).status_code == 200

    assert "old@example.org" in guest.open("/account").main
    guest.open(link())
    assert guest.press("Use this address").url == "/account"


def test_a_used_link_says_so(guest: Browser) -> None:
    guest.sign_in(factories.account("old@example.org"))
    ask(guest)
    used = link()
    guest.open(used)
    guest.press("Use this address")

    page = guest.open(used)

    assert page.status == 410
    assert "This link is used up or too old." in page.main


def test_an_old_button_says_so(guest: Browser, clock: Clock) -> None:
    guest.sign_in(factories.account("old@example.org"))
    ask(guest)
    guest.open(link())
    clock.advance(AddressTicket.LIFETIME)

    page = guest.press("Use this address")

    assert page.status == 410
    assert factories.mails("address_changed") == []


@pytest.mark.parametrize("taken", [False, True])
def test_a_taken_address_is_answered_like_a_free_one(guest: Browser, taken: bool) -> None:  # noqa: FBT001
    if taken:
        factories.account(NEW)
    guest.sign_in(factories.account("old@example.org"))

    page = ask(guest)

    assert page.url == "/account/address/check-mail"
    assert f"A mail is on its way to {NEW}." in page.main
    assert f"{NEW} waits to be confirmed." in guest.open("/account/address").main
    assert f"{NEW} waits to be confirmed." in guest.open("/account").main
    [mail] = [mail for mail in factories.mails() if mail.recipient == NEW]
    assert mail.kind == ("already_registered" if taken else "new_address")


@pytest.mark.parametrize(
    ("address", "status", "sentence"),
    [
        ("", 400, "Enter your e-mail address."),
        ("nowhere", 400, "This is not an e-mail address that mail can be sent to."),
        ("old@example.org", 409, "That is your address already."),
    ],
)
def test_what_cannot_be_the_new_address_is_said(
    guest: Browser, address: str, status: int, sentence: str
) -> None:
    guest.sign_in(factories.account("old@example.org"))

    page = ask(guest, address)

    assert page.status == status
    assert sentence in page.main


def test_a_request_can_be_withdrawn(guest: Browser) -> None:
    guest.sign_in(factories.account("old@example.org"))
    ask(guest)
    used = link()

    page = guest.press("Leave the address as it is")

    assert "Your address stays as it is." in page.main
    assert "waits" not in page.main
    assert guest.open(used).status == 410


def test_too_many_requests_say_why_there_is_no_mail(guest: Browser) -> None:
    guest.sign_in(factories.account("old@example.org"))
    for number in range(5):
        ask(guest, f"own{number}@example.org")
    guest.press("Leave the address as it is")

    page = ask(guest)

    assert page.url == "/account"
    assert "Too many mails may have been asked for." in page.main


def test_a_generic_account_adds_its_first_address(guest: Browser) -> None:
    guest.sign_in(factories.account(None, username="generic"))
    guest.open("/account")

    shown = guest.click("Add an address")
    ask(guest)
    guest.open(link())
    whose = guest.shown.main
    done = guest.press("Use this address")

    assert shown.heading == "Add an address"
    assert "the account g•••" in whose
    assert NEW in done.main


def test_asking_and_only_asking_takes_a_fresh_proof(guest: Browser, clock: Clock) -> None:
    guest.sign_in(factories.account("old@example.org"))
    guest.open("/account/address")
    clock.advance(sessions.STEP_UP)

    asked = guest.press("Send the mail", email=NEW)

    assert asked.url == "/confirm?next=/account/address"
    assert factories.mails("new_address") == []
    assert guest.press("Continue", password=PASSWORD).url == "/account/address"
    guest.press("Send the mail", email=NEW)
    clock.advance(sessions.STEP_UP)
    assert guest.open("/account/address/check-mail").status == 200


def test_no_button_works_without_its_token(guest: Browser) -> None:
    guest.sign_in(factories.account("old@example.org"))
    ask(guest)

    for path in ("/account/address", "/account/address/withdraw", LINK):
        assert guest.send("POST", path, data={"email": "eve@example.org"}).status_code == 403


def test_the_ticket_stands_in_no_address_and_no_page(guest: Browser) -> None:
    guest.sign_in(factories.account("old@example.org"))
    ask(guest)
    ticket = factories.ticket_in("new_address")

    shown = guest.open(link())

    assert ticket not in shown.url + shown.response.text
    assert set(values_of(shown.form("Use this address"))) == {"csrf_token"}
