"""What a directory has is changed there: the pages say so, and change nothing."""

from collections.abc import Callable

import pytest
from flask import Flask

from app.operations import accounts
from tests import factories, slapd
from tests.pages.browser import HOST, Browser, values_of
from tests.slapd import Slapd

MAIL, ANNS = "person001@school.example", slapd.password_of("person001")
Ask = Callable[..., None]
pytestmark = pytest.mark.usefixtures("asks_directory")


@pytest.fixture
def browser(portal: Flask) -> Browser:
    """Return a browser in which somebody of the directory is signed in."""
    here = Browser(portal)
    here.sign_in(MAIL, ANNS)
    assert here.shown.url == "/home"
    return here


def test_the_account_says_where_its_password_is(browser: Browser, asks_directory: Ask) -> None:
    asks_directory(name="the staff directory", password_url="https://staff.example/password")
    page = browser.open("/account")
    assert "In the staff directory" in page.text
    assert page.link("Change the password there") == "https://staff.example/password"
    assert "Change the address" not in page.text


@pytest.mark.parametrize("path", ["password", "address", "name", "username"])
def test_what_is_changed_there_is_not_changed_here(browser: Browser, path: str) -> None:
    page = browser.open(f"/account/{path}")
    assert (page.status, page.heading) == (200, "Changed elsewhere")
    token = values_of(page.form("Sign out"))["csrf_token"]
    fields = {"csrf_token": token, "name": "X", "username": "other"}
    headers = {"Origin": HOST, "Referer": f"{HOST}/account"}
    answered = browser.send("POST", f"/account/{path}", data=fields, headers=headers)
    assert answered.status_code == 409
    who = accounts.find(MAIL)
    assert who is not None
    assert (who.name, who.username) == ("Person 1", "person001")


def test_who_forgot_it_is_mailed_where_it_is_changed(browser: Browser) -> None:
    browser.press("Sign out")
    browser.open("/forgotten")
    browser.press("Send the mail", identity=MAIL)
    assert factories.mails("password_in_directory")
    assert not factories.mails("reset")


def test_a_sign_in_that_was_somebody_else_s_is_reported(browser: Browser) -> None:
    thief = Browser(browser.app, "203.0.113.77", "curl/8.0")
    thief.sign_in(MAIL, ANNS)
    assert factories.sessions_open() == 2
    other = Browser(browser.app)
    other.open(f"/not-me?ticket={factories.not_me_in('new_device')}")
    page = other.press("This was not me")
    assert page.url == "/sign-in"
    assert "change your password in your organisation" in page.text
    assert factories.sessions_open() == 1


def test_who_is_gone_and_confirms_is_signed_out(portal: Flask, directory: Slapd) -> None:
    here = Browser(portal)
    with directory.having("zoe"):
        here.sign_in("zoe", slapd.password_of("zoe"))
        page = here.open("/confirm")
        assert page.status == 200
    page = here.press("Continue", password=slapd.password_of("zoe"))
    assert page.url == "/sign-in"
    assert factories.sessions_open() == 0
