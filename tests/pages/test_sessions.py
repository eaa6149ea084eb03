import uuid
from collections.abc import Callable
from datetime import timedelta

from app.models import Role
from app.operations import opening, sessions
from tests import factories
from tests.conftest import Clock
from tests.factories import PASSWORD
from tests.pages.browser import Browser, values_of


def test_every_session_is_told_with_device_place_and_seats(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    who, elsewhere = factories.account(), new_guest("203.0.113.9")
    factories.membership(who, factories.organisation("Cy's University"), Role.TEACHER)
    elsewhere.sign_in(who)
    guest.sign_in(who)

    page = guest.open("/account/sessions")

    assert len(page.cards) == 2
    mine, other = page.card("192.0.2.1"), page.card("203.0.113.9")
    assert "Firefox on Ubuntu" in mine
    assert "These pages" in mine
    assert "This one" in mine
    assert "Cy's University, Teacher" in other
    assert "End this session" in other
    assert "End this session" not in mine


def test_one_session_is_ended_and_the_others_live(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    who, elsewhere = factories.account(), new_guest()
    elsewhere.sign_in(who)
    guest.sign_in(who)
    guest.open("/account/sessions")

    page = guest.press("End this session")

    assert "That session is ended." in page.text
    assert len(page.cards) == 1
    assert elsewhere.open("/home").url.startswith("/sign-in")
    assert guest.open("/home").url == "/home"


def test_all_other_sessions_are_ended(guest: Browser, new_guest: Callable[..., Browser]) -> None:
    who = factories.account()
    for _ in range(3):
        new_guest().sign_in(who)
    guest.sign_in(who)
    guest.open("/account/sessions")

    page = guest.press("End all other sessions")

    assert "3 other sessions are ended." in page.text
    assert factories.sessions_open() == 1


def test_sessions_of_others_are_not_there(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    stranger = new_guest()
    stranger.sign_in(factories.account())
    [foreign] = _ids(stranger)
    guest.sign_in(factories.account())
    token = values_of(guest.shown.form("Sign out"))["csrf_token"]

    for each in (foreign, uuid.uuid4()):
        sent = guest.send("POST", f"/account/sessions/{each}/end", data={"csrf_token": token})
        assert sent.status_code == 404

    assert stranger.open("/home").url == "/home"


def test_ending_a_session_takes_a_fresh_proof(
    guest: Browser, new_guest: Callable[..., Browser], clock: Clock
) -> None:
    who, elsewhere = factories.account(), new_guest()
    elsewhere.sign_in(who)
    guest.sign_in(who)
    clock.advance(sessions.STEP_UP)
    guest.open("/account/sessions")

    asked = guest.press("End this session")

    assert asked.url == "/confirm?next=/account/sessions"
    assert factories.sessions_open() == 2
    assert guest.press("Continue", password=PASSWORD).url == "/account/sessions"
    assert len(guest.press("End this session").cards) == 1


def test_ending_all_others_takes_a_fresh_proof(
    guest: Browser, new_guest: Callable[..., Browser], clock: Clock
) -> None:
    who, elsewhere = factories.account(), new_guest()
    elsewhere.sign_in(who)
    guest.sign_in(who)
    clock.advance(sessions.STEP_UP)
    guest.open("/account/sessions")

    asked = guest.press("End all other sessions")

    assert asked.url == "/confirm?next=/account/sessions"
    assert factories.sessions_open() == 2


def test_an_idle_session_ends(guest: Browser, clock: Clock) -> None:
    guest.sign_in(factories.account())
    clock.advance(opening.PAGES_IDLE + timedelta(seconds=1))

    assert guest.open("/home").url == "/sign-in"


def test_a_busy_session_ends_after_a_day(guest: Browser, clock: Clock) -> None:
    guest.sign_in(factories.account())
    for _ in range(47):
        clock.advance(timedelta(minutes=30))
        assert guest.open("/home").url == "/home"
    clock.advance(timedelta(minutes=30))

    assert guest.open("/home").url == "/sign-in"


def test_a_user_agent_full_of_markup_is_only_a_name(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    who, odd = factories.account(), new_guest()
    odd.environ["HTTP_USER_AGENT"] = "<script>alert(1)</script>" + "x" * 500
    odd.sign_in(who)
    guest.sign_in(who)

    assert "Unknown device" in guest.open("/account/sessions").text


def _ids(guest: Browser) -> list[str]:
    guest.open("/account/sessions")
    return [card.attrib["id"].removeprefix("session-") for card in guest.shown.cards]
