"""The overview of the second step: what one has, PINs by mail, devices that are trusted."""

from collections.abc import Callable

import pytest

from app import db
from app.models import Account, RememberedDevice, Role
from app.operations import factors
from tests import factories
from tests.apps import code_of
from tests.conftest import Clock
from tests.factories import OWN_PASSWORD, PASSWORD
from tests.pages.browser import Browser, values_of
from tests.pages.with_apps import (
    APP,
    CODES,
    MINUTE,
    OVERVIEW,
    STEP,
    confirmed_by_mail,
    new_codes,
    owner,
    pin,
    secret_on,
)

READS = [OVERVIEW, APP, f"{APP}/remove", CODES]
WRITES = [
    f"{OVERVIEW}/pin",
    f"{OVERVIEW}/pin/leave",
    f"{OVERVIEW}/devices/6f0c1f7e-3a5c-4a43-9a0b-3b2f0f6f7d11/forget",
    f"{APP}/begin",
    APP,
    f"{APP}/remove",
    CODES,
    f"{CODES}/kept",
]


def test_whoever_has_nothing_is_told_what_to_do_about_it(guest: Browser) -> None:
    guest.sign_in(factories.account())

    page = guest.open(OVERVIEW)

    assert page.heading == "The second step"
    for said in (
        "Nothing is asked after your password.",
        "Not set up",
        "They come with an app or a passkey",
        "Weaker than an app",
        "None. When you answer the second step you can have a device trusted for 30 days.",
    ):
        assert said in page.main
    assert page.link("Set up") == APP


def test_whoever_has_everything_sees_since_when(guest: Browser, clock: Clock) -> None:
    owner(guest, clock)
    new_codes(guest)
    guest.open(OVERVIEW)
    guest.press("Turn on")

    page = guest.shown

    assert "Nothing is asked" not in page.main
    assert "Set up on" in page.main
    assert "10 unused codes are left" in page.main
    assert "Asked for since" in page.main
    assert page.link("Replace") == APP
    assert page.link("Remove") == f"{APP}/remove"


def test_beside_an_app_it_says_what_a_pin_means(guest: Browser, clock: Clock) -> None:
    owner(guest, clock)

    before = guest.open(OVERVIEW).main
    after = guest.press("Turn on").main

    assert "whoever reads your mail could set a new password by it, and come in" in before
    assert "whoever reads your mail needs neither" in after


def test_it_says_who_asks_for_what(guest: Browser) -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation("Careful College"))
    factories.membership(who, factories.organisation("Lax Lyceum"))
    guest.sign_in(who)
    guest.press("Continue: Careful")
    guest.press("Continue", code=pin())

    page = guest.open(OVERVIEW)

    assert "Careful College: a PIN by e-mail, or better" in page.main
    assert "Lax Lyceum" not in page.main
    assert "Nothing is asked" not in page.main


def test_whoever_met_less_than_is_demanded_now_confirms_and_sets_an_app_up(
    guest: Browser,
) -> None:
    who = factories.account()
    guest.sign_in(who)
    factories.membership(who, factories.organisation(factorForStudents="app"))
    assert guest.open(OVERVIEW).url == f"/confirm?next={OVERVIEW}"

    guest.press("Continue", password=PASSWORD)
    page = guest.press("Continue", code=pin())
    assert page.url == "/sign-in/set-up"
    guest.press("Continue", code=code_of(secret_on(page)))
    assert guest.shown.url == CODES

    assert guest.press("I have kept them").url == OVERVIEW


def test_of_several_roles_at_one_place_the_strictest_is_told(guest: Browser) -> None:
    who = factories.account()
    place = factories.organisation("Elm", {"mfaForTeachers": True}, factorForAccountAdmins="app")
    for role in (Role.TEACHER, Role.ACCOUNT_ADMIN, Role.STUDENT):
        factories.membership(who, place, role)
    lax = factories.organisation("Lax Lyceum")
    factories.membership(who, lax)
    secret = factories.app_of(who)
    guest.sign_in(who)
    guest.press("Continue: Lax")
    guest.press("Continue", code=code_of(secret))

    page = guest.open(OVERVIEW)

    assert page.main.count("Elm: an authenticator app or a passkey") == 1
    assert "Elm: a PIN" not in page.main
    assert "Lax Lyceum" not in page.main


# PINs of one's own


def test_a_pin_is_turned_on_asked_for_and_turned_off(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    who, elsewhere = factories.account(), new_guest()
    elsewhere.sign_in(who)
    guest.sign_in(who)
    guest.open(OVERVIEW)
    page = guest.press("Turn on")
    assert "A PIN is mailed to you after that" in page.main
    assert confirmed_by_mail(guest).url == OVERVIEW
    before = guest.cookie()

    page = guest.press("Turn on")

    assert page.url == OVERVIEW
    assert "From now on a PIN is mailed whenever you sign in." in page.text
    assert guest.cookie() != before
    assert elsewhere.open("/home").url.startswith("/sign-in")
    assert elsewhere.sign_in(who).url == "/sign-in/pin"
    assert elsewhere.press("Continue", code=pin()).url == "/home"

    assert "Asked for since" in page.main
    guest.press("Turn off")
    assert "No PIN is mailed any more, unless an organisation asks for one." in guest.shown.text
    assert new_guest().sign_in(who).url == "/home"
    assert [len(factories.mails(kind)) for kind in ("pin_chosen", "pin_left")] == [1, 1]


def test_whoever_turns_it_on_twice_is_told_of_it_once(guest: Browser, clock: Clock) -> None:
    owner(guest, clock)
    form = guest.open(OVERVIEW).form("Turn on")
    guest.press("Turn on")

    again = guest.send("POST", form.attrib["action"], data=values_of(form))

    assert again.status_code == 303
    assert len(factories.mails("pin_chosen")) == 1


def test_where_there_is_no_address_there_is_no_pin(guest: Browser) -> None:
    guest.sign_in(factories.account(None, username="generic.jane"))
    page = guest.open(OVERVIEW)
    token = values_of(page.form("Sign out"))["csrf_token"]

    guest.send("POST", f"{OVERVIEW}/pin", data={"csrf_token": token})
    page = guest.open(OVERVIEW)

    assert "There is no address that it could go to" in page.main
    assert "There is no address that a PIN could be sent to. Add one first." in page.text


def test_after_ten_minutes_one_says_again_who_one_is(guest: Browser, clock: Clock) -> None:
    who, secret = owner(guest, clock)
    guest.open(OVERVIEW)
    clock.advance(11 * MINUTE)

    assert guest.press("Turn on").url == f"/confirm?next={OVERVIEW}"
    guest.press("Continue", password=PASSWORD)
    assert guest.press("Continue", code=code_of(secret)).url == OVERVIEW
    guest.press("Turn on")

    assert _held(who).pin


# Trusted devices


def test_a_device_that_is_trusted_is_not_asked_and_can_be_forgotten(
    guest: Browser, new_guest: Callable[..., Browser], clock: Clock
) -> None:
    who, at_home = factories.account(), new_guest("203.0.113.9")
    secret = factories.app_of(who)
    page = at_home.sign_in(who)
    assert "Trust this device for 30 days" in page.main
    at_home.press("Continue", code=code_of(secret), trust="y")
    at_home.press("Sign out")
    clock.advance(STEP)
    assert at_home.sign_in(who).url == "/home"
    guest.sign_in(who)
    guest.press("Continue", code=code_of(secret))

    page = guest.open(OVERVIEW)
    assert "Firefox on Ubuntu" in page.main
    assert "203.0.113.9, trusted until" in page.main
    assert "last used" in page.main
    page = guest.press("Forget")

    assert "That device is forgotten: the second step is asked there again." in page.text
    assert "None. When you answer" in page.main
    assert at_home.open("/home").url.startswith("/sign-in")
    assert at_home.sign_in(who).url == "/sign-in/code"


def test_trust_is_not_offered_where_an_organisation_allows_none(guest: Browser) -> None:
    who = factories.account()
    factories.membership(who, factories.organisation(rememberDeviceDays=30))
    factories.membership(who, factories.organisation("Wary School"))
    secret = factories.app_of(who)
    guest.sign_in(who)

    page = guest.press("Continue: Wary")
    typed = {**values_of(page.form("Continue")), "code": code_of(secret), "trust": "y"}
    sent = guest.send("POST", "/sign-in/code", data=typed)

    assert "Trust this device" not in page.main
    assert sent.location == "/home"
    assert "has the second step asked each time" in guest.open(OVERVIEW).main
    assert db.session().query(RememberedDevice).count() == 0


def test_another_persons_device_is_not_there(
    guest: Browser, new_guest: Callable[..., Browser], clock: Clock
) -> None:
    other, theirs = new_guest(), factories.account()
    secret = factories.app_of(theirs)
    other.sign_in(theirs)
    other.press("Continue", code=code_of(secret), trust="y")
    [device] = db.session().query(RememberedDevice)
    address = f"{OVERVIEW}/devices/{device.id}/forget"
    owner(guest, clock)
    token = values_of(guest.open(OVERVIEW).form("Turn on"))["csrf_token"]

    sent = guest.send("POST", address, data={"csrf_token": token})

    assert sent.status_code == 404
    assert db.session().query(RememberedDevice).count() == 1


# Who may come here


@pytest.mark.parametrize("path", READS)
def test_strangers_and_whoever_is_half_way_sign_in_first(guest: Browser, path: str) -> None:
    assert guest.open(path).url.startswith("/sign-in?next=")
    who = factories.account()
    factories.app_of(who)
    guest.sign_in(who)

    assert guest.open(path).url.startswith("/sign-in?next=")


@pytest.mark.parametrize("path", READS)
def test_a_session_of_one_seat_confirms_the_account_first(
    guest: Browser, clock: Clock, path: str
) -> None:
    _with_a_seat_only(guest, clock)

    assert guest.open(path).url == f"/confirm?next={path}"


@pytest.mark.parametrize("path", WRITES)
def test_a_session_of_one_seat_changes_nothing(guest: Browser, clock: Clock, path: str) -> None:
    _with_a_seat_only(guest, clock)
    token = values_of(guest.open("/home").form("Sign out"))["csrf_token"]
    before = factories.everything_kept()

    sent = guest.send("POST", path, data={"csrf_token": token, "code": "123456"})

    assert sent.status_code == 303
    assert sent.location.startswith("/confirm")
    assert factories.everything_kept() == before


@pytest.mark.parametrize("held", ["nothing", "an app", "a secret that waits", "a new sheet"])
def test_looking_changes_nothing(guest: Browser, clock: Clock, held: str) -> None:
    _somebody_with(held, guest, clock)
    before = factories.everything_kept()

    for path in [*READS, "/confirm", "/sign-in/other", "/sign-in/recovery", "/sign-in/code"]:
        for method in ("GET", "HEAD"):
            guest.send(method, path)

    assert factories.everything_kept() == before


@pytest.mark.parametrize("state", ["code", "pin", "set-up"])
def test_looking_at_a_step_that_waits_changes_nothing(guest: Browser, state: str) -> None:
    who = factories.account()
    policy: dict[str, object] = {
        "factorForStudents": {"code": "none", "pin": "any", "set-up": "app"}[state]
    }
    factories.membership(who, factories.organisation("", None, **policy))
    if state == "code":
        factories.app_of(who)
    guest.sign_in(who)
    if state == "set-up":
        guest.press("Continue", code=pin())
    before = factories.everything_kept()

    for path in ("code", "pin", "set-up", "recovery", "other", "organisation"):
        assert guest.send("GET", f"/sign-in/{path}").status_code in {200, 303}

    assert factories.everything_kept() == before
    assert guest.open(f"/sign-in/{state}").url == f"/sign-in/{state}"


def _with_a_seat_only(guest: Browser, clock: Clock) -> Account:
    """Sign in by an organisation's own password: the account's was never proven."""
    who, place = factories.account(), factories.organisation()
    factories.membership(who, place)
    factories.own_password(who, place)
    secret = factories.app_of(who)
    guest.sign_in(who, OWN_PASSWORD)
    guest.press("Continue", code=code_of(secret))
    clock.advance(STEP)
    return who


def _somebody_with(held: str, guest: Browser, clock: Clock) -> None:
    if held == "nothing":
        guest.sign_in(factories.account())
        return
    owner(guest, clock)
    if held == "a secret that waits":
        guest.open(APP)
        guest.press("Show the QR code")
    if held == "a new sheet":
        guest.open(CODES)
        guest.press("Make new codes")


def _held(who: Account) -> factors.Held:
    db.session().rollback()
    return factors.of(db.session().get_one(Account, who.id))
