import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app import db
from app.clock import now
from app.models import Account, Interface, NotMeTicket, Passkey, Role, Session, TotpDevice
from app.operations import news
from app.operations.visitor import Visitor
from app.security.identities import address_key
from tests import factories
from tests.conftest import Clock
from tests.factories import PASSWORD
from tests.pages.browser import Browser, text_of, values_of

THIEF = Visitor(Interface.ROCKETCHAT, "203.0.113.66", "okhttp/4.9")
BUTTON = "This was not me"
STAYS = "look through your second step, and take away what is not yours"
NEW = "a fresh start at last"


def test_a_sign_in_that_was_not_mine_ends_and_leads_to_a_new_password(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    who, thief, elsewhere = factories.account(), new_guest(), new_guest("192.0.2.77")
    guest.sign_in(who)
    thief.sign_in(who)

    page = elsewhere.open(link("new_device"))
    assert page.url == "/not-me"
    assert (who.email or "") in page.text
    assert "The sign-in with Firefox on Ubuntu ends." in page.main
    assert "You choose a new password." in page.main
    page = elsewhere.press(BUTTON)

    assert page.url == "/reset"
    assert "Done. Now set a new password" in page.text
    assert thief.open("/home").url.startswith("/sign-in")
    assert guest.open("/home").url == "/home"
    page = elsewhere.press("Set the password", password=NEW)
    assert page.url == "/sign-in"
    assert elsewhere.open("/home").url.startswith("/sign-in")
    assert elsewhere.sign_in(who, PASSWORD).status == 401
    assert elsewhere.sign_in(who, NEW).url == "/home"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_scanner_that_opens_the_link_changes_nothing(
    guest: Browser, new_guest: Callable[..., Browser], method: str
) -> None:
    who, thief, scanner = factories.account(), new_guest(), new_guest()
    guest.sign_in(who)
    thief.sign_in(who)

    assert scanner.send(method, link("new_device")).status_code == 303
    assert scanner.send(method, "/not-me").status_code == 200

    assert thief.open("/home").url == "/home"
    assert count(NotMeTicket) == 1
    guest.open(link("new_device"))
    assert guest.press(BUTTON).url == "/reset"


def test_the_page_says_all_that_will_happen(guest: Browser) -> None:
    who, place = factories.account("ann@example.org"), factories.organisation("Acme & Sons")
    factories.membership(who, place)
    factories.app_of(who)
    app = db.session().scalars(select(TotpDevice.id)).one()
    key = Passkey(account_id=who.id, credential_id="c", public_key=b"", name="Blue key")
    factories.saved(key)
    named = {"organisation_id": place.id, "former_email": "old@example.org", "passkey_id": key.id}
    who.removal_due_at = now() + timedelta(days=7)
    db.session().commit()
    told(who, "address_changed", **named, totp_device_id=app)

    page = guest.open(link("address_changed"))

    items = [text_of(each) for each in page.root.findall(".//main//li")]
    assert items == [
        "Everywhere that this account is signed in, it is signed out.",
        "Its address is old@example.org again.",
        "The authenticator app that was added is taken away.",
        "The passkey “Blue key” that was added is taken away.",
        "The account is not removed.",
        "No device is known or trusted any more.",
        "Those who administer the account are told.",
        "You choose a new password for Acme & Sons.",
    ]
    assert "For the account of old@example.org." in page.main
    assert STAYS not in page.main


@pytest.mark.parametrize("what", ["app", "passkey"])
def test_what_stays_beside_is_to_be_looked_through(guest: Browser, what: str) -> None:
    who = factories.account()
    key = Passkey(account_id=who.id, credential_id="c", public_key=b"", name="Blue key")
    factories.saved(key)
    told(who, passkey_id=key.id)
    if what == "app":
        factories.app_of(who)
    else:
        other = Passkey(account_id=who.id, credential_id="d", public_key=b"", name="Red key")
        factories.saved(other)

    page = guest.open(link("pin_left"))

    assert STAYS in page.main


def test_the_new_password_is_for_the_organisation_that_the_mail_named(guest: Browser) -> None:
    who, place = factories.account(), factories.organisation("Acme")
    factories.membership(who, place, Role.TEACHER)
    factories.own_password(who, place)
    told(who, organisation_id=place.id)

    guest.open(link("pin_left"))
    page = guest.press(BUTTON)

    assert "at Acme only" in page.main


def test_an_address_that_cannot_be_had_back_is_said(guest: Browser) -> None:
    who = factories.account("thief@evil.example")
    factories.account("ann@example.org")
    told(who, "address_changed", former_email="ann@example.org")

    page = guest.open(link("address_changed"))

    assert "The former address cannot be put back" in page.main
    assert "again." not in page.main
    guest.press(BUTTON)
    assert who.email_key == address_key("thief@evil.example")


def test_a_used_link_says_what_to_do_instead(guest: Browser) -> None:
    told(factories.account())
    guest.open(link("pin_left"))
    guest.press(BUTTON)
    assert guest.open("/not-me").status == 200

    page = guest.open(link("pin_left"))

    assert page.status == 410
    assert "This link is used up or too old" in page.main
    assert guest.click("Set a new password").url == "/forgotten"


def test_a_link_that_grew_too_old_on_the_page_says_so_too(guest: Browser, clock: Clock) -> None:
    told(factories.account())
    guest.open(link("pin_left"))

    clock.advance(timedelta(days=3))

    assert guest.press(BUTTON).status == 410
    page = guest.open(link("pin_left"))
    assert page.status == 410


def test_without_a_link_the_page_asks_for_it(guest: Browser) -> None:
    page = guest.open("/not-me")

    assert page.status == 200
    assert "Open the link in the mail" in page.main


def test_a_link_that_somebody_made_up_does_nothing(guest: Browser) -> None:
    told(factories.account())

    page = guest.open(f"/not-me?ticket={uuid.uuid4()}")

    assert page.status == 410
    assert count(NotMeTicket) == 1


def test_pressing_without_a_ticket_is_refused(guest: Browser) -> None:
    told(factories.account())
    guest.open(link("pin_left"))
    guest.press(BUTTON)
    guest.open("/sign-in")
    token = values_of(guest.shown.form("Sign in"))["csrf_token"]

    headers = {"Origin": "http://localhost"}
    sent = guest.send("POST", "/not-me", data={"csrf_token": token}, headers=headers)

    assert sent.status_code == 410


def test_whoever_presses_while_signed_in_elsewhere_signs_nobody_else_out(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    who, other = factories.account(), factories.account()
    thief = new_guest()
    thief.sign_in(who)
    guest.sign_in(other)
    told(who)

    guest.open(link("pin_left"))
    guest.press(BUTTON)

    assert guest.open("/home").url == "/home"
    assert thief.open("/home").url.startswith("/sign-in")
    assert count(Session) == 1


def link(kind: str) -> str:
    return "/not-me?ticket=" + factories.not_me_in(kind)


def told(who: Account, kind: str = "pin_left", **named: object) -> None:
    with db.transaction():
        news.tell(kind, who, THIEF, **named)  # type: ignore[arg-type]


def count(table: type[db.Base]) -> int:
    return db.session().scalar(select(func.count()).select_from(table)) or 0
