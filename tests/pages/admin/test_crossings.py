"""From one organisation into another: nothing is seen, nothing is changed, nothing is told.

An account administrator of X tries every address and every form with what belongs to Y. Each
answer is compared with the answer to the same question about something that does not exist.
"""

import re
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import delete, select, update
from werkzeug.test import TestResponse

from app import db
from app.db import Base
from app.models import Account, Counted, Membership, Organisation, Role
from app.operations import audit
from app.pages.admin.act_words import WORDS
from tests import factories
from tests.conftest import Clock
from tests.factories import VISITOR
from tests.operations.audit_events import happen
from tests.operations.test_account_list import counted, lock
from tests.pages.admin.conftest import member, open_session
from tests.pages.browser import Browser, values_of

NOBODY = "00000000-0000-4000-8000-000000000000"
REQUEST_ID = re.compile(r'id="request-id">[^<]*<|csrf_token" value="[^"]*"')
Request = tuple[str, str, dict[str, str]]  # method, address below the seat's own, form
TARGETS = ["pupil of Y", "admin of Y", "superuser", "of nowhere"]


class Worlds:
    """X, whose administrator knocks everywhere; Y, which is to notice nothing."""

    def __init__(self, portal: Flask) -> None:
        self.x, self.y = factories.organisation("Xylo"), factories.organisation("Yonder School")
        self.both = member(Role.STUDENT, self.x, "Both Places")
        self.there = factories.membership(self.both, self.y, Role.TEACHER)
        factories.own_password(self.both, self.y)
        self.targets = {
            "pupil of Y": self.hidden(Role.STUDENT, self.y),
            "admin of Y": self.hidden(Role.ACCOUNT_ADMIN, self.y),
            "superuser": self.hidden(Role.SUPERUSER),
            "of nowhere": factories.account(name="Hidden nowhere"),
        }
        for who in self.targets.values():
            factories.app_of(who)
        self.mail = factories.mail(to=self.targets["pupil of Y"], state="failed")
        factories.invitation(self.y, "hidden@example.org")
        self.sessions = {name: open_session(who) for name, who in self.targets.items()}
        self.chief = Browser(portal)
        self.chief.sign_in(member(Role.ACCOUNT_ADMIN, self.x, "Alex Admin"))
        home = self.chief.open("/home")
        self.token = values_of(home.form("Sign out"))["csrf_token"]

    def hidden(self, role: Role, at: Organisation | None = None) -> Account:
        return member(role, at, f"Hidden {role.value}")

    def role_of(self, name: str) -> str:
        theirs = select(Membership.id).where(Membership.account_id == self.targets[name].id)
        return str(db.session().scalar(theirs) or NOBODY)

    def ask(self, method: str, url: str, **data: Any) -> TestResponse:
        if method == "GET":
            return self.chief.send("GET", f"{url}?{urlencode(data)}" if data else url)
        return self.chief.send("POST", url, data={"csrf_token": self.token, **data})

    @property
    def secrets(self) -> list[str]:
        """What of Y and of those hidden must stand in no answer."""
        told = ["Yonder", "Hidden", str(self.y.id), self.y.id.hex, str(self.there.id)]
        for who in self.targets.values():
            told += [who.email or "", str(who.id), who.short_id]
        return told


@pytest.fixture
def worlds(portal: Flask, clock: Clock) -> Worlds:  # noqa: ARG001 (nothing changes with time)
    return Worlds(portal)


def routes(account: str, membership: str, session: str) -> Iterator[Request]:
    """Yield every request about one account."""
    base = f"accounts/{account}"
    yield "GET", base, {}
    yield "GET", f"cannot-sign-in/{account}", {}
    for said in WORDS.values():
        yield "GET", f"{base}/{said.slug}", {}
        yield "POST", f"{base}/{said.slug}", {}
    yield "GET", f"{base}/look-as", {}
    yield "POST", f"{base}/look-as", {"reason": "They called and asked for help."}
    yield "GET", f"{base}/roles/new", {}
    yield "POST", f"{base}/roles/new", {"role": "student"}
    for what, form in (("change", {"role": "student"}), ("remove", {})):
        yield "GET", f"{base}/roles/{membership}/{what}", {}
        yield "POST", f"{base}/roles/{membership}/{what}", form
    yield "POST", f"{base}/sessions/{session}/end", {}


def everything() -> dict[str, list[Any]]:
    """Return all that the database holds."""
    db.session().rollback()
    tables = Base.metadata.sorted_tables
    return {t.name: sorted(map(repr, db.session().execute(t.select()))) for t in tables}


def body(answer: TestResponse) -> str:
    return REQUEST_ID.sub("", answer.text)


@pytest.mark.parametrize("name", TARGETS)
def test_every_address_of_an_account_elsewhere_is_one_of_nobody(worlds: Worlds, name: str) -> None:
    who, session = worlds.targets[name], worlds.sessions[name]
    theirs = routes(str(who.id), worlds.role_of(name), str(session.id))
    nobodys = routes(NOBODY, NOBODY, NOBODY)
    before = everything()

    for (method, url, form), (_, nowhere, _form) in zip(theirs, nobodys, strict=True):
        with counted() as sent:
            answer = worlds.ask(method, f"/o/{worlds.x.id}/admin/{url}", **form)
        with counted() as sent_about_nobody:
            expected = worlds.ask(method, f"/o/{worlds.x.id}/admin/{nowhere}", **form)

        assert answer.status_code == expected.status_code == 404, (method, url)
        assert body(answer) == body(expected), (method, url)
        assert len(sent) == len(sent_about_nobody), "the time it takes would tell"
    assert everything() == before


@pytest.mark.parametrize("prefix", ["/o/{y}/admin", "/admin"])
def test_every_address_at_a_seat_that_is_not_held_is_one_of_nobody(
    worlds: Worlds, prefix: str
) -> None:
    who, session = worlds.targets["pupil of Y"], worlds.sessions["pupil of Y"]
    base = prefix.format(y=worlds.y.id)
    pages = [
        "",
        "charts/sign-ins.svg",
        "accounts",
        "accounts/selected",
        "accounts/new",
        "sign-everybody-out",
        "cannot-sign-in",
        "audit",
    ]
    before = everything()

    tried = [
        *routes(str(who.id), worlds.role_of("pupil of Y"), str(session.id)),
        *(("GET", each, {}) for each in pages),
        ("POST", "accounts/export", {}),
        ("GET", "organisations", {}),
        ("POST", "organisations/export", {}),
        ("POST", f"organisations/{worlds.y.id}/invitations/export", {}),
        ("GET", "mail", {}),
        ("POST", "mail/export", {}),
        ("POST", f"mail/{worlds.mail.id}/again", {}),
        ("POST", "accounts/selected", {"act": "suspend", "who": who.short_id}),
        ("POST", "accounts/new", {"email": "new@example.org"}),
        ("POST", "cannot-sign-in", {"identity": who.email or ""}),
        ("POST", "sign-everybody-out", {"words": "sign everybody out"}),
    ]
    for method, url, form in tried:
        answer = worlds.ask(method, f"{base}/{url}", **form)
        expected = worlds.ask(method, f"/o/{NOBODY}/admin/{url}", **form)
        assert answer.status_code == expected.status_code == 404, (method, url)
        assert body(answer) == body(expected)
    assert everything() == before


def test_the_portal_s_mail_and_organisations_are_not_there_for_an_organisation_s_seat(
    worlds: Worlds,
) -> None:
    base = f"/o/{worlds.x.id}/admin"
    before = everything()

    for method, url in (
        ("GET", "mail"),
        ("POST", "mail/export"),
        ("POST", f"mail/{worlds.mail.id}/again"),
        ("POST", f"mail/{NOBODY}/again"),
        ("POST", "organisations/export"),
    ):
        answer = worlds.ask(method, f"{base}/{url}")
        assert answer.status_code == 404, url
        assert not [each for each in worlds.secrets if each in answer.text]
    assert everything() == before


def test_another_organisation_s_invitations_are_exported_like_nobody_s(worlds: Worlds) -> None:
    base = f"/o/{worlds.x.id}/admin/organisations"
    before = everything()

    theirs = worlds.ask("POST", f"{base}/{worlds.y.id}/invitations/export", state="open")
    nobodys = worlds.ask("POST", f"{base}/{NOBODY}/invitations/export", state="open")

    assert theirs.status_code == nobodys.status_code == 404
    assert body(theirs) == body(nobodys)
    assert everything() == before


def test_passwords_and_administrators_of_another_place_are_not_told(worlds: Worlds) -> None:
    base = f"/o/{worlds.x.id}/admin"

    listed = worlds.ask("GET", f"{base}/accounts", state="own-password")
    shown = worlds.ask("GET", f"{base}/organisations/{worlds.x.id}")

    assert "Nobody fits that" in listed.text
    assert "everybody signs in here with their account" in shown.text
    assert not [each for each in worlds.secrets if each in listed.text + shown.text]


def test_what_somebody_of_both_has_at_the_other_place_is_not_there(worlds: Worlds) -> None:
    session = open_session(worlds.both, None)
    before = everything()

    tried = routes(str(worlds.both.id), str(worlds.there.id), str(session.id))
    theirs = [each for each in tried if str(worlds.there.id) in each[1] or "/sessions/" in each[1]]
    assert len(theirs) == 5
    for method, url, form in theirs:
        answer = worlds.ask(method, f"/o/{worlds.x.id}/admin/{url}", **form)
        assert answer.status_code == 404, (method, url)
    assert everything() == before


def test_what_is_shown_of_somebody_of_both_tells_nothing_of_the_other_place(
    worlds: Worlds,
) -> None:
    base = f"/o/{worlds.x.id}/admin/accounts"

    for url in (base, f"{base}/{worlds.both.id}", f"{base}?q=both", f"{base}?state=active"):
        answer = worlds.ask("GET", url)
        assert answer.status_code == 200
        assert not [each for each in worlds.secrets if each in answer.text], url


def test_why_somebody_of_both_cannot_sign_in_tells_nothing_of_the_other_place(
    worlds: Worlds,
) -> None:
    factories.app_of(worlds.both)
    factories.invitation(worlds.y, worlds.both.email or "", Role.ACCOUNT_ADMIN)
    lock(Counted.MEMBERSHIP, str(worlds.there.id))
    lock(Counted.MEMBERSHIP, f"{worlds.there.id}:device:{'0' * 32}")
    lock(Counted.IDENTITY, f"account:{worlds.both.id}")

    answer = worlds.ask("GET", f"/o/{worlds.x.id}/admin/cannot-sign-in/{worlds.both.id}")

    assert answer.status_code == 200
    for told in [*worlds.secrets, "ocked", "Authenticator app", "Teacher", "Opens with"]:
        assert told not in answer.text, told


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("by", ["address", "username", "capitals"])
def test_whoever_is_elsewhere_is_nobody_here_by_any_name(
    worlds: Worlds, name: str, by: str
) -> None:
    who = worlds.targets[name]
    with db.transaction() as session:
        named = update(Account).where(Account.id == who.id)
        session.execute(named.values(username="hid.den", username_key="hid.den"))
    factories.invitation(worlds.y, who.email or "")
    typed = {"address": who.email, "username": "hid.den", "capitals": (who.email or "").upper()}
    nobody = {"address": "no@example.org", "username": "no.body", "capitals": "NO@EXAMPLE.ORG"}
    url = f"/o/{worlds.x.id}/admin/cannot-sign-in"
    before = everything()

    with counted() as sent:
        answer = worlds.ask("POST", url, identity=typed[by] or "")
    with counted() as sent_about_nobody:
        expected = worlds.ask("POST", url, identity=nobody[by])

    assert answer.status_code == expected.status_code == 404
    shown = body(answer).replace(f'value="{typed[by]}"', "")
    assert shown == body(expected).replace(f'value="{nobody[by]}"', "")
    assert not [told for told in worlds.secrets if told in shown]
    assert sent == sent_about_nobody
    assert everything() == before


def test_what_touches_all_of_somebody_of_both_is_refused_alike(worlds: Worlds) -> None:
    slugs = "suspend reactivate unlock send-reset remove-factor end-sessions send-activation"
    base = f"/o/{worlds.x.id}/admin/accounts/{worlds.both.id}"
    before = everything()

    for slug in slugs.split():
        for method in ("GET", "POST"):
            answer = worlds.ask(method, f"{base}/{slug}")
            assert answer.status_code == 403
            assert "Yonder" not in answer.text
    assert everything() == before


QUERIES: list[dict[str, str]] = [
    {"q": "hidden"},
    {"q": "Hidden Student"},
    {"q": "person"},
    {"organisation": "y"},
    {"organisation": "y", "q": "hidden"},
    {"organisation": "y", "role": "student"},
    {"role": "superuser"},
    {"role": "account-admin"},
    {"role": "student", "q": "hidden"},
    {"role": "teacher"},
    {"state": "active"},
    {"state": "not-activated"},
    {"state": "suspended"},
    {"state": "locked"},
    {"sort": "newest"},
    {"sort": "name-down", "organisation": "y"},
]


@pytest.mark.parametrize("query", QUERIES)
def test_no_filter_shows_anybody_of_another_place(worlds: Worlds, query: dict[str, str]) -> None:
    asked = {k: str(worlds.y.id) if v == "y" else v for k, v in query.items()}

    listed = worlds.ask("GET", f"/o/{worlds.x.id}/admin/accounts", **asked)
    exported = worlds.ask("POST", f"/o/{worlds.x.id}/admin/accounts/export", **asked)

    assert (listed.status_code, exported.status_code) == (200, 200)
    shown = listed.text.replace(f'value="{asked.get("q")}"', "")
    assert not [each for each in worlds.secrets if each in shown]
    assert not [each for each in worlds.secrets if each in exported.text]


def test_a_filter_of_another_place_is_answered_like_none(worlds: Worlds) -> None:
    base = f"/o/{worlds.x.id}/admin/accounts"

    answers = {
        body(worlds.ask("GET", base, **query))
        for query in ({}, {"organisation": str(worlds.y.id)}, {"organisation": NOBODY})
    }

    assert len(answers) == 1


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("act", ["suspend", "reactivate", "end-sessions", "send-activation"])
def test_a_choice_of_somebody_elsewhere_is_one_of_nobody(
    worlds: Worlds, name: str, act: str
) -> None:
    url = f"/o/{worlds.x.id}/admin/accounts/selected"
    before = everything()

    theirs = worlds.ask("GET", url, act=act, who=worlds.targets[name].short_id)
    nobodys = worlds.ask("GET", url, act=act, who="nobody")
    assert body(theirs) == body(nobodys)
    sent = worlds.ask("POST", url, act=act, who=worlds.targets[name].short_id)

    assert sent.status_code == 303
    assert everything() == before


def test_an_address_taken_elsewhere_is_not_told_by_adding_it(worlds: Worlds) -> None:
    taken = worlds.targets["pupil of Y"].email or ""

    for address in (taken, "free@example.org"):
        answer = worlds.ask("POST", f"/o/{worlds.x.id}/admin/accounts/new", email=address)
        assert answer.status_code == 404


def test_a_cursor_of_another_place_leads_nowhere(worlds: Worlds, portal: Flask) -> None:
    for number in range(26):
        factories.membership(factories.account(name=f"Y {number:02}", password=None), worlds.y)
    other = Browser(portal)
    other.sign_in(member(Role.ACCOUNT_ADMIN, worlds.y, "Yara Admin"))
    query = other.open(f"/o/{worlds.y.id}/admin/accounts").link("Next page").partition("?")[2]

    assert worlds.chief.open(f"/o/{worlds.x.id}/admin/accounts?{query}").status == 400


def test_a_cursor_of_the_portal_s_audit_log_leads_nowhere(worlds: Worlds, portal: Flask) -> None:
    happen(60)
    root = Browser(portal)
    root.sign_in(member(Role.SUPERUSER))
    query = root.open("/admin/audit?what=signed_in").link("Older").partition("?")[2]

    assert root.open(f"/admin/audit?{query}").status == 200
    assert worlds.chief.open(f"/o/{worlds.x.id}/admin/audit?{query}").status == 400


def test_reading_changes_nothing(worlds: Worlds) -> None:
    before = everything()
    mine = routes(str(worlds.both.id), worlds.role_of("of nowhere"), NOBODY)

    for method, url, _form in [*mine, ("GET", "", {}), ("GET", "accounts", {})]:
        if method == "GET":
            worlds.ask("GET", f"/o/{worlds.x.id}/admin/{url}")
            worlds.chief.send("HEAD", f"/o/{worlds.x.id}/admin/{url}")

    assert everything() == before


def test_a_role_lost_meanwhile_closes_every_page(worlds: Worlds) -> None:
    with db.transaction() as session:
        chief = session.scalars(select(Account.id).where(Account.name == "Alex Admin")).one()
        session.execute(delete(Membership).where(Membership.account_id == chief))
    before = everything()

    for method, url, form in routes(str(worlds.both.id), NOBODY, str(uuid.uuid4())):
        answer = worlds.ask(method, f"/o/{worlds.x.id}/admin/{url}", **form)
        assert answer.status_code == 404
    assert everything() == before


@pytest.mark.parametrize("name", [*TARGETS, "somebody of both"])
@pytest.mark.parametrize("field", ["whom", "by", "organisation"])
def test_no_filter_of_the_audit_log_tells_of_another_place(
    worlds: Worlds, name: str, field: str
) -> None:
    who = worlds.targets.get(name, worlds.both)
    for at in (worlds.y.id, None):
        with db.transaction():
            audit.record("name_changed", VISITOR, account_id=who.id, by=who.id, organisation_id=at)
    typed = [str(worlds.y.id)] if field == "organisation" else [who.email or "", str(who.id)]
    for url, method in (("audit", "GET"), ("audit/export", "POST")):
        base = f"/o/{worlds.x.id}/admin/{url}"
        for text in typed:
            answer = worlds.ask(method, base, what="name_changed", **{field: text})
            said = body(answer).replace(text, NOBODY)  # a file is read to its end first
            nobodys = worlds.ask(method, base, what="name_changed", **{field: NOBODY})
            assert answer.status_code == nobodys.status_code == 200
            assert said == body(nobodys)
            assert not [each for each in worlds.secrets if each in said]


def test_who_acted_from_elsewhere_is_not_named_in_the_audit_log(worlds: Worlds) -> None:
    with db.transaction():
        audit.record(
            "unlocked",
            VISITOR,
            account_id=worlds.both.id,
            by=worlds.targets["superuser"].id,
            organisation_id=worlds.x.id,
        )
    page = worlds.chief.open(f"/o/{worlds.x.id}/admin/audit?what=unlocked")
    assert "an administrator who is not of this organisation" in page.text
    assert not [each for each in worlds.secrets if each in page.text]


@pytest.mark.parametrize("field", ["whom", "by"])
def test_a_filter_by_name_tells_nobody_whose_events_the_organisation_bears(
    worlds: Worlds, field: str
) -> None:
    who = worlds.targets["superuser"]
    with db.transaction():
        audit.record("unlocked", VISITOR, account_id=who.id, by=who.id, organisation_id=worlds.x.id)
    for url, method in (("audit", "GET"), ("audit/export", "POST")):
        base = f"/o/{worlds.x.id}/admin/{url}"
        shown = []
        for text in (who.email or "", "nobody@example.org"):
            with counted() as sent:
                answer = worlds.ask(method, base, what="unlocked", **{field: text})
                shown.append((len(sent), body(answer).replace(text, NOBODY)))
        assert shown[0] == shown[1]
