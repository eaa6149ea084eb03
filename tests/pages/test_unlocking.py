from collections.abc import Callable

import pytest

from app.models import Account
from tests import factories
from tests.pages.browser import Browser


def test_a_mail_opens_the_lock(guest: Browser) -> None:
    who = _locked(guest)
    guest.press("Unlock by mail")

    page = guest.open(_link())
    assert (who.email or "") in page.text
    done = guest.press("Open the lock")

    assert done.url == "/sign-in"
    assert "The lock is open." in done.text
    assert guest.sign_in(who).url == "/home"


def test_the_code_opens_it_as_well(guest: Browser) -> None:
    who = _locked(guest)
    guest.press("Unlock by mail")

    code = factories.latest_words("unlock")["code"]
    guest.press("Open the lock", identity=who.email or "", code=code)

    assert guest.sign_in(who).url == "/home"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_scanner_that_opens_the_link_opens_no_lock(
    guest: Browser, new_guest: Callable[..., Browser], method: str
) -> None:
    who, scanner = _locked(guest), new_guest()
    guest.press("Unlock by mail")

    assert scanner.send(method, _link()).status_code == 303
    assert scanner.send(method, "/unlock").status_code == 200

    assert guest.sign_in(who).status == 429
    guest.open(_link())
    assert guest.press("Open the lock").url == "/sign-in"


def test_asking_looks_the_same_for_nobody(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    who, other = factories.account(), new_guest()
    guest.open("/unlock")
    other.open("/unlock")

    known = guest.press("Send a new mail", identity=who.email or "")
    unknown = other.press("Send a new mail", identity="nobody@example.org")

    assert known.main == unknown.main
    assert len(factories.mails("unlock")) == 1


def test_a_wrong_code_opens_nothing(guest: Browser) -> None:
    who = _locked(guest)
    guest.press("Unlock by mail")

    empty = guest.press("Open the lock", identity="", code="")
    page = guest.press("Open the lock", identity=who.email or "", code="WRONG-CODE1")

    assert empty.status == 400
    assert page.status == 400
    assert "That code is not right, or too old." in page.text
    assert guest.sign_in(who).status == 429


def test_a_used_link_says_how_to_get_another(guest: Browser) -> None:
    _locked(guest)
    guest.press("Unlock by mail")
    link = _link()
    guest.open(link)
    guest.press("Open the lock")

    page = guest.open(link)

    assert page.status == 410
    assert "Ask for a new mail below." in page.text


def _locked(guest: Browser) -> Account:
    who = factories.account()
    for _ in range(11):
        guest.sign_in(who, "not the password")
    return who


def _link() -> str:
    return "/unlock?ticket=" + factories.ticket_in("unlock")
