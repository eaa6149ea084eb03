from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import exc

from app.errors import Busy
from app.operations import sessions, sign_in
from app.security import hash_gate
from tests import factories
from tests.factories import PASSWORD
from tests.pages.browser import Browser


def test_a_mistyped_address_is_told_kindly(guest: Browser) -> None:
    page = guest.open("/no-such-page")

    assert page.status == 404
    assert page.heading == "There is no such page"
    assert "Request" in page.text


def test_every_error_page_names_its_request(guest: Browser) -> None:
    first, second = guest.open("/no-such-page"), guest.open("/no-such-page")

    assert first.text != second.text


@pytest.mark.parametrize("url", ["/sign-out", "/unlock/send", "/password-strength"])
def test_what_is_only_sent_cannot_be_opened(guest: Browser, url: str) -> None:
    assert guest.open(url).status == 405


def test_too_long_a_form_is_refused(guest: Browser) -> None:
    guest.open("/sign-in")

    page = guest.press("Sign in", identity="a" * 20_000, password=PASSWORD)

    assert page.status == 413
    assert page.heading == "That is too much at once"


def test_a_full_gate_sends_away_at_once(guest: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    who = factories.account()
    guest.open("/sign-in")
    monkeypatch.setattr(hash_gate.Gate, "full", lambda _gate, _client: True)

    page = guest.press("Sign in", identity=who.email or "", password=PASSWORD)

    assert page.status == 503
    assert page.response.headers["Retry-After"] == "1"


def test_a_gate_that_fills_up_meanwhile_keeps_the_form(
    guest: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest.open("/sign-in")

    def refuse(*_: object, **__: object) -> None:
        raise Busy(1)

    monkeypatch.setattr(sign_in, "verify_password", refuse)
    page = guest.press("Sign in", identity="a@example.org", password=PASSWORD)

    assert (page.status, page.heading) == (503, "Sign in")
    assert "The portal is very busy." in page.text


@pytest.mark.parametrize(
    "error", [exc.OperationalError("SELECT", {}, Exception("locked")), exc.TimeoutError()]
)
def test_a_database_that_is_away_is_told_as_such(
    guest: Browser, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    guest.sign_in(factories.account())

    def fail(_bearer: str) -> None:
        raise error

    monkeypatch.setattr(sessions, "find", fail)
    page = guest.open("/home")

    assert page.status == 503
    assert page.heading == "Not just now"
    assert int(page.response.headers["Retry-After"]) > 0
    monkeypatch.undo()
    assert guest.open("/home").url == "/home"


def test_an_accident_tells_nothing_of_itself(
    guest: Browser, portal: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest.sign_in(factories.account())

    def fail(_bearer: str) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr(sessions, "find", fail)
    monkeypatch.setattr(portal, "testing", False)
    page = guest.open("/home")

    assert page.status == 500
    assert page.heading == "Something went wrong"
    assert "the secret inside" not in page.response.text


JUNK = [
    "doorward=junk",
    "doorward=a; doorward=b",
    "=__Host-doorward=x",
    "remember_token=a|\xe9",
    "doorward_device=junk; doorward_choice=<script>",
    "; ".join(f"c{number}=x" for number in range(200)),
]


@pytest.mark.parametrize("cookies", JUNK)
def test_junk_cookies_are_no_session(portal: Flask, cookies: str) -> None:
    guest = Browser(portal)
    guest.client = portal.test_client(use_cookies=False)
    guest.environ["HTTP_COOKIE"] = cookies

    page = guest.open("/home")

    assert page.status == 200
    assert page.heading == "Sign in"


@pytest.mark.parametrize("url", ["/sign-in?next=%ff", "/activate?ticket=%00%ff", "/home?ask=%00"])
def test_addresses_that_are_no_text_are_no_accident(guest: Browser, url: str) -> None:
    assert guest.send("GET", url).status_code in {200, 303}


def test_over_https_cookies_and_headers_are_bound_to_it(
    guest: Browser, change_settings: Callable[..., None]
) -> None:
    assert "Strict-Transport-Security" not in guest.send("GET", "/sign-in").headers
    change_settings(base_url="https://accounts.example.org")

    page = guest.sign_in(factories.account())

    assert page.url == "/home"
    hsts = page.response.headers["Strict-Transport-Security"]
    assert hsts == "max-age=31536000; includeSubDomains"
