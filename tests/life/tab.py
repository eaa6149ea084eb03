"""One browser over a whole life: what it shows, and what its cookie carries."""

from typing import Any
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from tests.life.sittings import Device, Proof, Sitting, Waiting
from tests.pages.browser import HOST, Browser, Page, values_of

PAGES = {
    "pin": "/sign-in/pin",
    "code": "/sign-in/code",
    "none": "/sign-in/code",  # nothing is asked any more: whoever waits there starts again
    "enrolment": "/sign-in/set-up",
}
CODES = "/account/second-factor/recovery-codes"
FACTOR, APP = "/account/second-factor", "/account/second-factor/app"


class Tab:
    """A browser and what the model thinks of it."""

    def __init__(self, portal: Flask, address: str) -> None:
        self.browser = Browser(portal, address)
        self.device = Device(address)
        self.sitting: Sitting | None = None
        self.proof: Proof | None = None
        self.waiting: Waiting | None = None
        self.by_mail = False
        self.next: str | None = None

    def move(self, portal: Flask) -> None:
        """Talk to another application from now on, with the same cookies."""
        self.browser.app = portal
        self.browser.client.application = portal

    @property
    def cookie(self) -> dict[str, Any]:
        """Return what the portal keeps in this browser's cookie."""
        kept = self.browser.cookie()
        serializer = SecureCookieSessionInterface().get_signing_serializer(self.browser.app)
        assert serializer is not None
        found: dict[str, Any] = serializer.loads(kept) if kept else {}
        return found

    @property
    def shown(self) -> Page:
        return self.browser.shown

    def form(self, action: str, **hidden: str) -> Element | None:
        """Return the form of the page that goes to `action` with these hidden values."""
        forms = [each for each in self.shown.root.iter("form") if each.get("action") == action]
        fitting = [form for form in forms if hidden.items() <= values_of(form).items()]
        return fitting[0] if fitting else None

    def submit(self, form: Element | None, **fields: str) -> Page:
        """Send a form of the page, filled in like that."""
        assert form is not None, f"no such form on {self.shown.url}: {self.shown.main}"
        url = form.attrib["action"]
        headers = {"Origin": HOST, "Referer": urljoin(HOST, self.shown.url)}
        data = {**values_of(form), **fields}
        response = self.browser.send("POST", url, data=data, headers=headers)
        return self.browser._follow(url, response)

    def post(self, path: str, **fields: str) -> Page:
        """Press a button that leads to `path`, wherever it may stand."""
        form = next(iter(self.shown.root.iter("form")))
        token = values_of(form)["csrf_token"]
        headers = {"Origin": HOST, "Referer": urljoin(HOST, self.shown.url)}
        data = {"csrf_token": token, **fields}
        return self.browser._follow(
            path, self.browser.send("POST", path, data=data, headers=headers)
        )

    def codes(self) -> set[str]:
        """Return the recovery codes that the page shows."""
        lists = [each for each in self.shown.root.iter("ol") if each.get("id") == "codes"]
        return {"".join(item.itertext()).strip() for each in lists for item in each.iter("li")}
