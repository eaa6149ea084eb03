"""Recovery codes on the pages: shown until they are kept, counted after that."""

from collections.abc import Callable

import pytest

from app import db
from app.models import RecoveryCode
from tests import factories
from tests.apps import code_of
from tests.conftest import Clock
from tests.pages.browser import Browser, values_of
from tests.pages.with_apps import APP, CODES, MINUTE, OVERVIEW, codes_on, new_codes, owner

FILE = f"{CODES}/file"


def test_without_an_app_there_is_nothing_to_recover(guest: Browser) -> None:
    guest.sign_in(factories.account())

    page = guest.open(CODES)

    assert "There is nothing to recover yet" in page.main
    assert page.link("Set up an authenticator app") == APP
    sent = guest.send("POST", CODES, data={"csrf_token": _token(guest)})
    assert sent.location == OVERVIEW
    assert db.session().query(RecoveryCode).count() == 0


def test_new_ones_are_shown_until_they_are_kept(guest: Browser, clock: Clock) -> None:
    owner(guest, clock)
    page = guest.open(CODES)
    assert "0 unused codes are left." in page.main
    assert "That is few." in page.main

    page = guest.press("Make new codes")
    codes = codes_on(page)
    assert page.url == CODES
    assert "These codes are shown only now." in page.main
    assert len(set(codes)) == 10
    assert codes_on(guest.open(CODES)) == codes  # a reload, or the way back

    page = guest.press("I have kept them")
    assert page.url == OVERVIEW
    assert "Each code works once; your second step tells how many are left." in page.text
    assert "10 unused codes are left" in page.main
    page = guest.open(CODES)
    assert codes_on(page) == []
    assert "10 unused codes are left." in page.main
    for code in codes:
        assert code not in page.response.text


def test_they_are_not_shown_in_another_session(
    guest: Browser, new_guest: Callable[..., Browser], clock: Clock
) -> None:
    who, secret = owner(guest, clock)
    elsewhere = new_guest()
    elsewhere.sign_in(who)
    elsewhere.press("Continue", code=code_of(secret))
    guest.open(CODES)
    codes = codes_on(guest.press("Make new codes"))

    page = elsewhere.open(CODES)

    assert codes_on(page) == []
    assert not any(code in page.response.text for code in codes)
    assert codes_on(guest.open(CODES)) == codes


def test_they_are_not_shown_after_ten_minutes(guest: Browser, clock: Clock) -> None:
    owner(guest, clock)
    guest.open(CODES)
    assert codes_on(guest.press("Make new codes"))

    clock.advance(10 * MINUTE)

    assert codes_on(guest.open(CODES)) == []


def test_new_ones_late_ask_again_who_it_is(guest: Browser, clock: Clock) -> None:
    owner(guest, clock)
    guest.open(CODES)
    clock.advance(11 * MINUTE)

    assert guest.press("Make new codes").url == f"/confirm?next={CODES}"
    assert db.session().query(RecoveryCode).count() == 0


@pytest.mark.parametrize(("used", "warned"), [(6, False), (7, True)])
def test_a_warning_comes_when_few_are_left(
    guest: Browser,
    clock: Clock,
    used: int,
    warned: bool,  # noqa: FBT001 (a test's case)
) -> None:
    owner(guest, clock)
    new_codes(guest)
    for row in db.session().query(RecoveryCode).limit(used):
        db.session().delete(row)
    db.session().commit()

    assert ("That is few." in guest.open(CODES).main) == warned
    assert ("make new ones soon" in guest.open(OVERVIEW).main) == warned


def test_the_file_holds_the_codes_of_the_page_and_nothing_is_kept_for_it(
    guest: Browser, clock: Clock
) -> None:
    owner(guest, clock)
    guest.open(CODES)
    page = guest.press("Make new codes")
    codes = codes_on(page)
    before = factories.everything_kept()

    sent = guest.send("POST", FILE, data={**values_of(page.form("Download")), "code": codes})

    assert sent.status_code == 200
    assert sent.mimetype == "text/plain"
    assert sent.headers["Content-Disposition"] == (
        'attachment; filename="doorward-recovery-codes.txt"'
    )
    assert sent.headers["Cache-Control"] == "no-store"
    assert [line for line in sent.text.splitlines() if line in codes] == codes
    assert factories.everything_kept() == before
    assert [each.get("value") for each in page.form("Download").iter("input")][1:] == codes


@pytest.mark.parametrize("sent", [[], ["<script>"], ["AB01-10CD-EF23-4567", "no code"]])
def test_nothing_but_codes_is_made_into_a_file(
    guest: Browser, clock: Clock, sent: list[str]
) -> None:
    owner(guest, clock)
    guest.open(CODES)

    answer = guest.send("POST", FILE, data={"csrf_token": _token(guest), "code": sent})

    assert answer.status_code == 400


def _token(guest: Browser) -> str:
    return values_of(guest.shown.form("Sign out"))["csrf_token"]
