"""A browser without a screen that looks closely at every page it is shown.

It keeps cookies, follows redirects, fills forms that it finds on the page (so that every token
in them is real) and checks what must hold for all pages.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit
from xml.etree.ElementTree import Element

import html5lib
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import config, db
from app.models import Account
from tests.factories import PASSWORD

FIREFOX = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
HOST = "http://localhost"
HARMLESS = {"next", "ask", "v", "kind", "before"}  # what the query of an address on a page may hold
LISTS = {"days", "q", "organisation", "role", "state", "sort", "after", "at", "act", "who"}
LISTS |= {"whom", "by", "what", "interface", "since", "until"}  # of the audit log
MOST_REDIRECTS = 6
POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "object-src 'none'",
}


@dataclass
class Page:
    """One page, as it was shown."""

    response: TestResponse
    url: str
    root: Element

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def heading(self) -> str:
        return text_of(self.root.findall(".//h1")[0])

    @property
    def text(self) -> str:
        return text_of(self.root.findall(".//body")[0])

    @property
    def main(self) -> str:
        return text_of(self.root.findall(".//main")[0])

    @property
    def cards(self) -> list[Element]:
        return self.root.findall(".//article")

    @property
    def places(self) -> list[str]:
        """Return what the cards are called, in their order."""
        return [text_of(heading) for card in self.cards for heading in card.iter("h2")]

    def card(self, *words: str) -> str:
        """Return the text of the one card that says all these words."""
        [found] = [text_of(each) for each in self.cards if all(w in text_of(each) for w in words)]
        return found

    def form(self, button: str) -> Element:
        """Return the form with a button that starts with these words."""
        fitting = [
            form
            for form in self.root.iter("form")
            if any(text_of(each).startswith(button) for each in form.iter("button"))
        ]
        assert fitting, f"no button {button!r} on {self.url}: {self.main}"
        return fitting[0]

    def set(self, button: str, name: str, value: str) -> None:
        """Change a hidden field, as only a forger would."""
        [field] = [e for e in self.form(button).iter("input") if e.get("name") == name]
        field.set("value", value)

    def link(self, words: str) -> str:
        """Return where the link that starts with these words leads."""
        fitting = [each for each in self.root.iter("a") if text_of(each).startswith(words)]
        assert fitting, f"no link {words!r} on {self.url}: {self.main}"
        return fitting[0].attrib["href"]


class Browser:
    """One browser, with its own cookies, at its own address."""

    def __init__(self, app: Flask, address: str = "192.0.2.1", user_agent: str = FIREFOX) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        self.environ = {"REMOTE_ADDR": address, "HTTP_USER_AGENT": user_agent}
        self.page: Page | None = None

    @property
    def shown(self) -> Page:
        assert self.page is not None, "nothing was opened yet"
        return self.page

    def send(self, method: str, url: str, **options: Any) -> TestResponse:
        """Send one request and return the answer, whatever it is.

        Each has an application context of its own, as on a server: nothing is left in `g`, and
        no row that the test holds is the portal's.
        """
        db.session().rollback()
        with self.app.app_context():
            response = self.client.open(
                url, method=method, base_url=HOST, environ_overrides=self.environ, **options
            )
        db.session().rollback()
        return response

    def open(self, url: str) -> Page:
        """Open an address and follow it to a page."""
        return self._follow(url, self.send("GET", url))

    def click(self, link: str) -> Page:
        """Follow a link of the page."""
        return self.open(self.shown.link(link))

    def press(self, button: str, **fields: str) -> Page:
        """Fill in the form that this button belongs to, and press it."""
        form = self.shown.form(button)
        filled = values_of(form)
        unknown = set(fields) - set(names_of(form))
        assert not unknown, f"no field {unknown} beside {button!r}"
        url = form.attrib["action"]
        headers = {"Origin": HOST, "Referer": urljoin(HOST, self.shown.url)}
        sent = self.send("POST", url, data={**filled, **fields}, headers=headers)
        assert sent.status_code == 303 or sent.status_code >= 400, "a POST redirects or refuses"
        return self._follow(url, sent)

    def ask(self, button: str, **fields: str | list[str]) -> Page:
        """Fill in a form that only asks (a search), and press its button."""
        form = self.shown.form(button)
        assert form.attrib["method"] == "get"
        unknown = set(fields) - set(names_of(form))
        assert not unknown, f"no field {unknown} beside {button!r}"
        query = urlencode({**values_of(form), **fields}, doseq=True)
        return self.open(f"{form.attrib['action']}?{query}")

    def sign_in(self, who: Account | str, password: str = PASSWORD, **fields: str) -> Page:
        """Sign in as far as the password leads."""
        identity = who if isinstance(who, str) else who.email or who.username or ""
        self.open("/sign-in")
        return self.press("Sign in", identity=identity, password=password, **fields)

    def cookie(self, name: str = "doorward") -> str | None:
        found = self.client.get_cookie(name)
        return found.value if found else None

    def _follow(self, url: str, response: TestResponse) -> Page:
        for _ in range(MOST_REDIRECTS):
            check_headers(response)
            if response.status_code not in {301, 302, 303, 308}:
                self.page = checked(url, response)
                return self.page
            url = urljoin(url, response.headers["Location"])
            assert url.startswith("/"), f"led to another host: {url}"
            check_address(url)
            response = self.send("GET", url)
        raise AssertionError(f"redirected in circles: {url}")


def text_of(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def names_of(form: Element) -> list[str]:
    controls = [*form.iter("input"), *form.iter("select"), *form.iter("textarea")]
    return [each.attrib["name"] for each in controls if "name" in each.attrib]


def values_of(form: Element) -> dict[str, str]:
    """Return what the form would send if nobody touched it."""
    inputs = [each for each in form.iter("input") if "name" in each.attrib]
    ticked = [
        each
        for each in inputs
        if each.get("type") not in {"checkbox", "radio"} or "checked" in each.attrib
    ]
    selects = {each.attrib["name"]: _selected(each) for each in form.iter("select")}
    return {each.attrib["name"]: each.get("value", "") for each in ticked} | selects


def _selected(select: Element) -> str:
    options = list(select.iter("option"))
    chosen = [each for each in options if "selected" in each.attrib]
    return (chosen or options)[0].get("value", "")


def checked(url: str, response: TestResponse) -> Page:
    """Look at a page closely, and return it."""
    assert response.mimetype == "text/html"
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    root = parser.parse(response.text)
    page = Page(response, url, root)
    check_heading(page)
    check_controls(root)
    check_nothing_inline(root)
    check_addresses(root)
    return page


def check_heading(page: Page) -> None:
    assert len(page.root.findall(".//h1")) == 1
    title = text_of(page.root.findall(".//title")[0])
    assert page.heading
    assert title.startswith(page.heading)


def check_controls(root: Element) -> None:
    ids = Counter(each.attrib["id"] for each in root.iter() if "id" in each.attrib)
    assert not [name for name, count in ids.items() if count > 1], "an id twice"
    labelled = {each.get("for") for each in root.iter("label")}
    for control in [*root.iter("input"), *root.iter("select"), *root.iter("textarea")]:
        named = control.get("id") in labelled or control.get("aria-label")
        assert named or control.get("type") == "hidden", f"no label: {control.attrib}"
    for each in root.iter():
        for reference in ("aria-describedby", "aria-controls", "for"):
            for name in each.get(reference, "").split():
                assert name in ids, f"{reference} names {name}, which is not there"
    for form in root.iter("form"):
        assert form.attrib["method"] in {"post", "get"}
        # A token in an address would be told to whoever reads it; what only asks needs none.
        assert ("csrf_token" in values_of(form)) == (form.attrib["method"] == "post")


def check_nothing_inline(root: Element) -> None:
    assert not list(root.iter("style"))
    for script in root.iter("script"):
        assert script.get("src")
        assert not (script.text or "").strip()
    for each in root.iter():
        told = [name for name in each.attrib if str(name).startswith("on") or name == "style"]
        assert not told, f"inline {told} on {each.tag}"


def check_addresses(root: Element) -> None:
    for each in root.iter():
        for name in ("href", "src", "action"):
            if name in each.attrib:
                check_address(each.attrib[name])


def check_address(url: str) -> None:
    """No secret in any address; and none leads to another host, but to where settings say."""
    directory = config.current().directory
    if directory is not None and url == directory.password_url:
        return
    parts = urlsplit(url)
    assert parts.scheme in {"", "mailto"}
    assert not parts.netloc
    harmless = HARMLESS | LISTS if "/admin/" in parts.path else HARMLESS
    assert set(parse_qs(parts.query)) <= harmless, f"what is that in {url}?"


def check_headers(response: TestResponse) -> None:
    headers = response.headers
    assert set(headers["Content-Security-Policy"].split("; ")) == POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["Pragma"] == "no-cache"
    assert "Cookie" in headers["Vary"]
    if response.status_code in {429, 503}:
        assert int(headers["Retry-After"]) > 0
    for cookie in headers.getlist("Set-Cookie"):
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie
        assert len(cookie) < 4096
