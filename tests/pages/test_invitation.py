"""Being invited: what the link shows, what its button does, and what nobody gets by it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import db
from app.clock import now
from app.models import Account, Interface, Invitation, Membership, Organisation, Role, Session
from app.operations import accounts, authority, invitations, sessions
from app.operations.invitees import Invitee
from tests import factories
from tests.conftest import Clock
from tests.factories import PASSWORD, VISITOR
from tests.operations.administrators import acting, member
from tests.pages.browser import HOST, Browser, values_of

ANN = "ann@example.org"
GOOD, THEIRS = "seven quiet herons", "eight loud herons"
ACCEPT = "Accept the invitation"


@pytest.fixture
def place(portal: Flask) -> Organisation:  # noqa: ARG001 (it comes first)
    return factories.organisation("Elm School")


@pytest.fixture
def boss(place: Organisation) -> Account:
    return member(Role.ACCOUNT_ADMIN, place, "Alex Admin")


@pytest.fixture
def invited(place: Organisation, boss: Account) -> str:
    """Invite Ann as a teacher; return the link."""
    who = acting(boss, place)
    invitations.invite(who, place.id, Role.TEACHER, Invitee(ANN, "Ann Smith"), VISITOR)
    return link()


def link() -> str:
    return "/invitation?ticket=" + factories.ticket_in("invitation")


def members(place: Organisation) -> list[tuple[str | None, Role]]:
    db.session().rollback()
    theirs = select(Account.email, Membership.role).join(Membership).order_by(Account.email)
    rows = db.session().execute(theirs.where(Membership.organisation_id == place.id))
    return [(email, role) for email, role in rows if role is not Role.ACCOUNT_ADMIN]


def count(table: type[db.Base]) -> int:
    db.session().rollback()
    return db.session().scalar(select(func.count()).select_from(table)) or 0


def test_somebody_new_accepts_and_signs_in(
    guest: Browser, invited: str, place: Organisation
) -> None:
    shown = guest.open(invited)
    assert shown.url == "/invitation"
    assert shown.heading == "You are invited"
    for said in ("Alex Admin", "Elm School", "Teacher", "You teach at this organisation.", ANN):
        assert said in shown.text
    assert values_of(shown.form(ACCEPT))["name"] == "Ann Smith"

    before = count(Session)
    done = guest.press(ACCEPT, name="Ann Lee", password=GOOD)

    assert done.url == "/sign-in"
    assert f"{ANN} is Teacher at Elm School now." in done.text
    assert count(Session) == before
    assert members(place) == [(ANN, Role.TEACHER)]
    home = guest.sign_in(ANN, GOOD)
    assert home.url == "/home"
    assert "Ann Lee" in home.text


def test_an_account_that_is_there_accepts_by_one_button(
    guest: Browser, invited: str, place: Organisation
) -> None:
    factories.account(ANN, name="Ann of old")

    shown = guest.open(invited)
    assert not [each for each in shown.root.iter("input") if each.get("type") == "password"]
    before = count(Session)
    done = guest.press(ACCEPT)

    assert done.url == "/sign-in"
    assert count(Session) == before
    assert members(place) == [(ANN, Role.TEACHER)]
    assert guest.sign_in(ANN).url == "/home"


def test_somebody_signed_in_accepts_and_finds_the_new_role_at_home(
    guest: Browser, invited: str
) -> None:
    who = factories.account(ANN)
    factories.membership(who, factories.organisation("Oak Academy"))
    guest.sign_in(who)
    shown = guest.open(invited)

    page = guest.press(ACCEPT)

    assert "somebody else is signed in" not in shown.text
    assert page.url == "/home"
    assert "Elm School" in page.places


def test_it_says_whose_it_is_where_somebody_else_is_signed_in(
    guest: Browser, invited: str, place: Organisation
) -> None:
    factories.account(ANN)
    guest.sign_in(factories.account("bob@example.org", name="Bob"))

    shown = guest.open(invited)
    guest.press(ACCEPT)

    assert f"somebody else is signed in: Bob. The invitation is for {ANN}" in shown.text
    assert members(place) == [(ANN, Role.TEACHER)]


def test_the_ticket_leaves_the_address_at_once(guest: Browser, invited: str) -> None:
    sent = guest.send("GET", invited)

    assert sent.headers["Location"] == "/invitation"
    assert factories.ticket_in("invitation") not in sent.text
    shown = guest.open("/invitation")
    assert factories.ticket_in("invitation") not in shown.response.text


@pytest.mark.parametrize("known", [True, False])
def test_a_scanner_that_opens_the_link_accepts_nothing(
    guest: Browser,
    new_guest: Callable[..., Browser],
    invited: str,
    place: Organisation,
    *,
    known: bool,
) -> None:
    if known:
        factories.account(ANN)
    scanner = new_guest()

    for method in ("GET", "HEAD", "GET"):
        assert scanner.send(method, invited).status_code == 303
        assert scanner.send(method, "/invitation").status_code == 200

    assert members(place) == []
    assert guest.open(invited).status == 200


def test_the_link_works_once_and_says_how_to_go_on(
    guest: Browser, new_guest: Callable[..., Browser], invited: str
) -> None:
    guest.open(invited)
    guest.press(ACCEPT, password=GOOD)

    page = new_guest().open(invited)

    assert page.status == 410
    assert page.heading == "No invitation here"
    assert "ask whoever invited you to send the invitation again" in page.text
    assert page.link("Sign in") == "/sign-in"


def test_two_browsers_at_the_same_page_accept_once(
    guest: Browser, new_guest: Callable[..., Browser], invited: str, place: Organisation
) -> None:
    late = new_guest()
    guest.open(invited)
    late.open(invited)
    guest.press(ACCEPT, password=GOOD)

    page = late.press(ACCEPT, password=THEIRS)

    assert page.status == 410
    assert members(place) == [(ANN, Role.TEACHER)]
    assert guest.sign_in(ANN, GOOD).url == "/home"


def withdrawn(_place: Organisation, _boss: Account) -> None:
    [row] = db.session().scalars(select(Invitation))
    row.withdrawn_at = now()


def expired(_place: Organisation, _boss: Account) -> None:
    [row] = db.session().scalars(select(Invitation))
    row.expires_at = now()


def shut(place: Organisation, _boss: Account) -> None:
    place.suspended_at = now()


def unbacked(_place: Organisation, boss: Account) -> None:
    boss.suspended_at = now()


@pytest.mark.parametrize("dies", [withdrawn, expired, shut, unbacked])
def test_whatever_an_invitation_died_of_it_looks_alike(
    guest: Browser,
    invited: str,
    boss: Account,
    place: Organisation,
    dies: Callable[[Organisation, Account], None],
) -> None:
    never_there = guest.open("/invitation?ticket=guessed").main
    assert guest.open(invited).status == 200

    dies(place, boss)
    db.session().commit()

    page = guest.open(invited)
    assert (page.status, page.main) == (410, never_there)


def test_an_inviter_who_is_demoted_before_the_button_is_pressed_let_nobody_in(
    guest: Browser, invited: str, boss: Account, place: Organisation
) -> None:
    guest.open(invited)
    role = db.session().scalars(select(Membership).filter_by(account_id=boss.id)).one()
    role.role = Role.TEACHER
    factories.saved(role)

    page = guest.press(ACCEPT, password=GOOD)

    assert page.status == 410
    assert accounts.find(ANN) is None
    assert [each for each, _ in members(place)] == [boss.email]


def test_without_a_ticket_there_is_nothing_to_accept(guest: Browser, invited: str) -> None:
    page = guest.open("/invitation")

    assert page.status == 200
    assert page.heading == "Open your invitation"
    token = values_of(guest.open("/sign-in").form("Sign in"))["csrf_token"]
    for more in ({}, {"name": "Eve", "password": GOOD}):
        sent = guest.send("POST", "/invitation", data={"csrf_token": token, **more})
        assert sent.status_code == 410
    assert accounts.find(ANN) is None
    assert guest.open(invited).status == 200


@pytest.mark.parametrize("ticket", ["", "guessed", "%ff", "x" * 5000])
def test_a_guessed_ticket_opens_nothing(guest: Browser, invited: str, ticket: str) -> None:
    assert guest.open(f"/invitation?ticket={ticket}").status == 410
    assert guest.open(invited).status == 200


def test_what_is_wrong_is_told_beside_its_field(guest: Browser, invited: str) -> None:
    guest.open(invited)

    for fields, sentence in (
        ({"name": "", "password": GOOD}, "Enter your name."),
        ({"name": "Ann", "password": ""}, "Enter a password."),
        ({"password": "short"}, "Use at least 8 characters."),
        ({"password": "elm school"}, "It is made of"),
        ({"password": "password1"}, "Too many people use this password."),
    ):
        page = guest.press(ACCEPT, **fields)
        assert page.status == 400
        assert sentence in page.text
    assert accounts.find(ANN) is None
    assert guest.press(ACCEPT, name="Ann", password=GOOD).url == "/sign-in"


def test_the_meter_asks_what_the_organisation_asks(guest: Browser, portal: Flask) -> None:
    strict = factories.organisation("Strict", passwordMinLength=20)
    who = acting(member(Role.ACCOUNT_ADMIN, strict), strict)
    invitations.invite(who, strict.id, Role.STUDENT, Invitee(ANN), VISITOR)
    shown = guest.open(link())
    assert "At least 20 characters." in shown.text
    token = values_of(shown.form(ACCEPT))["csrf_token"]

    def judged(password: str) -> dict[str, object]:
        data = {"csrf_token": token, "password": password, "name": "Zebediah Quixote"}
        sent = guest.send("POST", "/invitation/password-strength", data=data)
        assert sent.status_code == 200
        found: dict[str, object] = sent.get_json()
        return found

    assert judged(GOOD)["problems"] == ["Use at least 20 characters."]
    assert judged(f"{GOOD} flew over") == {"score": 4, "problems": [], "suggestions": []}
    assert judged("Zebediah Quixote 1234")["score"] == 0
    stranger = Browser(portal)
    token = values_of(stranger.open("/sign-in").form("Sign in"))["csrf_token"]
    data = {"csrf_token": token, "password": GOOD}
    assert stranger.send("POST", "/invitation/password-strength", data=data).status_code == 410


@pytest.mark.parametrize("activated", [True, False])
def test_a_suspended_account_is_told_so_and_joins_nothing(
    guest: Browser, invited: str, place: Organisation, *, activated: bool
) -> None:
    who = factories.account(ANN, activated=activated)
    who.suspended_at = now()
    factories.saved(who)
    guest.open(invited)

    page = guest.press(ACCEPT)

    assert page.status == 401
    assert "This account is suspended." in page.text
    assert members(place) == []


def test_an_account_that_comes_up_meanwhile_keeps_its_password(
    guest: Browser, invited: str, place: Organisation
) -> None:
    guest.open(invited)
    factories.account(ANN)

    page = guest.press(ACCEPT, name="Mallory", password=THEIRS)

    assert page.url == "/invitation"
    assert not [each for each in page.root.iter("input") if each.get("type") == "password"]
    assert members(place) == []
    guest.press(ACCEPT)
    assert members(place) == [(ANN, Role.TEACHER)]
    assert guest.sign_in(ANN, PASSWORD).url == "/home"


def test_an_account_that_goes_meanwhile_is_asked_for_anew(guest: Browser, invited: str) -> None:
    who = factories.account(ANN)
    guest.open(invited)
    db.session().delete(who)
    db.session().commit()

    page = guest.press(ACCEPT)

    assert page.url == "/invitation"
    assert guest.press(ACCEPT, password=GOOD).url == "/sign-in"


def test_people_get_in_where_nobody_registers(
    guest: Browser, invited: str, change_settings: Callable[..., None]
) -> None:
    change_settings(registration="invited")

    assert guest.open("/register").heading == "Joining is by invitation"
    guest.open(invited)
    guest.press(ACCEPT, password=GOOD)

    assert guest.sign_in(ANN, GOOD).url == "/home"
    assert guest.open("/register").heading == "Joining is by invitation"


# The stranger who was first


def test_a_stranger_who_registered_the_address_first_gets_nothing(
    guest: Browser, new_guest: Callable[..., Browser], invited: str, place: Organisation
) -> None:
    """They keep the browser, the password, and even a copy of the mail that they caused."""
    stranger = new_guest()
    stranger.open("/register")
    stranger.press("Register", email=ANN, name="Mallory", password=THEIRS)
    activation = "/activate?ticket=" + factories.ticket_in("activation")
    code = factories.latest_words("activation")["code"]
    stranger.open(activation)

    shown = guest.open(invited)
    guest.press(ACCEPT, name="Ann", password=GOOD)

    assert stranger.press("Confirm the address").status == 410
    assert stranger.open(activation).status == 410
    assert stranger.press("Confirm the address", identity=ANN, code=code).status == 400
    assert "do not match" in stranger.sign_in(ANN, THEIRS).text
    assert stranger.open("/home").url.startswith("/sign-in")
    assert members(place) == [(ANN, Role.TEACHER)]
    assert "Mallory" not in shown.text + guest.sign_in(ANN, GOOD).text
    assert count(Session) == 2  # the administrator's, and Ann's


def test_a_stranger_s_session_on_a_waiting_account_ends(
    guest: Browser, new_guest: Callable[..., Browser], invited: str
) -> None:
    who = factories.account(ANN, password=THEIRS)
    stranger = new_guest()
    stranger.sign_in(who, THEIRS)
    assert stranger.open("/account").url == "/account"
    who.activated_at = None
    factories.saved(who)

    guest.open(invited)
    guest.press(ACCEPT, name="Ann", password=GOOD)

    assert stranger.open("/account").url.startswith("/sign-in")
    assert sessions.all_of(factories.saved(who)) == []


def test_another_site_cannot_press_the_button(
    guest: Browser, invited: str, place: Organisation
) -> None:
    factories.account(ANN)
    token = values_of(guest.open(invited).form(ACCEPT))["csrf_token"]
    elsewhere = {"Origin": "https://evil.example"}

    sent = guest.send("POST", "/invitation", data={"csrf_token": token}, headers=elsewhere)
    without = guest.send("POST", "/invitation", headers={"Origin": HOST})

    assert (sent.status_code, without.status_code) == (403, 403)
    assert members(place) == []


def test_nobody_is_called_markup(guest: Browser, place: Organisation) -> None:
    hostile = '<script>alert("x")</script>'
    who = acting(member(Role.ACCOUNT_ADMIN, place, hostile), place)
    place.name = hostile
    factories.saved(place)
    invitations.invite(who, place.id, Role.STUDENT, Invitee(ANN, hostile), VISITOR)

    page = guest.open(link())

    assert hostile in page.text
    assert "<script>alert" not in page.response.text


def test_the_link_is_worth_nothing_to_programs(portal: Flask, invited: str) -> None:
    secret = invited.partition("ticket=")[2]
    client = portal.test_client()

    for path in ("/auth/activate", "/auth/account/activate"):
        assert client.get(f"{path}?ticket={secret}").status_code >= 400
    who = client.get("/api/v1/me", headers={"X-Auth-Token": secret, "X-User-Id": "x" * 17})
    assert who.status_code == 401
    assert count(Session) == 1  # the administrator's
    opened = db.session().scalars(select(Session.interface)).all()
    assert opened == [Interface.PAGES]


def test_sending_it_again_kills_the_link_that_went_before(
    guest: Browser, invited: str, boss: Account, place: Organisation, clock: Clock
) -> None:
    guest.open(invited)
    clock.advance(timedelta(minutes=1))
    [row] = db.session().scalars(select(Invitation))
    session = sessions.all_of(db.session().get_one(Account, boss.id))[0]
    who = authority.administrator(session, place.id)
    invitations.send_again(who, place.id, row.id, VISITOR)

    assert guest.press(ACCEPT, password=GOOD).status == 410
    assert guest.open(link()).status == 200
