"""The page that tells what happened to one's account."""

from collections.abc import Callable

import pytest

from app import db
from app.models import Account, Interface
from app.operations import administration, audit, history, sessions
from app.operations.visitor import Visitor
from tests import factories
from tests.conftest import Clock
from tests.factories import OWN_PASSWORD, PASSWORD, VISITOR
from tests.pages.browser import Browser, text_of

OFFICE = Visitor(Interface.COMMAND, address="")


def lines(guest: Browser, path: str = "/account/history") -> list[str]:
    page = guest.open(path)
    assert page.status == 200
    return [text_of(each) for each in page.root.findall(".//ol/li")]


def note_many(who: Account, count: int) -> None:
    with db.transaction():
        for number in range(count):
            audit.record("name_changed", VISITOR, account_id=who.id, count=number)


def test_good_and_failed_sign_ins_are_told_with_their_reasons(guest: Browser) -> None:
    who, place = factories.account(), factories.organisation("Elm School")
    factories.membership(who, place)
    guest.sign_in(who, "not the password")
    guest.sign_in(who)

    good, failed = lines(guest)

    assert good.startswith("Signed in By the password alone · At Elm School Firefox on Ubuntu · ")
    assert "These pages · 192.0.2.1" in good
    assert failed.startswith("A sign-in failed Wrong password · At Elm School Firefox on Ubuntu")
    assert "UTC" in failed


def test_what_administrators_did_is_told_as_theirs(guest: Browser) -> None:
    who, boss = factories.account(), factories.account(name="The Boss")
    administration.suspend_account(who, OFFICE)
    administration.reactivate_account(who, OFFICE)
    with db.transaction():
        audit.record(
            "membership_added", VISITOR, account_id=who.id, by=boss.id, role="Account Admin"
        )
    guest.sign_in(who)

    shown = lines(guest, "/account/history?kind=administrators")

    assert len(shown) == 3
    assert all("By an administrator" in line for line in shown)
    assert "A role was given" in shown[0]
    assert "As Account administrator" in shown[0]
    assert "The account may sign in again" in shown[1]
    assert "A command" in shown[2]
    assert "By an administrator" not in lines(guest)[0]


def test_each_kind_has_a_link_that_is_marked(guest: Browser) -> None:
    guest.sign_in(factories.account())
    guest.open("/account/history")

    page = guest.click("Sign-ins")

    assert page.url == "/account/history?kind=sign-ins"
    [current] = [a for a in page.root.findall(".//main//a") if a.get("aria-current")]
    assert text_of(current) == "Sign-ins"
    assert "Nothing here" in guest.click("Changes").main


def test_older_pages_are_reached_and_left_by_links(guest: Browser) -> None:
    who = factories.account()
    note_many(who, 2 * history.PAGE)
    guest.sign_in(who)
    first = lines(guest, "/account/history?kind=changes")

    second = guest.click("Older")
    rows = [text_of(each) for each in second.root.findall(".//ol/li")]

    assert (len(first), len(rows)) == (history.PAGE, history.PAGE)
    assert "Older" not in second.main
    assert guest.click("Back to the newest").url == "/account/history?kind=changes"


def test_an_address_tells_nobody_how_many_events_there_are(guest: Browser) -> None:
    """The same place is spelled differently each time: it is sealed, not encoded."""
    who = factories.account()
    note_many(who, history.PAGE + 1)
    guest.sign_in(who)

    spelled = {guest.open("/account/history").link("Older") for _ in range(3)}

    assert len(spelled) == 3


@pytest.mark.parametrize("forged", ["", "1", "999999", "abc.def", "\u00fc", "a" * 3000])
def test_a_forged_cursor_is_refused(guest: Browser, forged: str) -> None:
    guest.sign_in(factories.account())

    sent = guest.send("GET", "/account/history", query_string={"before": forged})

    assert sent.status_code == 400


def test_a_cursor_is_good_for_its_owner_and_its_list_alone(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    who, other = factories.account(), new_guest()
    note_many(who, history.PAGE + 1)
    guest.sign_in(who)
    other.sign_in(factories.account())
    older = guest.open("/account/history").link("Older")
    altered = older[:-6] + ("A" if older[-6] != "A" else "B") + older[-5:]

    assert guest.send("GET", older).status_code == 200
    assert other.send("GET", older).status_code == 400
    assert guest.send("GET", altered).status_code == 400
    assert guest.send("GET", f"{older}&kind=changes").status_code == 400


@pytest.mark.parametrize("kind", ["", "everything", "Sign-ins", "changes'"])
def test_an_unknown_kind_is_refused(guest: Browser, kind: str) -> None:
    guest.sign_in(factories.account())

    assert guest.send("GET", "/account/history", query_string={"kind": kind}).status_code == 400


def test_what_strangers_send_is_only_text(guest: Browser) -> None:
    who = factories.account()
    hostile = '"><script>alert(1)</script>'
    with db.transaction():
        audit.record(hostile[:60], Visitor(Interface.PAGES, hostile, hostile), account_id=who.id)
    guest.sign_in(who)

    shown = lines(guest)

    assert hostile in shown[1]
    assert "Unknown device" in shown[1]


def test_a_mere_seat_reads_no_history(guest: Browser) -> None:
    who, place = factories.account(), factories.organisation()
    factories.membership(who, place)
    factories.own_password(who, place)
    guest.sign_in(who, OWN_PASSWORD)

    assert guest.open("/account/history").heading == "Is it still you?"
    assert guest.press("Continue", password=PASSWORD).url == "/account/history"


def test_it_stays_readable_for_as_long_as_one_is_signed_in(guest: Browser, clock: Clock) -> None:
    guest.sign_in(factories.account())
    clock.advance(sessions.STEP_UP)

    assert len(lines(guest)) == 1
