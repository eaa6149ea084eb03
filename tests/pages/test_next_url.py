from urllib.parse import quote

import pytest

from app.pages import next_url
from tests import factories
from tests.factories import PASSWORD
from tests.pages.browser import Browser

FOREIGN = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\\/evil.example",
    "https://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "HTTP://evil.example/home",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "home",
    "@evil.example",
    "/%09/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/%0d%0aSet-Cookie:x=1",
    "/\r\nLocation: https://evil.example",
    "/..//evil.example",
    "/.//evil.example",
    "/%2e%2e//evil.example",
    "/home//evil.example",
    "/%2fevil.example",
    "/%5cevil.example",
    "/%252fevil.example",
    "/home/../..",
    " //evil.example",
    " /home",
    "/\u2028/evil.example",
    "/\x00",
    "/%00",
    "http://[",
    "//[::1",
    "/" + "a" * 2_000,
    "",
]


@pytest.mark.parametrize("address", FOREIGN)
def test_a_doubtful_address_is_no_next(address: str) -> None:
    assert next_url.safe(address) is None


@pytest.mark.parametrize("address", ["/", "/home", "/home?ask=1", "/o/x/student/", "/ä", "/a#b"])
def test_a_path_of_our_own_is_a_next(address: str) -> None:
    assert next_url.safe(address) == address


@pytest.mark.parametrize("address", FOREIGN)
def test_signing_in_never_leads_away(guest: Browser, address: str) -> None:
    who = factories.account()
    guest.open(f"/sign-in?next={quote(address)}")

    page = guest.press("Sign in", identity=who.email or "", password=PASSWORD)

    assert page.url == "/home"


def test_a_foreign_next_forgets_the_good_one_before(guest: Browser) -> None:
    who = factories.account()
    guest.open("/account")
    guest.open("/sign-in?next=//evil.example")

    assert guest.press("Sign in", identity=who.email or "", password=PASSWORD).url == "/home"


def test_next_survives_picker_and_pin(guest: Browser) -> None:
    who = factories.account()
    factories.membership(who, factories.organisation("Cy"))
    factories.membership(who, factories.pin_organisation("Careful College"))
    guest.open("/account")

    guest.press("Sign in", identity=who.email or "", password="not the password")
    guest.press("Sign in", identity=who.email or "", password=PASSWORD)
    guest.press("Continue: Careful College")
    guest.press("Continue", code="000000")
    page = guest.press("Continue", code=factories.latest_words("pin")["pin"])

    assert page.url == "/account"


def test_next_does_not_outlive_the_sign_in(guest: Browser) -> None:
    who = factories.account()
    guest.open("/account")
    guest.press("Sign in", identity=who.email or "", password=PASSWORD)
    guest.press("Sign out")

    assert guest.sign_in(who).url == "/home"
