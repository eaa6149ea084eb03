"""What tests of the pages of passkeys do again and again: be a browser that knows passkeys."""

from typing import Any

from sqlalchemy import select

from app import db
from app.models import Account, Passkey
from tests import factories
from tests.authenticator import Authenticator
from tests.factories import PASSWORD
from tests.pages.browser import HOST, Browser, Page, values_of

MINE = "/account/second-factor/passkeys"


def owner(**holder: Any) -> tuple[Account, Authenticator]:
    who = factories.account()
    return who, factories.passkey_of(who, Authenticator(**holder))


def options(guest: Browser, url: str) -> dict[str, Any]:
    """Ask as the page's script does."""
    answer = ask(guest, url)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    found: dict[str, Any] = answer.get_json()
    return found


def ask(guest: Browser, url: str, **headers: str) -> Any:
    token = values_of(next(guest.shown.root.iter("form")))["csrf_token"]
    return guest.send("POST", url, headers={"Origin": HOST, "X-CSRFToken": token, **headers})


def place_of(guest: Browser) -> dict[str, str]:
    """Return what the page's script finds on the element that it starts at."""
    [found] = [each for each in guest.shown.root.iter("div") if each.get("data-passkey")]
    return {str(name): value for name, value in found.attrib.items()}


def used(guest: Browser, holder: Authenticator, button: str, **fields: str) -> Page:
    credential = holder.use(options(guest, place_of(guest)["data-options"]))
    return guest.press(button, code=credential, **fields)


def signed_in(guest: Browser, holder: Authenticator) -> Page:
    guest.open("/sign-in")
    return used(guest, holder, "Sign in with a passkey")


def proved(guest: Browser, who: Account) -> None:
    """Sign in and prove the mail too, as the first factor of an account needs."""
    guest.sign_in(who)
    guest.open(f"{MINE}/add")
    guest.press("Continue", password=PASSWORD)
    guest.press("Continue", code=factories.latest_words("pin")["pin"])


def added(guest: Browser, name: str = "Blue key", **holder: Any) -> Authenticator:
    made = Authenticator(**holder)
    guest.open(f"{MINE}/add")
    credential = made.make(options(guest, place_of(guest)["data-options"]))
    guest.press("Make the passkey", name=name, code=credential)
    return made


def only(who: Account) -> Passkey:
    db.session().rollback()
    return db.session().scalars(select(Passkey).where(Passkey.account_id == who.id)).one()
