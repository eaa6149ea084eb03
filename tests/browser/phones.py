"""A phone with an authenticator app that is not ours: it scans, and shows codes."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from playwright.sync_api import Locator, Page, expect

from app.clock import now
from app.security import totp
from tests.apps import oathtool_code, read_by_zbar
from tests.browser.people import PASSWORD, Person, enter_pin, press, shows
from tests.mail.servers import Script
from tests.portal_process import mail_to, mails_to, pin_in

OVERVIEW = "/account/second-factor"
APP = f"{OVERVIEW}/app"
CODES = f"{OVERVIEW}/recovery-codes"


@dataclass
class Phone:
    """One account in an authenticator app."""

    secret: str
    label: str = ""
    issuer: str = ""
    used: int = 0

    def code(self) -> str:
        """Return a code that was not used yet; its owner waits for it where there is none."""
        step = max(totp.step_at(now()), self.used + 1)
        while step > totp.step_at(now()) + totp.DRIFT_STEPS:
            time.sleep(0.5)
        self.used = step
        return self.shown_at(step)

    def shown_at(self, step: int) -> str:
        """Return what it shows in one time step."""
        return oathtool_code(self.secret, datetime.fromtimestamp(step * totp.PERIOD_SECONDS, UTC))


def scan(picture: Locator, folder: Path) -> Phone:
    """Point a camera at a picture on the screen."""
    shot = folder / "screen.png"
    picture.screenshot(path=shot)
    uri = urlsplit(read_by_zbar(str(shot)))
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    said = parse_qs(uri.query)
    return Phone(said["secret"][0], unquote(uri.path).removeprefix("/"), said["issuer"][0])


def typed(page: Page) -> Phone:
    """Type the secret that stands below the picture into the phone."""
    return Phone(page.locator("#secret").inner_text().replace(" ", ""))


def begin(page: Page, person: Person, sink: Script) -> None:
    """Go from the overview to the picture; the mail is proven on the way."""
    before = len(mails_to(sink, person.email))
    page.goto(OVERVIEW)
    page.get_by_role("link", name="Set up the authenticator app").click()
    shows(page, "Is it still you?")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Continue")
    shows(page, "Enter the PIN")
    enter_pin(page, pin_in(mail_to(sink, person.email, before + 1)))
    press(page, "Show the QR code")


def enter_code(page: Page, code: str, button: str = "Continue") -> None:
    """Type the app's code; with script the sixth digit sends it, unless there is more to say."""
    sends_itself = page.get_by_text("The sixth digit sends the form.").is_visible()
    page.get_by_label("Code from the app").fill(code)
    if not sends_itself:
        press(page, button)


def confirm(page: Page, phone: Phone) -> list[str]:
    """Enter the first code; return the recovery codes that are shown then."""
    enter_code(page, phone.code(), "Confirm the app")
    shows(page, "Recovery codes")
    return codes_on(page)


def keep(page: Page) -> None:
    """Say that the codes are kept."""
    press(page, "I have kept them")
    shows(page, "The second step")


def set_up(page: Page, person: Person, sink: Script) -> tuple[Phone, list[str]]:
    """Set an app up; return the phone, and the recovery codes that came with it."""
    begin(page, person, sink)
    phone = typed(page)
    paper = confirm(page, phone)
    keep(page)
    return phone, paper


def use_paper(page: Page, code: str) -> None:
    """Answer the second step with a recovery code."""
    page.get_by_role("link", name="Use a recovery code").click()
    page.get_by_label("Recovery code").fill(code)
    press(page, "Continue")


def codes_on(page: Page) -> list[str]:
    items = page.locator("#codes li")
    expect(items).to_have_count(10)
    return items.all_inner_texts()
