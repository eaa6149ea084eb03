"""Whoever the directory knows signs in on the pages and through every contract, as anybody does."""

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import cast

import pytest
from flask import Flask

from app import db
from app.models import Account, Role
from app.operations import accounts, sign_in
from tests import factories, slapd
from tests.api.interfaces import CONTRACTS, Half, Interface, Pages, Program
from tests.apps import code_of
from tests.factories import PASSWORD, VISITOR
from tests.operations.signing_in import WRONG, mailed_pin
from tests.slapd import Slapd

MAIL, UID = "person001@school.example", "person001"
ANNS = slapd.password_of(UID)
WAYS = [*CONTRACTS, "pages"]
TAKE_USERNAMES = ["000", "001", "002", "003", "pages"]  # 004 asks for an address
SHUT = Half(None, None)
Ask = Callable[..., None]
Trouble = Callable[[Slapd, Ask], AbstractContextManager[None]]

pytestmark = pytest.mark.usefixtures("asks_directory")


@pytest.fixture(params=WAYS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def way(portal: Flask, name: str) -> Interface:
    return Pages(portal) if name == "pages" else cast("Interface", CONTRACTS[name](portal))


def named(identity: str) -> Account:
    """Return somebody who is only a name so far: what the clients send."""
    return Account(email=identity)


def ann() -> Account:
    sign_in.verify_password(UID, ANNS, VISITOR)
    found = accounts.find(UID)
    assert found is not None
    return found


def test_the_first_sign_in_by_mail_opens(portal: Flask, name: str) -> None:
    assert way(portal, name).start(named(MAIL), ANNS).bearer
    assert way(portal, name).start(named(MAIL), ANNS + "!") == SHUT
    assert factories.sessions_open() == 1


@pytest.mark.parametrize("name", TAKE_USERNAMES)
def test_the_first_sign_in_by_username_opens(portal: Flask, name: str) -> None:
    assert way(portal, name).start(named(UID), ANNS).bearer
    assert way(portal, name).start(named(UID.upper()), ANNS).bearer
    assert way(portal, name).start(named(UID), ANNS + "!") == SHUT


def test_an_organisations_pin_is_asked_for(portal: Flask, name: str) -> None:
    who = ann()
    factories.membership(who, factories.pin_organisation(), Role.STUDENT)
    half = way(portal, name).start(named(MAIL), ANNS)
    assert half.bearer is None
    assert half.handle


@pytest.mark.parametrize("name", [each for each in WAYS if each != "001"])
def test_an_app_is_asked_for_and_opens(portal: Flask, name: str) -> None:
    who = ann()
    factories.membership(who)
    secret = factories.app_of(who)
    here = way(portal, name)
    half = here.start(named(MAIL), ANNS)
    assert half.bearer is None
    assert half.handle
    assert here.finish(named(MAIL), half.handle, "000000") is None
    half = here.start(named(MAIL), ANNS)
    assert here.finish(named(MAIL), half.handle or "", code_of(secret))


def test_contract_001_takes_the_code_with_the_password(portal: Flask) -> None:
    who = ann()
    secret = factories.app_of(who)
    here = CONTRACTS["001"](portal)
    said = here.post("/api/v1/login", user=MAIL, password=ANNS, code=code_of(secret))
    assert said["data"]["authToken"]


def test_a_pin_opens_on_the_pages(portal: Flask) -> None:
    factories.membership(ann(), factories.pin_organisation(), Role.STUDENT)
    here = Pages(portal)
    half = here.start(named(MAIL), ANNS)
    assert here.finish(named(MAIL), half.handle or "", mailed_pin())


@pytest.mark.parametrize("password", ["", "\u00ad", "\0", ANNS + "\0", "x" * 4000])
def test_a_password_that_says_nothing_opens_nothing(
    portal: Flask, name: str, password: str
) -> None:
    assert way(portal, name).start(named(MAIL), password) == SHUT
    ann()
    assert way(portal, name).start(named(MAIL), password) == SHUT
    assert factories.sessions_open() == 0


@contextlib.contextmanager
def stopped(directory: Slapd, _ask: Ask) -> Iterator[None]:
    directory.stop()
    try:
        yield
    finally:
        directory.start()


@contextlib.contextmanager
def paused(directory: Slapd, ask: Ask) -> Iterator[None]:
    ask(timeout=0.3)
    with directory.paused():
        yield


@contextlib.contextmanager
def unproven(_directory: Slapd, ask: Ask) -> Iterator[None]:
    """Have the server show a certificate of somebody whom the portal does not believe."""
    with tempfile.TemporaryDirectory() as folder:
        ask(ca_file=slapd.another_certificate(Path(folder) / "other"))
        yield


@pytest.mark.parametrize("name", list(CONTRACTS))
@pytest.mark.parametrize("trouble", [stopped, paused, unproven])
def test_a_directory_that_is_away_is_503_on_every_contract(
    portal: Flask,
    name: str,
    trouble: Trouble,
    directory: Slapd,
    asks_directory: Ask,
) -> None:
    local = factories.account()
    factories.membership(local)
    ann()
    with trouble(directory, asks_directory):
        here = CONTRACTS[name](portal)
        for identity in (MAIL, "person009@school.example"):
            began = time.monotonic()
            cast("Interface", here).start(named(identity), ANNS)
            assert last_status(here) == 503
            assert time.monotonic() - began < 20  # paused it would never answer
        assert cast("Interface", here).start(local, PASSWORD).bearer
        db.session().rollback()


def last_status(program: Program) -> int:
    return program.statuses[-1]


def test_a_directory_that_is_away_is_said_on_the_page(
    portal: Flask, directory: Slapd, asks_directory: Ask
) -> None:
    asks_directory(timeout=0.3)
    with directory.paused():
        page = Pages(portal).browser.sign_in(MAIL, ANNS)
    assert page.status == 503
    assert "directory does not answer" in page.text


@pytest.mark.parametrize("name", list(CONTRACTS))
def test_a_wrong_password_is_answered_like_that_of_anybody(portal: Flask, name: str) -> None:
    local = factories.account()
    factories.membership(local)
    ann()
    answers = []
    for identity in (local.email or "", MAIL, "person002@school.example"):
        here = CONTRACTS[name](portal)
        cast("Interface", here).start(named(identity), WRONG)
        answers.append(here.heard[-1].replace(identity, "…"))
    assert [without_date(each) for each in answers] == [without_date(answers[0])] * 3


def without_date(heard: str) -> str:
    changing = ("date:", "x-request-id:", "x-ratelimit-")
    return "\n".join(x for x in heard.splitlines() if not x.lower().startswith(changing))
