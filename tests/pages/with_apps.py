"""What tests of the second step do again and again in a browser."""

from datetime import timedelta

from app.models import Account
from tests import factories
from tests.apps import code_of
from tests.conftest import Clock
from tests.factories import PASSWORD
from tests.pages.browser import Browser, Page, text_of

STEP = timedelta(seconds=30)
MINUTE = timedelta(minutes=1)
OVERVIEW = "/account/second-factor"
APP = f"{OVERVIEW}/app"
CODES = f"{OVERVIEW}/recovery-codes"


def owner(guest: Browser, clock: Clock, who: Account | None = None) -> tuple[Account, str]:
    """Sign somebody in who has an app; return who, and the app's secret."""
    who = who or factories.account()
    secret = factories.app_of(who)
    guest.sign_in(who)
    guest.press("Continue", code=code_of(secret))
    clock.advance(STEP)  # so that the app's next code is new
    return who, secret


def pin() -> str:
    return factories.latest_words("pin")["pin"]


def confirmed_by_mail(guest: Browser) -> Page:
    """Answer the password and the PIN that a first factor asks for."""
    guest.press("Continue", password=PASSWORD)
    return guest.press("Continue", code=pin())


def secret_on(page: Page) -> str:
    """Return the app's secret that stands below the picture."""
    return text_of(page.root.findall(".//code")[0]).replace(" ", "")


def codes_on(page: Page) -> list[str]:
    """Return the recovery codes that a page shows."""
    lists = [each for each in page.root.iter("ol") if each.get("id") == "codes"]
    return [text_of(item) for each in lists for item in each.iter("li")]


def new_codes(guest: Browser) -> list[str]:
    """Make a new set of recovery codes and keep them."""
    guest.open(CODES)
    codes = codes_on(guest.press("Make new codes"))
    guest.press("I have kept them")
    return codes
