"""The second step in another way: a recovery code, a PIN by mail, and back."""

import pytest

from app import db
from app.clock import now
from app.mail import outbox
from app.models import Account, EmailedPin, PendingSignIn, RecoveryCode
from app.security.tokens import digest, normal_typed_code
from tests import factories
from tests.apps import code_of, wrong_code
from tests.conftest import Clock
from tests.factories import PASSWORD
from tests.pages.browser import Browser, text_of, values_of
from tests.pages.with_apps import MINUTE, STEP, owner, pin

RECOVERY = "/sign-in/recovery"
KNOWN = "AB01-10CD-EF23-4567"


def lost_phone(*, codes: int = 10, pins: bool = False) -> tuple[Account, str]:
    """Return somebody with an app and so many recovery codes, KNOWN among them, and its secret."""
    who = factories.account()
    secret = factories.app_of(who)
    for number in range(codes):
        code = KNOWN if number == 0 else f"{number:016d}"
        factories.saved(RecoveryCode(account_id=who.id, digest=digest(normal_typed_code(code))))
    if pins:
        who.pin_chosen_at = now()
        factories.saved(who)
    return who, secret


def tries_left() -> int:
    db.session().rollback()
    return db.session().query(PendingSignIn.tries_left).scalar() or 0


def test_a_recovery_code_opens_what_the_lost_app_did(guest: Browser) -> None:
    who, _ = lost_phone()
    factories.membership(who, factories.organisation(factorForStudents="app"))
    guest.sign_in(who)
    page = guest.click("Use a recovery code")
    assert page.url == RECOVERY
    assert not [each for each in page.root.iter("a") if text_of(each) == "Use a recovery code"]

    home = guest.press("Continue", code="ab01 10cd ef23 4567")

    assert home.url == "/home"
    assert "You used a recovery code; 9 are left." in home.text
    assert "Open now" in home.main


def test_it_is_told_once_that_a_code_was_used(guest: Browser) -> None:
    who, _ = lost_phone()
    for name in ("Ash", "Birch"):
        factories.membership(who, factories.organisation(name))
    guest.sign_in(who)
    guest.press("Continue: Ash")
    guest.open(RECOVERY)
    assert "You used a recovery code" in guest.press("Continue", code=KNOWN).text

    seat = guest.press("Switch: Birch")

    assert seat.url.startswith("/o/")
    assert "You used a recovery code" not in seat.text


@pytest.mark.parametrize(
    ("codes", "kind", "said"),
    [(5, "info", "4 are left"), (4, "warning", "3 are left"), (2, "warning", "1 is left")],
)
def test_a_warning_comes_with_the_last_codes(
    guest: Browser, codes: int, kind: str, said: str
) -> None:
    who, _ = lost_phone(codes=codes)
    guest.sign_in(who)
    guest.open(RECOVERY)

    page = guest.press("Continue", code=KNOWN)

    [notice] = [e for e in page.root.iter("div") if "notice" in e.get("class", "").split()]
    assert f"notice-{kind}" in notice.get("class", "")
    assert said in page.text


def test_what_is_no_code_costs_no_try_and_a_wrong_one_does(guest: Browser) -> None:
    who, _ = lost_phone()
    guest.sign_in(who)
    guest.open(RECOVERY)

    empty = guest.press("Continue", code="")
    short = guest.press("Continue", code="AB01-10CD")
    assert (empty.status, short.status) == (400, 400)
    assert "Enter one of your recovery codes." in empty.text
    assert "A recovery code has sixteen letters and digits." in short.text
    assert tries_left() == PendingSignIn.TRIES

    wrong = guest.press("Continue", code="ZZZZ-ZZZZ-ZZZZ-ZZZZ")
    assert wrong.status == 401
    assert wrong.url == RECOVERY
    assert tries_left() == PendingSignIn.TRIES - 1
    assert guest.press("Continue", code=KNOWN).url == "/home"


def test_after_five_wrong_ones_one_starts_again(guest: Browser) -> None:
    who, _ = lost_phone()
    guest.sign_in(who)
    guest.open(RECOVERY)
    for _ in range(PendingSignIn.TRIES):
        guest.press("Continue", code="ZZZZ-ZZZZ-ZZZZ-ZZZZ")

    page = guest.press("Continue", code=KNOWN)

    assert page.url == "/sign-in"
    assert factories.sessions_open() == 0
    assert db.session().query(RecoveryCode).count() == 10


def test_from_the_code_on_paper_one_goes_back_to_the_app(guest: Browser) -> None:
    who, secret = lost_phone()
    guest.sign_in(who)
    guest.open(RECOVERY)

    assert guest.click("Back to the other way").url == "/sign-in/code"
    assert guest.press("Continue", code=code_of(secret)).url == "/home"


def test_whoever_has_no_codes_is_not_asked_for_one(guest: Browser) -> None:
    who, _ = lost_phone(codes=0)
    page = guest.sign_in(who)

    assert "Use a recovery code" not in page.text
    assert guest.open(RECOVERY).url == "/sign-in/code"


@pytest.mark.parametrize("path", [RECOVERY, "/sign-in/other"])
def test_without_a_sign_in_one_begins_at_the_beginning(guest: Browser, path: str) -> None:
    assert guest.open(path).url == "/sign-in"


def test_a_pin_is_had_instead_and_the_app_again(guest: Browser, clock: Clock) -> None:
    who, _ = lost_phone(pins=True)
    place = factories.organisation("Elm School", {"mfaForStudents": True})
    factories.membership(who, place)
    assert guest.sign_in(who).url == "/sign-in/code"

    page = guest.press("Have a PIN mailed instead")
    assert page.url == "/sign-in/pin"
    first = pin()
    assert guest.press("Use the authenticator app").url == "/sign-in/code"
    clock.advance(STEP)
    assert guest.press("Have a PIN mailed instead").url == "/sign-in/pin"
    assert guest.open("/sign-in/other").url == "/sign-in/pin"
    assert pin() == first
    assert len(factories.mails("pin")) == 1

    home = guest.press("Continue", code=first)
    assert home.url == "/home"
    assert "Open now" in home.card("Elm School")
    assert guest.open("/account/second-factor").url == "/account/second-factor"


def test_choosing_refills_no_tries(guest: Browser) -> None:
    who, secret = lost_phone(pins=True)
    guest.sign_in(who)
    for _ in range(2):
        assert guest.press("Continue", code=wrong_code(secret)).status == 401
    guest.press("Have a PIN mailed instead")
    assert tries_left() == PendingSignIn.TRIES - 2
    wrong = f"{(int(pin()) + 1) % 1_000_000:06d}"
    for _ in range(2):
        assert guest.press("Continue", code=wrong).status == 401
    guest.press("Use the authenticator app")
    assert tries_left() == PendingSignIn.TRIES - 4
    assert guest.press("Continue", code=wrong_code(secret)).status == 401

    assert guest.press("Continue", code=code_of(secret)).url == "/sign-in"
    assert factories.sessions_open() == 0


def test_an_app_is_not_offered_in_the_place_of_itself(guest: Browser) -> None:
    who, _ = lost_phone(pins=True)
    page = guest.sign_in(who)

    assert "Use the authenticator app" not in page.text
    assert "Have a PIN mailed instead" not in guest.press("Have a PIN mailed instead").text


def test_where_an_app_is_demanded_no_pin_is_offered(guest: Browser) -> None:
    who, _ = lost_phone(pins=True)
    factories.membership(who, factories.organisation(factorForStudents="app"))

    page = guest.sign_in(who)

    assert "Have a PIN mailed instead" not in page.text
    sent = _choose(guest, "pin")
    assert sent == (303, "/sign-in")
    assert not factories.mails("pin")


@pytest.mark.parametrize(
    "nonsense", ["", "none", "recovery", "enrolment", "PIN", "sms", "x" * 100, "\u00e9\u0000"]
)
def test_nonsense_is_refused_and_the_sign_in_goes_on(guest: Browser, nonsense: str) -> None:
    who, secret = lost_phone()
    guest.sign_in(who)

    status, _ = _choose(guest, nonsense)

    assert status == 400
    assert guest.press("Continue", code=code_of(secret)).url == "/home"


@pytest.mark.parametrize("factor", ["pin", "passkey"])
def test_what_one_has_not_is_no_other_way(guest: Browser, factor: str) -> None:
    who, _ = lost_phone()
    guest.sign_in(who)

    assert _choose(guest, factor) == (303, "/sign-in")

    assert db.session().query(EmailedPin).count() == 0
    assert factories.sessions_open() == 0


def test_a_pin_that_proves_the_mail_is_exchanged_for_nothing_less(guest: Browser) -> None:
    who = factories.account()
    guest.sign_in(who)
    guest.open("/account/second-factor/app")
    assert guest.press("Continue", password=PASSWORD).url == "/sign-in/pin"

    assert _choose(guest, "none")[0] == 400

    assert guest.open("/account/second-factor/app").url.startswith("/confirm")


def test_where_too_many_pins_were_mailed_one_is_told_and_stays(guest: Browser) -> None:
    who, secret = lost_phone(pins=True)
    for _ in range(10):
        outbox.put("pin", who, {"pin": "123456", "organisation": ""})
    db.session().commit()
    guest.sign_in(who)

    page = guest.press("Have a PIN mailed instead")

    assert page.url == "/sign-in/code"
    assert "Another can be sent in 15 minutes." in page.text
    assert guest.press("Continue", code=code_of(secret)).url == "/home"


def test_no_pin_is_sent_again_where_the_app_is_asked_for(guest: Browser, clock: Clock) -> None:
    who, _ = lost_phone(pins=True)
    guest.sign_in(who)
    page = guest.press("Have a PIN mailed instead")
    fields = values_of(page.form("Send again"))
    guest.press("Use the authenticator app")
    clock.advance(2 * MINUTE)

    sent = guest.send("POST", "/sign-in/pin", data=fields)

    assert sent.status_code == 303
    assert len(factories.mails("pin")) == 1


def test_confirming_that_it_is_oneself_is_answered_in_another_way_too(
    guest: Browser, clock: Clock
) -> None:
    who, _ = owner(guest, clock)
    factories.saved(RecoveryCode(account_id=who.id, digest=digest(normal_typed_code(KNOWN))))
    clock.advance(11 * MINUTE)
    guest.open("/confirm?next=/account/second-factor/app")

    page = guest.press("Continue", password=PASSWORD)
    assert "Trust this device" not in page.text
    guest.click("Use a recovery code")
    page = guest.press("Continue", code=KNOWN)

    assert page.url == "/account/second-factor/app"
    assert "You used a recovery code; 0 are left." in page.text


def _choose(guest: Browser, factor: str) -> tuple[int, str]:
    """Ask for another factor by hand; return the status, and where it leads."""
    token = values_of(guest.shown.form("Continue"))["csrf_token"]
    sent = guest.send("POST", "/sign-in/other", data={"csrf_token": token, "factor": factor})
    return sent.status_code, sent.headers.get("Location", "")
