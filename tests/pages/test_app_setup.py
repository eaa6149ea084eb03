"""The authenticator app on the account's own pages: set up, replaced, removed."""

from collections.abc import Callable

import pytest

from app import db
from app.models import Account, Role, TotpDevice
from app.operations import factors
from tests import factories
from tests.apps import code_of, wrong_code
from tests.conftest import Clock
from tests.factories import PASSWORD
from tests.pages.browser import Browser, values_of
from tests.pages.with_apps import (
    APP,
    CODES,
    MINUTE,
    OVERVIEW,
    STEP,
    codes_on,
    confirmed_by_mail,
    owner,
    pin,
    secret_on,
)


def test_a_first_app_is_set_up_after_the_mail_was_proven(guest: Browser, clock: Clock) -> None:
    who = factories.account()
    guest.sign_in(who)
    guest.open(OVERVIEW)

    assert guest.click("Set up").url == f"/confirm?next={APP}"
    assert confirmed_by_mail(guest).url == APP
    page = guest.press("Show the QR code")
    assert page.url == APP
    secret = secret_on(page)
    codes = guest.press("Confirm the app", code=code_of(secret))

    assert codes.url == CODES
    assert "The app is set up. Everywhere else you are signed out." in codes.text
    assert len(codes_on(codes)) == 10
    assert guest.press("I have kept them").url == OVERVIEW
    assert [len(factories.mails("app_added")), len(factories.mails("pin"))] == [1, 1]
    clock.advance(STEP)
    guest.press("Sign out")
    guest.sign_in(who)
    assert guest.press("Continue", code=code_of(secret)).url == "/home"


def test_a_stolen_password_alone_sees_no_secret_and_binds_nothing(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    who, thief = factories.account(), new_guest()
    thief.sign_in(who)
    token = values_of(thief.open("/home").form("Sign out"))["csrf_token"]

    for path in (f"{APP}/begin", APP):
        sent = thief.send("POST", path, data={"csrf_token": token, "code": "123456"})
        assert sent.location.startswith("/confirm")
    assert thief.open(APP).url.startswith("/confirm")
    assert thief.press("Continue", password=PASSWORD).url == "/sign-in/pin"
    assert thief.open(APP).url.startswith("/confirm")

    assert db.session().query(TotpDevice).count() == 0
    assert guest.sign_in(who).url == "/home"


def test_the_secret_is_shown_again_while_it_waits_and_to_nobody_else(
    guest: Browser, new_guest: Callable[..., Browser], clock: Clock
) -> None:
    who, secret = owner(guest, clock)
    other = new_guest()
    other.sign_in(who)
    other.press("Continue", code=code_of(secret))
    guest.open(APP)
    page = guest.press("Show the QR code")
    waiting = secret_on(page)

    assert secret_on(guest.open(APP)) == waiting
    assert page.response.headers["Cache-Control"] == "no-store"
    assert waiting not in guest.open(OVERVIEW).response.text
    assert other.open(APP).main.count("Show the QR code") == 1


def test_one_may_start_again_with_another_secret(guest: Browser, clock: Clock) -> None:
    owner(guest, clock)
    guest.open(APP)
    first = secret_on(guest.press("Show the QR code"))

    second = secret_on(guest.press("Start again with another secret"))

    assert first != second
    assert guest.press("Confirm the app", code=code_of(first)).status == 401
    assert guest.press("Confirm the app", code=code_of(second)).url == CODES


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ("", 400, "Enter the code from the app."),
        ("12345", 400, "The code is six digits."),
        ("wrong", 401, "Those digits are not right. Use the newest ones."),
        ("slow", 401, "That code is 5 minutes old. If the app shows it now, its clock is slow"),
        ("fast", 401, "That code is 5 minutes ahead of its time: the app's clock is fast."),
    ],
)
def test_what_is_wrong_with_a_code_is_said_and_the_secret_stays(
    guest: Browser, clock: Clock, typed: str, status: int, said: str
) -> None:
    owner(guest, clock)
    guest.open(APP)
    secret = secret_on(guest.press("Show the QR code"))
    steps = {"slow": -10, "fast": 10}
    typed = code_of(secret, steps[typed]) if typed in steps else typed
    typed = wrong_code(secret) if typed == "wrong" else typed

    page = guest.press("Confirm the app", code=typed)

    assert page.status == status
    assert said in page.text
    assert secret_on(page) == secret
    assert guest.press("Confirm the app", code=code_of(secret)).url == CODES


def test_ten_wrong_codes_are_enough(guest: Browser, clock: Clock) -> None:
    owner(guest, clock)
    guest.open(APP)
    secret = secret_on(guest.press("Show the QR code"))
    for _ in range(10):
        assert guest.press("Confirm the app", code=wrong_code(secret)).status == 401

    page = guest.press("Confirm the app", code=code_of(secret))

    assert page.status == 429
    assert "Too many wrong tries. Try again in 1 hour" in page.text


def test_a_secret_that_waits_no_more_is_said(guest: Browser, clock: Clock) -> None:
    owner(guest, clock)
    guest.open(APP)
    secret = secret_on(guest.press("Show the QR code"))
    db.session().query(TotpDevice).filter(TotpDevice.confirmed_at.is_(None)).delete()
    db.session().commit()

    page = guest.press("Confirm the app", code=code_of(secret))

    assert page.url == APP
    assert "That took too long. Start again." in page.text
    assert "Show the QR code" in page.main


def test_whoever_took_too_long_says_who_they_are_and_goes_on(guest: Browser, clock: Clock) -> None:
    _, secret = owner(guest, clock)
    guest.open(APP)
    waiting = secret_on(guest.press("Show the QR code"))
    clock.advance(11 * MINUTE)

    assert guest.press("Confirm the app", code=code_of(waiting)).url == f"/confirm?next={APP}"
    guest.press("Continue", password=PASSWORD)
    page = guest.press("Continue", code=code_of(secret))

    assert secret_on(page) == waiting
    assert guest.press("Confirm the app", code=code_of(waiting)).url == CODES


def test_an_app_is_replaced_while_the_old_one_works(
    guest: Browser, new_guest: Callable[..., Browser], clock: Clock
) -> None:
    who, old = owner(guest, clock)
    page = guest.open(APP)
    assert page.heading == "Replace the authenticator app"
    assert "The app that you have now goes on working until the new one is confirmed." in page.main
    new = secret_on(guest.press("Show the QR code"))
    elsewhere = new_guest()
    elsewhere.sign_in(who)
    assert elsewhere.press("Continue", code=code_of(old)).url == "/home"

    guest.press("Confirm the app", code=code_of(new))

    assert elsewhere.open("/home").url.startswith("/sign-in")
    clock.advance(STEP)
    elsewhere.sign_in(who)
    assert elsewhere.press("Continue", code=code_of(old)).status == 401
    assert elsewhere.press("Continue", code=code_of(new)).url == "/home"
    assert factories.mails("app_replaced")


def test_an_app_is_removed_by_a_button_of_its_own(
    guest: Browser, new_guest: Callable[..., Browser], clock: Clock
) -> None:
    who, _ = owner(guest, clock)
    guest.open(OVERVIEW)
    page = guest.click("Remove")
    assert page.heading == "Remove the authenticator app?"

    page = guest.press("Remove the app")

    assert page.url == OVERVIEW
    assert "The authenticator app is removed. Everywhere else you are signed out." in page.text
    assert "Not set up" in page.main
    assert new_guest().sign_in(who).url == "/home"
    assert guest.open(f"{APP}/remove").url == OVERVIEW


def test_what_an_organisation_demands_is_not_removed(guest: Browser, clock: Clock) -> None:
    who = factories.account()
    factories.membership(who, factories.organisation(factorForStudents="app"), Role.STUDENT)
    owner(guest, clock, who)
    guest.open(f"{APP}/remove")

    page = guest.press("Remove the app")

    assert page.url == OVERVIEW
    assert "An organisation of yours demands this." in page.text
    db.session().rollback()
    assert factors.of(db.session().get_one(Account, who.id)).app


def test_to_remove_it_late_one_says_again_who_one_is(guest: Browser, clock: Clock) -> None:
    owner(guest, clock)
    guest.open(f"{APP}/remove")
    clock.advance(10 * MINUTE)

    assert guest.press("Remove the app").url == f"/confirm?next={APP}/remove"
    assert guest.open(f"{APP}/remove").url == f"/confirm?next={APP}/remove"
    assert db.session().query(TotpDevice).count() == 1


def test_the_mail_is_asked_for_once_and_the_pin_is_no_ones_else(guest: Browser) -> None:
    guest.sign_in(factories.account())
    guest.open(APP)
    guest.press("Continue", password=PASSWORD)
    right = pin()
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"

    assert guest.press("Continue", code=wrong).status == 401
    assert guest.press("Continue", code=right).url == APP
    assert guest.open(OVERVIEW).url == OVERVIEW
    assert guest.open(APP).url == APP
    assert len(factories.mails("pin")) == 1
