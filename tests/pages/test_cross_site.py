import pytest
from flask import Flask

from app import pages
from app.pages import admin
from tests import factories
from tests.factories import PASSWORD
from tests.pages.browser import HOST, Browser, values_of

FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://localhost:81"},
    {"Origin": "https://localhost"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://["},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_another_site_cannot_sign_anybody_in(guest: Browser, headers: dict[str, str]) -> None:
    who = factories.account()
    token = values_of(guest.open("/sign-in").form("Sign in"))["csrf_token"]

    typed = {"identity": who.email, "password": PASSWORD, "csrf_token": token}
    sent = guest.send("POST", "/sign-in", data=typed, headers=headers)

    assert sent.status_code == 403
    assert factories.sessions_open() == 0


@pytest.mark.parametrize("headers", FOREIGN)
def test_another_site_cannot_sign_anybody_out(guest: Browser, headers: dict[str, str]) -> None:
    guest.sign_in(factories.account())
    token = values_of(guest.shown.form("Sign out"))["csrf_token"]

    sent = guest.send("POST", "/sign-out", data={"csrf_token": token}, headers=headers)

    assert sent.status_code == 403
    assert factories.sessions_open() == 1


@pytest.mark.parametrize(
    "headers", [{}, {"Sec-Fetch-Site": "same-origin", "Origin": HOST}, {"Sec-Fetch-Site": "none"}]
)
def test_our_own_pages_can(guest: Browser, headers: dict[str, str]) -> None:
    guest.sign_in(factories.account())
    token = values_of(guest.shown.form("Sign out"))["csrf_token"]

    sent = guest.send("POST", "/sign-out", data={"csrf_token": token}, headers=headers)

    assert sent.status_code == 303


def test_every_post_wants_a_token(guest: Browser, portal: Flask) -> None:
    guest.sign_in(factories.account())
    ours = {blueprint.name for blueprint in pages.BLUEPRINTS} | set(admin.PREFIXES)
    posts = [
        rule
        for rule in portal.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and rule.endpoint.split(".")[0] in ours
    ]

    assert len(posts) > 40
    for rule in posts:
        url = rule.build({name: _some(name) for name in rule.arguments})
        assert url
        for token in (None, "forged"):
            sent = guest.send("POST", url[1], data={"csrf_token": token} if token else {})
            assert sent.status_code == 403, rule
            assert "Load the page again" in sent.text


def test_a_token_of_another_browser_is_refused(guest: Browser, portal: Flask) -> None:
    other = Browser(portal)
    foreign = values_of(other.open("/sign-in").form("Sign in"))["csrf_token"]
    guest.open("/sign-in")
    guest.shown.set("Sign in", "csrf_token", foreign)

    page = guest.press("Sign in", identity="a@example.org", password=PASSWORD)

    assert page.status == 403
    assert page.heading == "Load the page again"
    assert "Go back, load the page again, and repeat what you did." in page.main
    assert "ask whoever runs this" not in page.main


def _some(_name: str) -> str:
    return "6f0c1f7e-3a5c-4a43-9a0b-3b2f0f6f7d11"
