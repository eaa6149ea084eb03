"""Second factors over five contracts and the pages: recovery codes, passkeys, and who guesses."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import db
from app.models import Account, AuditEvent, Passkey, TotpDevice
from app.operations import factors, passwords, recovery_codes
from tests import factories
from tests.api.interfaces import CONTRACTS, Interface, Pages, Program
from tests.api.test_same_machine import OPEN, SHUT, opened_by
from tests.apps import code_of, wrong_code
from tests.conftest import Clock
from tests.factories import PASSWORD

NAMES = [*CONTRACTS, "pages"]
TAKES_RECOVERY = [name for name in NAMES if name != "004"]
HOUR = timedelta(hours=1)
NEW_PASSWORD = "seven quiet otters"


def one_of(portal: Flask, name: str, address: str = "127.0.0.1") -> Interface:
    if name == "pages":
        return Pages(portal, address)
    return cast("Interface", CONTRACTS[name](portal, address))


@pytest.fixture
def program(portal: Flask) -> Program:
    return Program(portal)


@pytest.fixture
def person(portal: Flask) -> Account:  # noqa: ARG001 (it comes first)
    who = factories.account("alice@example.org", username="alice")
    factories.membership(who)
    return who


@pytest.fixture
def passkey_person(person: Account) -> Account:
    """Return somebody whose only factor is a passkey, which no contract has words for."""
    factories.saved(Passkey(account=person, credential_id="c", public_key=b"k", name="A key"))
    return person


def left(who: Account) -> int:
    db.session().rollback()
    return recovery_codes.left(db.session().get_one(Account, who.id))


# Recovery codes


@pytest.mark.parametrize("name", TAKES_RECOVERY)
def test_a_recovery_code_is_taken_in_the_place_of_a_code(
    portal: Flask, person: Account, name: str
) -> None:
    factories.app_of(person)
    [code, *_] = factories.recovery_codes_of(person)
    way = one_of(portal, name)
    handle = way.start(person).handle or ""

    assert way.finish(person, handle, code.lower().replace("-", " "))

    assert (factories.sessions_open(), left(person)) == (1, 9)
    assert factories.mails("recovery_code_used")


@pytest.mark.parametrize("last", TAKES_RECOVERY)
@pytest.mark.parametrize("first", TAKES_RECOVERY)
def test_it_works_once_wherever_it_is_sent(
    portal: Flask, person: Account, first: str, last: str
) -> None:
    factories.app_of(person)
    [code, *_] = factories.recovery_codes_of(person)
    here, there = one_of(portal, first), one_of(portal, last)
    handles = [way.start(person).handle or "" for way in (here, there)]

    assert here.finish(person, handles[0], code)
    assert there.finish(person, handles[1], code) is None
    assert (factories.sessions_open(), left(person)) == (1, 9)


def test_contract_001_takes_it_in_its_header_too(program: Program, person: Account) -> None:
    factories.app_of(person)
    [code, *_] = factories.recovery_codes_of(person)
    sent = {"user": person.email, "password": PASSWORD}

    answer = program.send("POST", "/api/v1/login", json=sent, headers={"x-2fa-code": code})

    assert answer.status_code == 200
    assert (factories.sessions_open(), left(person)) == (1, 9)


def test_contract_001_takes_it_from_a_call_that_asks_again(
    program: Program, person: Account, clock: Clock
) -> None:
    secret = factories.app_of(person)
    [code, *_] = factories.recovery_codes_of(person)
    sent = {"user": person.email, "password": PASSWORD, "code": code_of(secret)}
    data = program.post("/api/v1/login", **sent)["data"]
    mine = {"X-Auth-Token": data["authToken"], "X-User-Id": data["userId"]}
    clock.advance(timedelta(minutes=11))

    def enable(**more: str) -> tuple[int, Any]:
        path = "/api/v1/users.2fa.enableEmail"
        answer = program.send("POST", path, headers={**mine, **more})
        said = answer.get_json()
        return answer.status_code, said.get("errorType")

    assert enable() == (400, "totp-required")
    assert enable(**{"x-2fa-code": "ZZZZ-ZZZZ-ZZZZ-ZZZZ"}) == (400, "totp-invalid")
    assert enable(**{"x-2fa-code": code}) == (200, None)
    assert left(person) == 9


def test_contract_002_takes_it_together_with_the_password(
    program: Program, person: Account
) -> None:
    factories.app_of(person)
    [code, *_] = factories.recovery_codes_of(person)

    said = program.form("/auth/login", username=person.email, password=PASSWORD, otp=code)

    assert said["token_type"] == "bearer"
    assert (factories.sessions_open(), left(person)) == (1, 9)


def test_contract_004_whose_document_has_six_characters_takes_none(
    program: Program, person: Account
) -> None:
    secret = factories.app_of(person)
    codes = factories.recovery_codes_of(person)
    ticket = program.post("/auth/login", email=person.email, password=PASSWORD)["ticket"]

    for code in codes:
        said = program.post("/auth/mfa/totp", ticket=ticket, code=code)
        assert (said["statusCode"], said["message"]) == (
            400,
            '"code" length must be 6 characters long',
        )

    assert (factories.sessions_open(), left(person)) == (0, 10)
    assert "jwt_token" in program.post("/auth/mfa/totp", ticket=ticket, code=code_of(secret))


# A passkey alone


@pytest.mark.parametrize("name", TAKES_RECOVERY[:-1])
def test_where_programs_come_in_a_recovery_code_takes_a_passkeys_place(
    portal: Flask, passkey_person: Account, name: str
) -> None:
    [code, *_] = factories.recovery_codes_of(passkey_person)
    way = one_of(portal, name)
    handle = way.start(passkey_person).handle or ""

    assert handle
    assert way.finish(passkey_person, handle, "123456") is None
    assert way.finish(passkey_person, handle, code)

    assert (factories.sessions_open(), left(passkey_person)) == (1, 9)
    assert not factories.mails("pin")


def test_contract_004_asks_for_a_code_that_a_passkeys_owner_has_not(
    program: Program, passkey_person: Account
) -> None:
    said = program.post("/auth/login", email=passkey_person.email, password=PASSWORD)

    assert list(said) == ["mfa", "ticket"]
    assert said["mfa"] is True
    answer = program.post("/auth/mfa/totp", ticket=said["ticket"], code="123456")
    assert (answer["statusCode"], answer["message"]) == (401, "Invalid two-factor code.")
    assert factories.sessions_open() == 0


def test_each_contract_asks_for_a_code_in_its_own_words(
    program: Program, passkey_person: Account
) -> None:
    email = passkey_person.email

    a = program.post("/user/login", email=email, password=PASSWORD)
    b = program.post("/api/v1/login", user=email, password=PASSWORD)
    c = program.form("/auth/login", username=email, password=PASSWORD)

    assert (a["mfa_enabled"], a["mfa_verified"], a["mfa_svg"]) == (True, True, None)
    assert (b["error"], b["details"]["method"]) == ("totp-required", "totp")
    assert (c["error"], "app's code" in c["detail"]) == ("mfa_required", True)


# What an organisation demands


def test_what_an_organisation_demands_cannot_be_disabled(
    program: Program, person: Account, clock: Clock
) -> None:
    secret = factories.app_of(person)
    factories.membership(person, factories.organisation(factorForStudents="app"))
    ticket = program.post("/auth/login", email=person.email, password=PASSWORD)["ticket"]
    jwt = program.post("/auth/mfa/totp", ticket=ticket, code=code_of(secret))["jwt_token"]
    clock.advance(timedelta(seconds=30))

    answer = program.send(
        "POST",
        "/auth/mfa/disable",
        json={"code": code_of(secret)},
        headers={"Authorization": f"Bearer {jwt}"},
    )

    assert (answer.status_code, answer.get_json()["message"]) == (
        403,
        "MFA is demanded by an organisation.",
    )
    assert factors.of(db.session().get_one(Account, person.id)).app


def test_where_pins_are_forbidden_contract_003_takes_none(program: Program) -> None:
    """ASVS 5.0, 6.3.6: an organisation can do without e-mailed PINs."""
    who = factories.account()
    factories.membership(
        who, factories.organisation("", {"mfaForStudents": True}, pinAllowed=False)
    )
    said = program.post("/auth/sign-in-verify", identity=who.email, password=PASSWORD)
    token = said["result"][0][0]["loginToken"]
    assert program.post("/auth/sign-in", loginToken=token)["is2FAEnabled"] is True

    answer = program.post("/auth/sign-in-with-2fa", loginToken=token, pin="123456")

    assert (answer["status_code"], answer["message"]) == (401, "Provided pin is invalid.")
    assert not factories.mails("pin")
    assert factories.mails("set_up")


# Who guesses


def compared() -> int:
    """Return how many answers were compared and found wrong."""
    wrong = select(func.count()).where(AuditEvent.what == "wrong_code")
    return db.session().scalar(wrong) or 0


def test_twenty_sign_ins_of_five_wrong_codes_from_everywhere_have_ten_tries(
    portal: Flask, person: Account, clock: Clock
) -> None:
    secret = factories.app_of(person)
    ways = [one_of(portal, NAMES[n % 6], f"127.0.{n}.{n + 2}") for n in range(20)]

    for number, way in enumerate(ways):
        handle = way.start(person).handle or ""
        for guess in range(5):
            wrong = wrong_code(secret, 5 * number + guess)
            assert way.finish(person, handle, wrong) is None

    assert compared() == 10
    for way in ways[:6]:  # a new handle, an old one, another contract: the right code waits
        handle = way.start(person).handle or ""
        assert way.finish(person, handle, code_of(secret)) is None
    assert (compared(), factories.sessions_open()) == (10, 0)
    clock.advance(HOUR)
    for number, way in enumerate(ways[:6]):
        clock.advance(timedelta(seconds=30))
        assert way.finish(person, way.start(person).handle or "", code_of(secret))
        assert factories.sessions_open() == number + 1


def test_a_pin_sent_again_refills_nothing(portal: Flask, clock: Clock) -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    program = CONTRACTS["003"](portal)
    way = cast("Interface", program)
    handle = way.start(who).handle or ""

    def wrong() -> str:
        return f"{(int(factories.latest_words('pin')['pin']) + 1) % 1_000_000:06d}"

    for _ in range(3):
        assert way.finish(who, handle, wrong()) is None
    clock.advance(timedelta(seconds=61))
    assert program.post("/auth/resend-2fa", loginToken=handle) == {"success": True}
    for _ in range(2):
        assert way.finish(who, handle, wrong()) is None

    assert way.finish(who, handle, factories.latest_words("pin")["pin"]) is None
    assert (compared(), factories.sessions_open()) == (5, 0)


# Who has stolen the password


@pytest.mark.parametrize("name", NAMES)
def test_a_stolen_password_alone_sees_no_secret_and_changes_no_factor(
    portal: Flask, program: Program, person: Account, name: str
) -> None:
    secret = factories.app_of(person)
    way = one_of(portal, name)
    handle = way.start(person).handle or ""
    before = kept_of(person)

    for path in ("/auth/mfa/generate", "/auth/mfa/enable", "/auth/mfa/disable"):
        for bearer in (handle, ""):
            headers = {"Authorization": f"Bearer {bearer}"}
            answer = program.send("POST", path, json={"code": "123456"}, headers=headers)
            assert answer.status_code == 401
    for path in ("/account/second-factor/app", "/account/second-factor/recovery-codes"):
        assert program.send("GET", path).headers["Location"].startswith("/sign-in")
    assert way.finish(person, handle, "123456") is None

    assert kept_of(person) == before
    assert opened_by(program, handle) == SHUT
    heard = "".join([*program.heard, *getattr(way, "heard", [])])
    assert secret not in heard
    assert "otpauth" not in heard
    assert "<svg" not in heard


def kept_of(who: Account) -> list[tuple[str, Any]]:
    db.session().rollback()
    mine = TotpDevice.account_id == who.id
    rows = db.session().scalars(select(TotpDevice).where(mine)).all()
    return [(row.sealed_secret, row.confirmed_at) for row in rows]


@pytest.mark.parametrize("name", NAMES)
def test_a_reset_password_leads_past_no_app(portal: Flask, person: Account, name: str) -> None:
    secret = factories.app_of(person)
    passwords.forgotten(person.email or "", factories.VISITOR)
    passwords.reset(factories.ticket_in("reset"), NEW_PASSWORD, factories.VISITOR)
    way = one_of(portal, name)

    half = way.start(person, NEW_PASSWORD)

    assert half.bearer is None
    assert half.handle
    assert factories.sessions_open() == 0
    assert kept_of(person)
    if name != "001":  # which sends the old password again with the code
        assert way.finish(person, half.handle, code_of(secret))


def test_contract_000_shows_its_picture_only_before_the_first_confirmation(
    program: Program, clock: Clock
) -> None:
    who = factories.account()
    factories.membership(who, factories.organisation(factorForStudents="app"))

    def login() -> dict[str, Any]:
        return program.post("/user/login", email=who.email, password=PASSWORD)

    first = login()
    assert first["mfa_svg"] is None  # the mailed PIN comes first
    pin = factories.latest_words("pin")["pin"]
    shown = program.post("/user/passport", token=first["token"], totp=pin)
    assert shown["mfa_svg"].startswith("<svg")
    clock.advance(timedelta(seconds=30))
    again = login()
    assert again["mfa_svg"] is None

    factories.app_of(who)
    program.heard.clear()
    confirmed = login()
    refused = program.post("/user/passport", token=confirmed["token"], totp="123456")

    assert (confirmed["mfa_enabled"], confirmed["mfa_svg"]) == (True, None)
    assert refused == {"message": "Invalid one-time password"}
    old = program.post("/user/passport", token=first["token"], totp="123456")
    assert "mfa_svg" not in old
    assert "<svg" not in "".join(program.heard)


# A new password


def by_the_pages(portal: Flask, who: Account) -> Callable[[], bool]:
    """Change the password there; return what tells whether that session lives."""
    pages = Pages(portal)
    pages.start(who)
    pages.browser.open("/account/password")
    pages.browser.press("Change the password", current=PASSWORD, password=NEW_PASSWORD)
    return lambda: pages.browser.open("/home").url == "/home"


def by_contract_004(portal: Flask, who: Account) -> Callable[[], bool]:
    program = Program(portal)
    jwt = program.post("/auth/login", email=who.email, password=PASSWORD)["jwt_token"]
    headers = {"Authorization": f"Bearer {jwt}"}
    sent = {"old_password": PASSWORD, "new_password": NEW_PASSWORD}
    answer = program.send("POST", "/auth/change-password", json=sent, headers=headers)
    assert answer.status_code == 204
    return lambda: opened_by(program, jwt) == OPEN


@pytest.mark.parametrize("change", [by_the_pages, by_contract_004], ids=lambda each: each.__name__)
def test_a_changed_password_ends_every_other_session_at_the_next_request(
    portal: Flask,
    program: Program,
    person: Account,
    change: Callable[[Flask, Account], Callable[[], bool]],
) -> None:
    bearers = [one_of(portal, name).start(person).bearer or "" for name in CONTRACTS]
    sent = {"email": person.email, "password": PASSWORD, "cookie": False}
    refresh = program.post("/auth/login", **sent)["refresh_token"]
    elsewhere = Pages(portal)
    elsewhere.start(person)
    assert [opened_by(program, each) for each in bearers] == [OPEN] * 5
    half_way = one_of(portal, "003")
    before = half_way.start(person)
    assert before.bearer

    lives = change(portal, person)

    assert [opened_by(program, each) for each in [*bearers, before.bearer]] == [SHUT] * 6
    answer = program.send("GET", f"/auth/token/refresh?refresh_token={refresh}")
    assert answer.status_code == 401
    assert elsewhere.browser.open("/home").url.startswith("/sign-in")
    assert factories.sessions_open() == 1
    assert lives()
