"""An administrator who looks as somebody else, on the pages: what is open, and what is not."""

import re
import uuid
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.routing import Rule

from app import db
from app.models import Account, AuditEvent, Membership, Organisation, Role, Session
from app.operations import audit, sessions
from app.pages import looking_as
from tests import factories
from tests.conftest import Clock
from tests.factories import PASSWORD, VISITOR
from tests.pages.admin.conftest import member, open_session
from tests.pages.browser import Browser, text_of, values_of

WHY = "Ann cannot find her course; she called."
LOOKING = "You look as Ann Smith"
# Each page that is open meanwhile. Whatever is new is shut until it is listed in both places.
LISTED = {
    "home.start",
    "home.index",
    "home.seat",
    "home.switch",
    "account.index",
    "account.history",
    "account.sessions",
    "logos.logo",
    "docs.index",
    "docs.contract",
    "docs.static",
    "looking_as.stop",
    "sign_out.sign_out",
}
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


class World:
    """An administrator of the portal who looks as Ann, a student at X and much else."""

    def __init__(self, portal: Flask) -> None:
        self.x = factories.organisation("Xylo")
        self.ann = member(Role.STUDENT, self.x, "Ann Smith")
        self.chief = member(Role.SUPERUSER, name="Sue Super")
        self.browser = Browser(portal)
        self.browser.sign_in(self.chief)
        self.page = self.ask()

    @property
    def url(self) -> str:
        return f"/admin/accounts/{self.ann.id}"

    def ask(self, why: str = WHY) -> str:
        """Begin to look; return where that led."""
        self.browser.open(self.url)
        self.browser.click("Look as this person")
        return self.browser.press("Look as this person", reason=why).url

    @property
    def token(self) -> str:
        return values_of(self.browser.open("/home").form("Stop"))["csrf_token"]

    @property
    def secret(self) -> str:
        with self.browser.client.session_transaction() as kept:
            secret: str = kept["looking_as"][1]
        return secret

    def role(self, at: Organisation | None, role: Role = Role.STUDENT) -> Membership:
        return factories.membership(self.ann, at, role)

    def values(self, rule: Rule) -> dict[str, object]:
        """Return what an address of this rule names: what is Ann's, where it can be."""
        other = member(Role.STUDENT, self.x)
        mine = select(Membership.id).where(Membership.account_id == self.ann.id)
        known: dict[str, object] = {
            "organisation_id": self.x.id,
            "place_id": self.x.id,
            "account_id": other.id,
            "membership_id": db.session().scalars(mine).first(),
            "session_id": open_session(self.ann).id,
            "invitation_id": factories.invitation(self.x).id,
            "role": "student",
            "number": "001",
            "username": self.ann.short_id,
        }
        return {name: known.get(name, uuid.uuid4()) for name in rule.arguments}

    def address(self, rule: Rule) -> str:
        built = rule.build(self.values(rule))
        assert built
        return str(built[1])


@pytest.fixture
def world(portal: Flask) -> World:
    return World(portal)


@pytest.fixture(scope="module")
def rules(migrated: Flask) -> list[Rule]:
    return list(migrated.url_map.iter_rules())


def kept() -> str:
    """Return all that the database holds but when sessions were seen last."""
    db.session().execute(update(Session).values(last_seen_at=Session.opened_at))
    db.session().commit()
    return factories.everything_kept()


def is_api(rule: Rule) -> bool:
    return rule.endpoint.split(".")[0] in {"api", "openapi"}


def asset(rule: Rule) -> bool:
    return rule.endpoint.split(".")[0] in {"static", "bootstrap"}


def test_it_begins_on_the_accounts_page_and_leads_home_as_the_person(world: World) -> None:
    page = world.browser.shown

    assert world.page == "/home"
    assert page.places == ["Xylo"]
    assert LOOKING in page.text
    assert f"Reason: {WHY}" in page.text
    [who] = [each for each in page.root.iter("bdi") if each.get("class") == "who-name"]
    assert text_of(who) == "Ann Smith"


def test_the_page_before_says_what_will_happen(portal: Flask) -> None:
    browser, other = Browser(portal), member(Role.STUDENT, name="Ann Smith")
    browser.sign_in(member(Role.SUPERUSER))

    page = browser.open(f"/admin/accounts/{other.id}/look-as")

    for each in ("15 minutes", "A mail goes to the person", "none that administers"):
        assert each in page.main
    assert factories.mails("impersonated") == []


@pytest.mark.parametrize("why", ["", "too short", "x" * 501, "    short    ", "a\0" * 20])
def test_a_reason_is_required(portal: Flask, why: str) -> None:
    browser, other = Browser(portal), member(Role.STUDENT)
    browser.sign_in(member(Role.SUPERUSER))
    browser.open(f"/admin/accounts/{other.id}/look-as")

    page = browser.press("Look as this person", reason=why)

    assert page.status == 400
    assert "There is a problem" in page.main
    assert LOOKING not in page.text
    assert factories.mails("impersonated") == []


def test_it_asks_for_a_fresh_proof_and_comes_back(portal: Flask, clock: Clock) -> None:
    browser, other = Browser(portal), member(Role.STUDENT, name="Ann Smith")
    browser.sign_in(member(Role.SUPERUSER))
    clock.advance(sessions.STEP_UP)

    asked = browser.open(f"/admin/accounts/{other.id}/look-as")
    assert asked.url.startswith("/confirm")
    again = browser.press("Continue", password=PASSWORD)

    assert again.url == f"/admin/accounts/{other.id}/look-as"


def test_nobody_upwards_or_sideways_is_offered_or_done(portal: Flask) -> None:
    browser, other = Browser(portal), member(Role.SUPERUSER, name="Olga Other")
    browser.sign_in(member(Role.SUPERUSER))
    shown = browser.open(f"/admin/accounts/{other.id}")
    assert "Look as this person" not in shown.main

    page = browser.open(f"/admin/accounts/{other.id}/look-as")
    assert page.status == 403
    assert "their role is not below yours" in page.main
    refused = browser.press("Look as this person", reason=WHY)

    assert refused.status == 403
    assert factories.mails("impersonated") == []


def test_another_window_of_the_administrator_is_told_to_stop_first(
    world: World, portal: Flask
) -> None:
    other = Browser(portal, "198.51.100.9")
    other.sign_in(world.chief)
    other.open(f"{world.url}/look-as")

    page = other.press("Look as this person", reason=WHY)

    assert page.status == 409
    assert "You look as somebody already" in page.main


# The gate


def test_the_list_of_open_pages_is_this_one(rules: list[Rule]) -> None:
    assert looking_as.OPEN == LISTED
    assert {rule.endpoint for rule in rules} >= LISTED


def test_every_page_that_is_not_listed_is_shut_and_changes_nothing(
    world: World, rules: list[Rule]
) -> None:
    token = world.token
    shut = [each for each in rules if each.endpoint not in LISTED and not asset(each)]
    pages = [each for each in shut if not is_api(each)]
    assert len(pages) > 150
    for rule in pages:
        url = world.address(rule)
        before = kept()
        for method in (rule.methods or set()) & METHODS:
            form = {"csrf_token": token, "reason": WHY, "password": PASSWORD, "code": "123456"}
            data = form if method != "GET" else None
            sent = world.browser.send(method, url, data=data)
            assert sent.status_code == 403, (method, rule.endpoint)
            assert LOOKING in re.sub(r"<[^>]+>", "", sent.text), rule.endpoint
        assert kept() == before, rule.endpoint


def test_no_contract_takes_it_or_hands_anything_out(world: World, rules: list[Rule]) -> None:
    secret = world.secret
    named = {"X-Auth-Token": secret, "X-User-Id": world.ann.short_id}
    stranger = Browser(world.browser.app)
    for rule in filter(is_api, rules):
        url = world.address(rule)
        before = kept()
        for method in (rule.methods or set()) & METHODS:
            for told in ({"Authorization": f"Bearer {secret}"}, named):
                body = None if method == "GET" else {"resume": secret, "refreshToken": secret}
                sent = world.browser.send(method, url, headers=told, json=body)
                nonsense = dict.fromkeys(told, "nonsense")
                alike = stranger.send(method, url, headers=nonsense, json=body)
                assert sent.status_code == alike.status_code, (method, rule.rule)
                assert "Ann Smith" not in sent.text
        assert kept() == before, rule.rule


def test_confirming_is_refused_with_a_sentence_of_its_own(world: World) -> None:
    page = world.browser.open("/confirm")

    assert page.status == 403
    assert "Only the person can prove who they are." in page.main
    assert "Stop" in page.text


def test_every_open_page_opens_and_wears_the_banner(world: World) -> None:
    seat = f"/o/{world.x.id}/student/"
    world.browser.open("/home")
    world.browser.press("Switch: Xylo")
    for url in ("/home", "/account", "/account/history", "/account/sessions", seat, "/docs"):
        page = world.browser.open(url)
        assert (page.url, page.status) == (url, 200)
        assert LOOKING in page.text
    missing = world.browser.open("/nowhere")
    assert missing.status == 404
    assert LOOKING in missing.text
    old = world.browser.send("POST", "/account/name", data={"csrf_token": "old"})
    assert (old.status_code, "looking-why" in old.text) == (403, True)


def test_nothing_that_is_shut_is_offered(world: World) -> None:
    for url in ("/home", "/account", "/account/sessions", "/account/history"):
        page = world.browser.open(url)
        adapter = world.browser.app.url_map.bind("localhost")
        for link in page.root.iter("a"):
            path = link.attrib["href"].partition("?")[0]
            if path.startswith("/"):
                endpoint, _values = adapter.match(path)
                assert endpoint in LISTED, (url, path)
        for form in page.root.iter("form"):
            endpoint, _values = adapter.match(form.attrib["action"], method="POST")
            assert endpoint in LISTED, (url, form.attrib["action"])


# Seats


def test_a_seat_is_taken_without_its_factor_and_told_with_who_did_it(world: World) -> None:
    strict = factories.organisation("Strict", factorForTeachers="app")
    world.role(strict, Role.TEACHER)
    world.browser.open("/home")

    page = world.browser.press("Switch: Strict")

    assert page.url == f"/o/{strict.id}/teacher/"
    db.session().rollback()
    [taken] = db.session().scalars(select(AuditEvent).where(AuditEvent.what == "seat_taken"))
    assert (taken.account_id, taken.by_account_id) == (world.ann.id, world.chief.id)


def test_no_seat_that_administers_is_taken(world: World) -> None:
    role = world.role(factories.organisation("Strict"), Role.ACCOUNT_ADMIN)
    page = world.browser.open("/home")
    assert "Nobody administers in somebody else's place." in page.card("Strict")
    token = world.token

    sent = world.browser.send("POST", f"/home/seats/{role.id}", data={"csrf_token": token})

    assert sent.status_code == 303
    assert sent.headers["Location"] == "/home"
    url = f"/o/{role.organisation_id}/admin/"
    assert world.browser.send("GET", url).status_code == 403


def test_no_superusers_seat_is_taken_and_its_pages_stay_shut(world: World) -> None:
    for url in ("/admin/", "/superuser/", world.url):
        assert world.browser.send("GET", url).status_code == 403


def test_a_seat_of_somebody_else_or_of_a_shut_place_is_not_taken(world: World) -> None:
    foreign = factories.membership(world.chief, factories.organisation())
    token = world.token

    sent = world.browser.send("POST", f"/home/seats/{foreign.id}", data={"csrf_token": token})

    assert sent.status_code == 404


# The end


def test_stopping_leads_back_to_the_account_as_oneself(world: World) -> None:
    world.browser.open("/account/history")

    page = world.browser.press("Stop")

    assert page.url == world.url
    assert "You no longer look as somebody else." in page.text
    assert LOOKING not in page.text
    assert world.browser.open("/admin/").status == 200


def test_after_fifteen_minutes_one_is_back_with_a_sentence(world: World, clock: Clock) -> None:
    clock.advance(timedelta(minutes=15))

    page = world.browser.open("/account/history")

    assert page.url == world.url
    assert "The fifteen minutes are over" in page.text
    assert LOOKING not in page.text


def test_what_was_sent_too_late_comes_to_nothing(world: World, clock: Clock) -> None:
    """Neither in the person's name nor in the administrator's own."""
    token = world.token
    role = factories.membership(world.chief, factories.organisation())
    clock.advance(timedelta(minutes=15))

    sent = world.browser.send("POST", f"/home/seats/{role.id}", data={"csrf_token": token})

    assert sent.headers["Location"] == world.url
    assert f"/o/{role.organisation_id}" not in sent.headers["Location"]
    db.session().rollback()
    assert not db.session().scalars(select(AuditEvent).where(AuditEvent.what == "seat_taken")).all()


def test_an_account_admin_comes_back_to_their_own_pages(portal: Flask) -> None:
    place = factories.organisation("Xavier's School")
    other, browser = member(Role.STUDENT, place, "Ann Smith"), Browser(portal)
    browser.sign_in(member(Role.ACCOUNT_ADMIN, place))
    url = f"/o/{place.id}/admin/accounts/{other.id}"
    browser.open(url)
    browser.click("Look as this person")
    browser.press("Look as this person", reason=WHY)

    assert browser.press("Stop").url == url


def test_a_lost_role_leads_home(world: World) -> None:
    theirs = Membership.account_id == world.chief.id
    member(Role.SUPERUSER)
    for row in db.session().scalars(select(Membership).where(theirs)).all():
        db.session().delete(row)
    db.session().commit()

    page = world.browser.open("/account")

    assert page.url == "/home"
    assert "no longer allowed" in page.text
    assert "Sue Super" in page.text


def test_who_is_signed_out_elsewhere_has_to_sign_in(world: World, portal: Flask) -> None:
    other = Browser(portal, "198.51.100.9")
    other.sign_in(world.chief)
    other.open("/account/sessions")
    other.press("End all other sessions")

    page = world.browser.open("/account")

    assert page.url.startswith("/sign-in")
    assert LOOKING not in page.text
    assert world.browser.sign_in(world.chief).url == world.url
    assert LOOKING not in world.browser.shown.text


def test_signing_out_ends_both(world: World) -> None:
    world.browser.open("/account")

    page = world.browser.press("Sign out")

    assert page.url == "/sign-in"
    assert factories.sessions_open() == 0
    assert world.browser.open("/home").url == "/sign-in"


def test_signing_out_too_late_ends_the_own_session_too(world: World, clock: Clock) -> None:
    token = world.token
    clock.advance(timedelta(minutes=15))

    world.browser.send("POST", "/sign-out", data={"csrf_token": token})

    assert factories.sessions_open() == 0


def test_stopping_what_is_not_there_leads_home(portal: Flask) -> None:
    browser = Browser(portal)
    browser.sign_in(factories.account())
    token = values_of(browser.shown.form("Sign out"))["csrf_token"]

    sent = browser.send("POST", "/looking-as/stop", data={"csrf_token": token})

    assert (sent.status_code, sent.headers["Location"]) == (303, "/home")


def test_a_removed_person_leads_home(world: World) -> None:
    db.session().delete(db.session().get_one(Account, world.ann.id))
    db.session().commit()

    assert world.browser.open("/account").url == "/home"


# What the person sees


def test_the_person_sees_it_among_the_sessions_and_ends_it(world: World, portal: Flask) -> None:
    mine = Browser(portal, "198.51.100.9")
    mine.sign_in(world.ann)
    page = mine.open("/account/sessions")
    card = page.card("An administrator looks as you")
    assert "It is Sue Super, until" in card
    assert f"Reason given: {WHY}" in card

    page = mine.press("End this session")

    assert len(page.cards) == 1
    assert "That session is ended." in page.text
    assert "You no longer look as somebody else" not in world.browser.open("/account").main
    assert "It was ended" in world.browser.shown.text or world.browser.shown.url == world.url


def test_the_history_tells_both_ends_with_who_and_why(world: World, portal: Flask) -> None:
    world.browser.open("/home")
    world.browser.press("Stop")
    mine = Browser(portal, "198.51.100.9")
    mine.sign_in(world.ann)

    page = mine.open("/account/history")

    for words in ("An administrator began to look as this person", "Looking as this person ended"):
        [line] = [text_of(each) for each in page.root.iter("li") if words in text_of(each)]
        assert "It was Sue Super" in line
        assert f"Reason given: {WHY}" in line
        assert "By an administrator" in line


def test_names_and_reasons_are_only_text(portal: Flask) -> None:
    markup = "<script>alert('hello')</script>"
    browser, other = Browser(portal), member(Role.STUDENT, name=markup)
    browser.sign_in(member(Role.SUPERUSER))
    browser.open(f"/admin/accounts/{other.id}/look-as")

    page = browser.press("Look as this person", reason=markup)

    assert f"You look as {markup}" in page.text
    assert f"Reason: {markup}" in page.text


def test_an_organisation_s_administrator_sees_nothing_of_where_somebody_was_before(
    portal: Flask,
) -> None:
    x, y = factories.organisation("Xylo"), factories.organisation("Yonder School")
    ann = member(Role.STUDENT, x, "Ann Smith")
    for at in (x, y, None):
        with db.transaction():
            audit.record(
                "name_changed", VISITOR, account_id=ann.id, organisation_id=at.id if at else None
            )
    shown = {}
    for prefix, chief in (
        (f"/o/{x.id}/admin", member(Role.ACCOUNT_ADMIN, x)),
        ("/admin", member(Role.SUPERUSER)),
    ):
        browser = Browser(portal)
        browser.sign_in(chief)
        browser.open(f"{prefix}/accounts/{ann.id}")
        browser.click("Look as this person")
        browser.press("Look as this person", reason=WHY)
        text = browser.open("/account/history").main
        shown[prefix] = ("At Xylo" in text, "Yonder" in text, text.count("name was changed"))

    assert list(shown.values()) == [(True, False, 2), (True, True, 3)]
