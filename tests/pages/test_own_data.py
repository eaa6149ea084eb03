"""The page that tells what is kept, and hands it over."""

import json

from app.operations import sessions
from tests import factories
from tests.conftest import Clock
from tests.factories import OWN_PASSWORD, PASSWORD
from tests.pages.browser import HOST, Browser, check_headers, values_of


def token(guest: Browser) -> dict[str, str]:
    return values_of(guest.open("/account/data").form("Download everything"))


def test_the_page_says_what_is_kept_and_for_how_long(guest: Browser) -> None:
    guest.sign_in(factories.account())

    page = guest.open("/account/data")

    for words in ("Passwords", "Only a hash", "within 30 days", "for 30 days", "History"):
        assert words in page.main
    assert page.link("Remove my account") == "/account/remove"


def test_everything_comes_as_one_file(guest: Browser) -> None:
    who = factories.account("ann@example.org", name="Ann \u2603")
    guest.sign_in(who)

    sent = guest.send("POST", "/account/data", data=token(guest), headers={"Origin": HOST})

    check_headers(sent)
    assert sent.status_code == 200
    assert sent.mimetype == "application/json"
    named = "attachment; filename=doorward-account.json"
    assert sent.headers["Content-Disposition"] == named
    assert sent.is_streamed
    found = json.loads(sent.get_data())
    assert found["account"]["name"] == "Ann \u2603"
    assert [each["what"] for each in found["history"]] == ["signed_in", "data_exported"]
    assert "All data of the account was downloaded" in guest.open("/account/history").main


def test_it_comes_by_the_button_alone(guest: Browser) -> None:
    guest.sign_in(factories.account())
    guest.open("/account/data")

    assert guest.send("POST", "/account/data").status_code == 403
    assert guest.send("GET", "/account/data").mimetype == "text/html"


def test_it_takes_a_fresh_proof(guest: Browser, clock: Clock) -> None:
    guest.sign_in(factories.account())
    guest.open("/account/data")
    clock.advance(sessions.STEP_UP)

    asked = guest.press("Download everything")

    assert asked.url == "/confirm?next=/account/data"
    assert guest.press("Continue", password=PASSWORD).url == "/account/data"


def test_a_mere_seat_gets_nothing(guest: Browser) -> None:
    who, place = factories.account(), factories.organisation()
    factories.membership(who, place)
    factories.own_password(who, place)
    guest.sign_in(who, OWN_PASSWORD)
    mine = values_of(guest.shown.form("Sign out"))

    sent = guest.send("POST", "/account/data", data=mine, headers={"Origin": HOST})

    assert sent.status_code == 303
    assert sent.headers["Location"].startswith("/confirm")
