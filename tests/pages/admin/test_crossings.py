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
from sqlalchemy import delete, select
from werkzeug.test import TestResponse

from app import db
from app.db import Base
from app.models import Account, Membership, Organisation, Role
from app.pages.admin.act_words import WORDS
from tests import factories
from tests.conftest import Clock
from tests.operations.test_account_list import counted
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
    pages = ["", "accounts", "accounts/selected", "accounts/new", "sign-everybody-out"]
    before = everything()

    tried = [
        *routes(str(who.id), worlds.role_of("pupil of Y"), str(session.id)),
        *(("GET", each, {}) for each in pages),
        ("POST", "accounts/export", {}),
        ("POST", "accounts/selected", {"act": "suspend", "who": who.short_id}),
        ("POST", "accounts/new", {"email": "new@example.org"}),
        ("POST", "sign-everybody-out", {"words": "sign everybody out"}),
    ]
    for method, url, form in tried:
        answer = worlds.ask(method, f"{base}/{url}", **form)
        expected = worlds.ask(method, f"/o/{NOBODY}/admin/{url}", **form)
        assert answer.status_code == expected.status_code == 404, (method, url)
        assert body(answer) == body(expected)
    assert everything() == before


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
