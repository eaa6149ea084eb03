"""Five contracts and the pages are one portal: what holds on one of them holds on all.

What was opened is asked of the rows of `sessions`: one contract calls its handle and its bearer by
the same name, so that no answer's field tells.
"""

import uuid
from typing import cast

import pytest
from flask import Flask

from app.clock import now
from app.models import Account
from app.operations import passwords, sessions
from app.security import totp
from tests import factories
from tests.api.interfaces import CONTRACTS, Interface, Pages, Program
from tests.conftest import Clock

NAMES = [*CONTRACTS, "pages"]
# A sign-in is finished where it was started. Contract 002 has no words for a second factor: its
# handle is a ticket of 004's, and either takes the other's.
CROSSINGS = {("002", "004"), ("004", "002")}
PROTECTED = [
    ("GET", "/api/v1/me"),
    ("GET", "/profile"),
    ("GET", "/v2/profile"),
    ("POST", "/auth/mfa/generate"),
]
SIGN_OUT = [("POST", "/api/v1/logout"), ("GET", "/api/v1/logout"), ("GET", "/profile/sign-out")]


@pytest.fixture(params=NAMES)
def way(request: pytest.FixtureRequest, portal: Flask) -> Interface:
    """Return each of the six in turn."""
    return one_of(portal, request.param)


@pytest.fixture(params=list(CONTRACTS))
def contract(request: pytest.FixtureRequest, portal: Flask) -> Interface:
    """Return each of the five contracts in turn."""
    return one_of(portal, request.param)


@pytest.fixture
def program(portal: Flask) -> Program:
    return Program(portal)


@pytest.fixture
def person(portal: Flask) -> Account:  # noqa: ARG001 (it comes first)
    """Return somebody at one place that asks for a password and nothing more."""
    who = factories.account()
    factories.membership(who)
    return who


@pytest.fixture
def pin_person(portal: Flask) -> Account:  # noqa: ARG001 (it comes first)
    """Return somebody whose only place demands a PIN."""
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    return who


def one_of(portal: Flask, name: str) -> Interface:
    return Pages(portal) if name == "pages" else cast("Interface", CONTRACTS[name](portal))


def code_of(secret: str) -> str:
    return totp.code_at(secret, totp.step_at(now()))


def mailed_pin() -> str:
    return factories.latest_words("pin")["pin"]


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def opened_by(program: Program, bearer: str) -> list[int]:
    """Return what the protected routes of all contracts answer to `bearer`."""
    headers = {"Authorization": f"Bearer {bearer}"}
    return [program.send(*route, headers=headers).status_code for route in PROTECTED]


OPEN, SHUT = [200] * len(PROTECTED), [401] * len(PROTECTED)


# One story through all six


def test_the_right_password_opens_one_session(way: Interface, person: Account) -> None:
    assert way.start(person).bearer

    assert factories.sessions_open() == 1


def test_a_wrong_password_opens_none(way: Interface, person: Account) -> None:
    half = way.start(person, "not the right one")

    assert (half.bearer, half.handle) == (None, None)
    assert factories.sessions_open() == 0


def test_an_account_that_was_never_activated_stays_out(way: Interface, person: Account) -> None:
    person.activated_at = None
    factories.saved(person)

    half = way.start(person)

    assert (half.bearer, half.handle) == (None, None)


def test_a_suspended_account_stays_out(way: Interface, person: Account) -> None:
    person.suspended_at = now()
    factories.saved(person)

    half = way.start(person)

    assert (half.bearer, half.handle) == (None, None)


def test_an_apps_code_is_asked_for_and_opens_one_session(way: Interface, person: Account) -> None:
    secret = factories.app_of(person)

    half = way.start(person)
    before = factories.sessions_open()
    done = way.finish(person, half.handle or "", code_of(secret))

    assert (half.bearer, before) == (None, 0)
    assert done
    assert factories.sessions_open() == 1


def test_a_mailed_pin_is_asked_for_and_opens_one_session(
    way: Interface, pin_person: Account
) -> None:
    half = way.start(pin_person)
    before = factories.sessions_open()
    done = way.finish(pin_person, half.handle or "", mailed_pin())

    assert (half.bearer, before) == (None, 0)
    assert done
    assert factories.sessions_open() == 1


@pytest.mark.parametrize("sent", [None, "", "000", "abcdef", "1234567"])
def test_without_its_code_nothing_opens(way: Interface, person: Account, sent: str | None) -> None:
    factories.app_of(person)
    half = way.start(person)

    assert way.finish(person, half.handle or "", sent) is None
    assert factories.sessions_open() == 0


def test_a_wrong_pin_opens_nothing_however_often(way: Interface, pin_person: Account) -> None:
    half = way.start(pin_person)
    pin = mailed_pin()

    for _ in range(5):
        assert way.finish(pin_person, half.handle or "", wrong(pin)) is None

    assert factories.sessions_open() == 0


def test_who_has_to_set_up_an_app_is_not_let_in_by_the_password(way: Interface) -> None:
    who = factories.account()
    factories.membership(who, factories.organisation(factorForStudents="app"))

    half = way.start(who)

    assert half.bearer is None
    assert factories.sessions_open() == 0


@pytest.mark.parametrize("last", NAMES)
@pytest.mark.parametrize("first", NAMES)
def test_a_code_signs_in_once_wherever_it_is_sent(
    portal: Flask, person: Account, first: str, last: str
) -> None:
    code = code_of(factories.app_of(person))
    here, there = one_of(portal, first), one_of(portal, last)
    handles = [way.start(person).handle or "" for way in (here, there)]

    assert here.finish(person, handles[0], code)
    assert there.finish(person, handles[1], code) is None
    assert factories.sessions_open() == 1


def test_failures_are_counted_over_all_interfaces_together(portal: Flask, person: Account) -> None:
    ways = [one_of(portal, name) for name in NAMES]
    for number in range(10):
        ways[number % len(ways)].start(person, "not the right one")

    for way in ways:
        half = way.start(person)
        assert (half.bearer, half.handle) == (None, None)

    assert factories.sessions_open() == 0


def test_wrong_codes_are_counted_over_all_interfaces_together(
    portal: Flask, person: Account
) -> None:
    secret = factories.app_of(person)
    ways = [one_of(portal, name) for name in NAMES]
    handles = [way.start(person).handle or "" for way in ways]
    for number in range(10):
        at = number % len(ways)
        ways[at].finish(person, handles[at], wrong(code_of(secret)))

    for way, handle in zip(ways, handles, strict=True):
        assert way.finish(person, handle, code_of(secret)) is None

    assert factories.sessions_open() == 0


# The first contract and the last


@pytest.mark.parametrize("last", NAMES)
@pytest.mark.parametrize("first", CONTRACTS)
def test_a_sign_in_is_finished_where_it_was_started(
    portal: Flask, pin_person: Account, first: str, last: str
) -> None:
    handle = one_of(portal, first).start(pin_person).handle or ""
    pin = mailed_pin()
    there = one_of(portal, last)
    if last == "pages":
        there.start(pin_person)  # they keep no other handle than their own

    done = there.finish(pin_person, handle, pin)

    expected = first == last or (first, last) in CROSSINGS
    assert (done is not None) == expected
    assert factories.sessions_open() == int(expected)


@pytest.mark.parametrize("last", ["000", "002", "003", "004"])
@pytest.mark.parametrize("first", CONTRACTS)
def test_no_handle_of_one_account_is_good_with_the_code_of_another(
    portal: Flask, person: Account, first: str, last: str
) -> None:
    factories.app_of(person)
    other = factories.account()
    code = code_of(factories.app_of(other))
    handle = one_of(portal, first).start(person).handle or ""

    assert one_of(portal, last).finish(person, handle, code) is None
    assert factories.sessions_open() == 0


# Bearers


def test_a_bearer_of_each_opens_the_protected_routes_of_all(
    contract: Interface, program: Program, person: Account
) -> None:
    bearer = contract.start(person).bearer or ""

    assert opened_by(program, bearer) == OPEN


def test_a_bearer_goes_with_its_owners_id_only(
    contract: Interface, program: Program, person: Account
) -> None:
    bearer = contract.start(person).bearer or ""
    short_id, stranger = person.short_id, factories.account().short_id

    def status(named: str) -> int:
        headers = {"X-Auth-Token": bearer, "X-User-Id": named}
        return program.send("GET", "/profile", headers=headers).status_code

    assert (status(short_id), status(stranger), status("")) == (200, 401, 401)


def test_a_bearer_dies_with_its_session(
    contract: Interface, program: Program, person: Account
) -> None:
    bearer = contract.start(person).bearer or ""
    [session] = sessions.all_of(person)

    sessions.end(session, factories.VISITOR)

    assert opened_by(program, bearer) == SHUT


@pytest.mark.parametrize("route", SIGN_OUT)
def test_a_session_is_ended_by_the_sign_out_of_any_contract(
    contract: Interface, program: Program, person: Account, route: tuple[str, str]
) -> None:
    bearer = contract.start(person).bearer or ""

    answer = program.send(*route, headers={"Authorization": f"Bearer {bearer}"})

    assert answer.status_code == 200
    assert factories.sessions_open() == 0
    assert opened_by(program, bearer) == SHUT


def test_revoking_ends_the_sessions_of_contract_004_and_no_others(
    portal: Flask, program: Program, person: Account
) -> None:
    bearers = {name: one_of(portal, name).start(person).bearer or "" for name in CONTRACTS}
    headers = {"Authorization": f"Bearer {bearers['003']}"}

    answer = program.send("POST", "/auth/token/revoke", headers=headers)

    assert answer.status_code == 204
    open_still = {name for name, bearer in bearers.items() if opened_by(program, bearer) == OPEN}
    assert open_still == {"000", "001", "002", "003"}


def test_a_bearer_dies_when_its_session_is_over(
    contract: Interface, program: Program, person: Account, clock: Clock
) -> None:
    bearer = contract.start(person).bearer or ""
    [session] = sessions.all_of(person)
    clock.advance(session.expires_at - now())

    assert opened_by(program, bearer) == SHUT


def test_a_new_password_ends_every_session(
    portal: Flask, program: Program, person: Account
) -> None:
    bearers = [one_of(portal, name).start(person).bearer or "" for name in CONTRACTS]
    passwords.forgotten(person.email or "", factories.VISITOR)

    passwords.reset(factories.ticket_in("reset"), "seven quiet otters", factories.VISITOR)

    assert factories.sessions_open() == 0
    assert [opened_by(program, bearer) for bearer in bearers] == [SHUT] * len(bearers)


# Half-way secrets


@pytest.mark.parametrize("name", NAMES)
def test_a_handle_is_no_bearer(
    portal: Flask, program: Program, pin_person: Account, name: str
) -> None:
    handle = one_of(portal, name).start(pin_person).handle or ""

    assert handle
    assert opened_by(program, handle) == SHUT


def test_a_handle_inside_another_token_is_no_bearer(
    portal: Flask, program: Program, pin_person: Account
) -> None:
    handle = one_of(portal, "000").start(pin_person).handle or ""
    inside = handle.partition(".")[0]

    assert opened_by(program, inside) == SHUT


def test_a_refresh_token_is_no_bearer(program: Program, person: Account) -> None:
    sent = {"email": person.email, "password": factories.PASSWORD, "cookie": False}

    token = program.post("/auth/login", **sent)["refresh_token"]

    assert opened_by(program, token) == SHUT


def test_a_ticket_from_a_mail_is_no_bearer_and_no_handle(
    portal: Flask, program: Program, person: Account
) -> None:
    secret = factories.app_of(person)
    passwords.forgotten(person.email or "", factories.VISITOR)
    ticket = factories.ticket_in("reset")

    assert opened_by(program, ticket) == SHUT
    for name in ("000", "002", "003", "004"):
        assert one_of(portal, name).finish(person, ticket, code_of(secret)) is None
    assert factories.sessions_open() == 0


@pytest.mark.parametrize("made_up", ["a.b.c", "a" * 43, "é", str(uuid.UUID(int=0)), "x" * 5_000])
def test_what_nobody_was_given_is_no_bearer(program: Program, made_up: str) -> None:
    sent = made_up.encode("utf-8").decode("latin-1")

    assert opened_by(program, sent) == SHUT


def test_a_cookie_is_no_bearer_and_carries_none_for_programs(
    portal: Flask, program: Program, person: Account
) -> None:
    cookie = one_of(portal, "pages").start(person).bearer or ""

    answers = [
        program.send(*route, headers={"Cookie": f"doorward={cookie}"}).status_code
        for route in PROTECTED
    ]

    assert answers == SHUT
    assert opened_by(program, cookie) == SHUT
