"""Every page of administration × everybody: who may open what, and for whom it is not there."""

import uuid

import pytest
from flask import Flask
from werkzeug.routing import Rule

from app.models import Account, Organisation, Role
from app.pages.admin import PREFIXES
from tests import factories
from tests.pages.admin.conftest import member, open_session
from tests.pages.browser import Browser, values_of

BOTH, SUPERUSERS = "both seats", "superusers"
# Each page, and whose seat opens it. A page without a row here fails the first test.
OPENS = {
    "overview": BOTH,
    "chart": BOTH,
    "organisations": BOTH,
    "create_organisation": SUPERUSERS,
    "export_organisations": SUPERUSERS,
    "one_organisation": BOTH,
    "rules": BOTH,
    "change_rules": BOTH,
    "rename_organisation": BOTH,
    "change_colour": BOTH,
    "change_logo": BOTH,
    "remove_logo": BOTH,
    "mark_organisation": SUPERUSERS,
    "ask_to_suspend_organisation": SUPERUSERS,
    "suspend_organisation": SUPERUSERS,
    "reactivate_organisation": SUPERUSERS,
    "invitations_of": BOTH,
    "export_invitations": BOTH,
    "new_invitation": BOTH,
    "invite": BOTH,
    "new_invitation_list": BOTH,
    "invite_list": BOTH,
    "send_invitation_again": BOTH,
    "ask_to_withdraw_invitation": BOTH,
    "withdraw_invitation": BOTH,
    "accounts": BOTH,
    "export_accounts": BOTH,
    "selected": BOTH,
    "act_on_selected": BOTH,
    "account": BOTH,
    "end_session": BOTH,
    "cannot_sign_in": BOTH,
    "examine": BOTH,
    "verdict": BOTH,
    "new_account": SUPERUSERS,
    "create_account": SUPERUSERS,
    "send_activation": BOTH,
    "send_activation_page": BOTH,
    "suspend": BOTH,
    "suspend_page": BOTH,
    "reactivate": BOTH,
    "reactivate_page": BOTH,
    "unlock": BOTH,
    "unlock_page": BOTH,
    "unlock_here": BOTH,
    "unlock_network": SUPERUSERS,
    "unlock_network_page": SUPERUSERS,
    "unlock_here_page": BOTH,
    "send_reset": BOTH,
    "send_reset_page": BOTH,
    "send_reset_here": BOTH,
    "send_reset_here_page": BOTH,
    "remove_factor": BOTH,
    "remove_factor_page": BOTH,
    "end_sessions": BOTH,
    "end_sessions_page": BOTH,
    "end_seats": BOTH,
    "end_seats_page": BOTH,
    "look_as": BOTH,
    "look_as_page": BOTH,
    "add_role": BOTH,
    "add_role_page": BOTH,
    "change_role": BOTH,
    "change_role_page": BOTH,
    "remove_role": BOTH,
    "remove_role_page": BOTH,
    "imports": BOTH,
    "new_import": BOTH,
    "upload_import": BOTH,
    "one_import": BOTH,
    "import_columns": BOTH,
    "map_import": BOTH,
    "ask_to_run_import": BOTH,
    "run_import": BOTH,
    "ask_to_stop_import": BOTH,
    "stop_import": BOTH,
    "ask_to_undo_import": BOTH,
    "undo_import": BOTH,
    "import_result": BOTH,
    "everybody": SUPERUSERS,
    "end_everybody": SUPERUSERS,
    "audit": BOTH,
    "export_audit": BOTH,
    "verification": SUPERUSERS,
    "verify_audit": SUPERUSERS,
    "make_checkpoint": SUPERUSERS,
    "mail": SUPERUSERS,
    "export_mail": SUPERUSERS,
    "send_mail_again": SUPERUSERS,
    "directory": SUPERUSERS,
    "try_directory": SUPERUSERS,
}
SOMEBODY = "6f0c1f7e-3a5c-4a43-9a0b-3b2f0f6f7d11"


class World:
    """Two organisations, and one browser for each kind of person."""

    def __init__(self, portal: Flask) -> None:
        self.portal = portal
        self.x, self.y = factories.organisation("X"), factories.organisation("Y")
        self.spare = factories.organisation("Z")
        self.people = {
            "superuser": self.browser(member(Role.SUPERUSER)),
            "account admin of X": self.browser(member(Role.ACCOUNT_ADMIN, self.x)),
            "account admin of Y": self.browser(member(Role.ACCOUNT_ADMIN, self.y)),
            "teacher": self.browser(member(Role.TEACHER, self.x)),
            "student": self.browser(member(Role.STUDENT, self.x)),
            "stranger": Browser(self.portal),
        }

    def browser(self, who: Account) -> Browser:
        browser = Browser(self.portal)
        browser.sign_in(who)
        assert browser.shown.url == "/home"
        return browser

    def url(self, rule: Rule, at: Organisation | None = None) -> str:
        values: dict[str, object] = dict.fromkeys(rule.arguments, SOMEBODY)
        portal = "organisation_id" not in rule.arguments
        place = self.spare if portal else self.x  # the spare one will be suspended
        values["place_id"] = place.id
        values["invitation_id"] = factories.invitation(place).id
        values["topic"] = "sign-ins"
        values["mail_id"] = factories.mail(state="failed").id
        values["import_id"] = factories.imported(self.x).id
        values |= a_target(self.x)
        if "organisation_id" in rule.arguments:
            values["organisation_id"] = (at or self.x).id
        built = rule.build(values)
        assert built
        return str(built[1])


def a_target(at: Organisation) -> dict[str, object]:
    """Return somebody new at an organisation: the ids of account, membership and session."""
    who = factories.account(password=None)
    role = factories.membership(who, at)
    return {
        "account_id": who.id,
        "membership_id": role.id,
        "session_id": open_session(who, role).id,
    }


@pytest.fixture(scope="module")
def rules(migrated: Flask) -> list[Rule]:
    return [
        rule for rule in migrated.url_map.iter_rules() if rule.endpoint.split(".")[0] in PREFIXES
    ]


@pytest.fixture
def world(portal: Flask) -> World:
    return World(portal)


def name_of(rule: Rule) -> str:
    return str(rule.endpoint.split(".")[1])


def methods_of(rule: Rule) -> set[str]:
    return (rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}


def status(browser: Browser, method: str, url: str, at: Organisation) -> int:
    if method == "GET":
        return browser.send("GET", url).status_code
    home = browser.open("/home")
    button = "Sign out" if home.url == "/home" else "Sign in"
    token: str = values_of(home.form(button))["csrf_token"]
    return browser.send(method, url, data={"csrf_token": token, "at": str(at.id)}).status_code


def test_every_page_has_a_row_and_every_row_a_page(rules: list[Rule]) -> None:
    assert {name_of(rule) for rule in rules} == set(OPENS)


def test_both_seats_have_the_same_pages(rules: list[Rule]) -> None:
    pages = {
        prefix: {
            (name_of(r), r.rule.removeprefix(PREFIXES[prefix]), *sorted(methods_of(r)))
            for r in rules
            if r.endpoint.startswith(f"{prefix}.")
        }
        for prefix in PREFIXES
    }

    assert pages["admin"] == pages["organisation_admin"]


def test_each_seat_opens_its_own_pages_and_nobody_else_s(world: World, rules: list[Rule]) -> None:
    for rule in rules:
        for method in methods_of(rule):
            for who, browser in world.people.items():
                opened = status(browser, method, world.url(rule), world.x) != 404
                expected = who == "stranger" or who in _whose(rule)
                assert opened == expected, (who, method, rule.rule)


def test_strangers_are_led_to_signing_in(world: World, rules: list[Rule]) -> None:
    for rule in rules:
        for method in methods_of(rule):
            assert status(world.people["stranger"], method, world.url(rule), world.x) == 303


def test_an_organisation_that_is_not_there_is_answered_like_anothers(
    world: World, rules: list[Rule]
) -> None:
    nowhere = Organisation(id=uuid.uuid4())
    chief = world.people["account admin of X"]
    for rule in rules:
        if "organisation_id" in rule.arguments and "GET" in methods_of(rule):
            theirs = chief.open(world.url(rule, world.y))
            nobodys = chief.open(world.url(rule, nowhere))
            assert (theirs.status, nobodys.status) == (404, 404)
            assert theirs.main.partition("Request")[0] == nobodys.main.partition("Request")[0]


def test_a_seat_that_is_not_taken_is_offered(portal: Flask) -> None:
    who = member(Role.STUDENT, factories.organisation("Elsewhere"))
    place = factories.organisation("Careful")
    factories.membership(who, place, Role.ACCOUNT_ADMIN)
    browser = Browser(portal)
    browser.sign_in(who)
    browser.press("Continue: Elsewhere")

    page = browser.open(f"/o/{place.id}/admin/")

    assert page.url.startswith("/home")
    assert "You have not taken this seat yet." in page.text


def _whose(rule: Rule) -> set[str]:
    portal = rule.endpoint.startswith("admin.")
    if portal:
        return {"superuser"}
    return {"account admin of X"} if OPENS[name_of(rule)] == BOTH else set()
