"""Contract 002: a form for a bearer token."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import db
from app.api import bearer_token
from app.api.bearer_token_description import PIN_SENT, Credentials
from app.clock import now
from app.errors import TicketRefused
from app.models import Account, Factor, Interface, PendingSignIn, Role, Session
from app.operations import access_tokens, lockout, sessions, sign_in
from app.operations.visitor import Visitor
from app.security import totp
from tests import factories
from tests.conftest import Clock
from tests.factories import PASSWORD

UUID_4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
FULL_WIDTH = "\uff11\uff12\uff13\uff14\uff15\uff16"  # digits, but not ASCII


def no(detail: str, error: str = "invalid_grant") -> dict[str, str]:
    return {"detail": detail, "error": error, "error_description": detail}


NO_MATCH = no("Incorrect username or password")
NO_CODE = no("Invalid one-time password")
NO_TOKEN = no("Invalid or expired mfa_token")
NOT_SET_UP = no("Set up an authenticator app first, on the sign-in page", "mfa_required")


def login(client: FlaskClient, who: Account, password: str = PASSWORD, **more: str) -> TestResponse:
    identity = who.email or who.username or ""
    return client.post("/auth/login", data={"username": identity, "password": password, **more})


def answer_with(client: FlaskClient, mfa_token: str, otp: str) -> TestResponse:
    return client.post("/auth/login", data={"mfa_token": mfa_token, "otp": otp})


def body_of(answer: TestResponse) -> dict[str, Any]:
    assert answer.content_type == "application/json"
    found: dict[str, Any] = json.loads(answer.data)
    return found


def refused(answer: TestResponse) -> dict[str, Any]:
    """Return the body of a 401, whose headers RFC 6750 section 3 fixes."""
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    return body_of(answer)


def mfa_token_of(answer: TestResponse) -> str:
    body = refused(answer)
    assert list(body) == ["error", "detail", "mfa_token"]
    assert body["error"] == "mfa_required"
    return str(body["mfa_token"])


def session_of(answer: TestResponse) -> Session:
    return access_tokens.find(body_of(answer)["access_token"])


def code_now(secret: str) -> str:
    return totp.code_at(secret, totp.step_at(now()))


def mailed_pin() -> str:
    return factories.latest_words("pin")["pin"]


def another_than(pin: str) -> str:
    return f"{(int(pin) + 1) % 1_000_000:06d}"


def who_is_sent_pins() -> Account:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    return who


def who_has_to_enrol(email: str | None = "", username: str | None = None) -> Account:
    who = factories.account(email, username=username)
    factories.membership(who, factories.organisation(factorForStudents="app"))
    return who


def test_the_answer_is_the_documents(client: FlaskClient) -> None:
    answer = login(client, factories.account())

    assert answer.status_code == 200
    assert list(body_of(answer)) == ["access_token", "token_type"]
    assert body_of(answer)["token_type"] == "bearer"
    assert re.fullmatch(r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+", body_of(answer)["access_token"])


def test_the_token_is_that_of_a_session_of_a_day(client: FlaskClient, clock: Clock) -> None:
    who = factories.account()

    answer = login(client, who)

    session = session_of(answer)
    assert (session.account_id, session.interface) == (who.id, Interface.BEARER_TOKEN)
    assert session.expires_at - clock.time == timedelta(hours=24)


def test_the_token_is_only_as_good_as_its_session(client: FlaskClient) -> None:
    answer = login(client, factories.account())
    sessions.end(session_of(answer), factories.VISITOR)

    with pytest.raises(TicketRefused):
        session_of(answer)


def test_no_answer_is_kept_by_a_cache_or_sets_a_cookie(client: FlaskClient) -> None:
    who = factories.account()

    for answer in (login(client, who), login(client, who, "wrong")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Pragma"] == "no-cache"
        assert "Set-Cookie" not in answer.headers


def suspended() -> Account:
    who = factories.account()
    who.suspended_at = now()
    return factories.saved(who)


REFUSED: dict[str, Callable[[], tuple[str | None, str]]] = {
    "unknown": lambda: ("nobody@example.org", PASSWORD),
    "wrong password": lambda: (factories.account().email, "wrong"),
    "not activated": lambda: (factories.account(activated=False).email, PASSWORD),
    "suspended": lambda: (suspended().email, PASSWORD),
    "no identity at all": lambda: ("\x00", PASSWORD),
    "endless password": lambda: (factories.account().email, "a" * 2_000),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("hidden", [False, True])
def test_every_wrong_sign_in_is_answered_alike(
    client: FlaskClient, change_settings: Callable[..., None], case: str, *, hidden: bool
) -> None:
    change_settings(hide_accounts=hidden)
    username, password = REFUSED[case]()

    answer = client.post("/auth/login", data={"username": username, "password": password})

    assert refused(answer) == NO_MATCH
    assert "Retry-After" not in answer.headers
    assert factories.sessions_open() == 0


def test_an_organisations_lock_looks_like_a_wrong_password(client: FlaskClient) -> None:
    who = factories.account()
    factories.membership(who, factories.organisation(settings={"maxFailedSignInAttempts": 1}))
    login(client, who, "wrong")

    locked = login(client, who)

    assert refused(locked) == NO_MATCH
    assert "Retry-After" not in locked.headers


def test_a_lock_is_told_alike_for_known_and_unknown(client: FlaskClient, clock: Clock) -> None:
    identities = [factories.account().email, "nobody@example.org"]
    for identity in identities * lockout.IDENTITY.tries:
        client.post("/auth/login", data={"username": identity, "password": "wrong"})
    clock.advance(timedelta(minutes=5))

    answers = [
        client.post("/auth/login", data={"username": each, "password": PASSWORD})
        for each in identities
    ]

    told = no("Too many failed sign-ins. Try again in 600 seconds.")
    assert [refused(answer) for answer in answers] == [told, told]
    assert factories.sessions_open() == 0


def test_a_network_that_fails_too_often_waits(client: FlaskClient) -> None:
    for number in range(lockout.NETWORK.tries):
        sent = {"username": f"nobody{number}@example.org", "password": "wrong"}
        client.post("/auth/login", data=sent)

    answer = login(client, factories.account())

    assert answer.status_code == 429
    assert body_of(answer)["error"] == "temporarily_unavailable"
    assert f"in {answer.headers['Retry-After']} seconds" in body_of(answer)["detail"]


# What OAuth clients send


OAUTH = {
    "grant_type": "password",
    "scope": "openid profile",
    "client_id": "some-client",
    "client_secret": "some-secret",
}


def test_the_other_fields_of_oauth_say_nothing(client: FlaskClient) -> None:
    assert login(client, factories.account(), **OAUTH).status_code == 200


def test_a_clients_basic_header_says_nothing(client: FlaskClient) -> None:
    who = factories.account()
    sent = {"username": who.email, "password": PASSWORD, "grant_type": ""}

    answer = client.post("/auth/login", data=sent, auth=("some-client", "some-secret"))

    assert answer.status_code == 200


def test_multipart_is_a_form_too(client: FlaskClient) -> None:
    who = factories.account()

    answer = client.post(
        "/auth/login",
        data={"username": who.email, "password": PASSWORD},
        content_type="multipart/form-data",
    )

    assert answer.status_code == 200


@pytest.mark.parametrize("grant", ["client_credentials", "refresh_token", "PASSWORD", " "])
def test_other_grants_are_not_supported(client: FlaskClient, grant: str) -> None:
    answer = login(client, factories.account(), grant_type=grant)

    told = no("Only grant_type=password is supported", "unsupported_grant_type")
    assert (answer.status_code, body_of(answer)) == (400, told)
    assert factories.sessions_open() == 0


def test_a_grant_without_any_name_is_told_by_its_kind(client: FlaskClient) -> None:
    answer = client.post("/auth/login", data={"grant_type": "client_credentials"})

    assert body_of(answer)["error"] == "unsupported_grant_type"


def missing(field: str) -> dict[str, object]:
    return {"type": "missing", "loc": ["body", field], "msg": "Field required", "input": None}


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({}, ["username", "password"]),
        ({"username": "a"}, ["password"]),
        ({"password": "b"}, ["username"]),
        ({"username": "", "password": ""}, ["username", "password"]),
        ({"mfa_token": "x"}, ["otp"]),
        ({"mfa_token": "x", "otp": ""}, ["otp"]),
        ({"mfa_token": "", "username": "a"}, ["password"]),
    ],
)
def test_a_missing_field_is_named(
    client: FlaskClient, sent: dict[str, str], fields: list[str]
) -> None:
    answer = client.post("/auth/login", data=sent, content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 422
    assert body_of(answer) == {
        "detail": [missing(field) for field in fields],
        "error": "invalid_request",
        "error_description": f"Missing or not usable: {', '.join(fields)}",
    }


def test_a_field_sent_twice_is_refused_and_not_repeated(client: FlaskClient) -> None:
    answer = client.post(
        "/auth/login",
        data="username=a&password=secret1&password=secret2",
        content_type="application/x-www-form-urlencoded",
    )

    assert answer.status_code == 422
    assert body_of(answer)["detail"][0]["loc"] == ["body", "password"]
    assert b"secret" not in answer.data


# The second factor


@pytest.mark.parametrize("name", ["otp", "totp", "code"])
def test_an_apps_code_can_come_with_the_password(client: FlaskClient, name: str) -> None:
    who = factories.account()
    secret = factories.app_of(who)

    answer = login(client, who, **{name: code_now(secret)})

    assert answer.status_code == 200
    assert session_of(answer).factor is Factor.CODE


@pytest.mark.parametrize("name", ["otp", "totp", "code"])
def test_an_apps_code_can_answer_the_mfa_token(client: FlaskClient, name: str) -> None:
    who = factories.account()
    secret = factories.app_of(who)
    mfa_token = mfa_token_of(login(client, who))

    answer = client.post("/auth/login", data={"mfa_token": mfa_token, name: code_now(secret)})

    assert re.fullmatch(UUID_4, mfa_token)
    assert answer.status_code == 200
    assert session_of(answer).factor is Factor.CODE


def test_a_pin_is_mailed_and_answers_the_mfa_token(client: FlaskClient) -> None:
    who = who_is_sent_pins()
    mfa_token = mfa_token_of(login(client, who))

    answer = answer_with(client, mfa_token, mailed_pin())

    assert len(factories.mails("pin")) == 1
    assert answer.status_code == 200
    assert session_of(answer).factor is Factor.PIN


def test_clients_may_send_the_password_with_the_mfa_token_again(client: FlaskClient) -> None:
    who = who_is_sent_pins()
    mfa_token = mfa_token_of(login(client, who))

    answer = login(client, who, mfa_token=mfa_token, otp=mailed_pin(), **OAUTH)

    assert answer.status_code == 200
    assert len(factories.mails("pin")) == 1


def test_a_pin_without_its_mfa_token_answers_nothing(client: FlaskClient) -> None:
    who = who_is_sent_pins()
    login(client, who)

    answer = login(client, who, otp=mailed_pin())

    assert mfa_token_of(answer)
    assert factories.sessions_open() == 0
    assert {row.tries_left for row in db.session().scalars(select(PendingSignIn))} == {5}


def with_an_app() -> Account:
    who = factories.account()
    factories.app_of(who)
    return who


WITH_A_FACTOR: dict[str, Callable[[], Account]] = {
    "app": with_an_app,
    "PIN": who_is_sent_pins,
    "enrolment": who_has_to_enrol,
    "enrolment without an address": lambda: who_has_to_enrol(None, username="nelly"),
}


@pytest.mark.parametrize("kind", WITH_A_FACTOR)
@pytest.mark.parametrize("otp", ["", "x", FULL_WIDTH, "000000x", "0" * 500])
def test_no_factor_is_skipped(client: FlaskClient, kind: str, otp: str) -> None:
    answer = login(client, WITH_A_FACTOR[kind](), otp=otp)

    assert refused(answer)["error"] in {"mfa_required", "invalid_grant"}
    assert factories.sessions_open() == 0


def test_a_code_where_none_is_due_says_nothing(client: FlaskClient) -> None:
    assert login(client, factories.account(), otp="123456").status_code == 200


def test_a_wrong_code_with_the_password_is_told(client: FlaskClient) -> None:
    assert refused(login(client, with_an_app(), otp="000000x")) == NO_CODE


def test_after_a_wrong_pin_the_mfa_token_is_still_good(client: FlaskClient) -> None:
    mfa_token = mfa_token_of(login(client, who_is_sent_pins()))
    wrong = answer_with(client, mfa_token, another_than(mailed_pin()))

    right = answer_with(client, mfa_token, mailed_pin())

    assert refused(wrong) == NO_CODE
    assert right.status_code == 200


def test_after_five_wrong_codes_the_mfa_token_is_over(client: FlaskClient) -> None:
    mfa_token = mfa_token_of(login(client, who_is_sent_pins()))
    for _ in range(5):
        answer_with(client, mfa_token, another_than(mailed_pin()))

    assert refused(answer_with(client, mfa_token, mailed_pin())) == NO_TOKEN
    assert factories.sessions_open() == 0


def test_an_mfa_token_opens_one_session_only(client: FlaskClient) -> None:
    mfa_token = mfa_token_of(login(client, who_is_sent_pins()))
    pin = mailed_pin()
    answer_with(client, mfa_token, pin)

    assert refused(answer_with(client, mfa_token, pin)) == NO_TOKEN
    assert factories.sessions_open() == 1


@pytest.mark.parametrize("forged", ["x", "\x00", "0" * 64, "00000000-0000-4000-8000-000000000000"])
def test_a_forged_mfa_token_is_refused(client: FlaskClient, forged: str) -> None:
    assert refused(answer_with(client, forged, "123456")) == NO_TOKEN


def test_an_apps_code_signs_in_once(client: FlaskClient) -> None:
    who = factories.account()
    code = code_now(factories.app_of(who))
    login(client, who, otp=code)

    assert refused(login(client, who, otp=code)) == NO_CODE
    assert factories.sessions_open() == 1


def test_ten_wrong_codes_in_an_hour_stop_the_account(client: FlaskClient) -> None:
    who = factories.account()
    secret = factories.app_of(who)
    for _ in range(10):
        login(client, who, otp="000000x")

    answer = login(client, who, otp=code_now(secret))

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
    assert factories.sessions_open() == 0


def test_too_many_pins_are_not_mailed(client: FlaskClient) -> None:
    who = who_is_sent_pins()
    for _ in range(10):
        login(client, who)

    answer = login(client, who)

    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_who_has_to_set_up_an_app_is_told_by_mail(client: FlaskClient) -> None:
    answer = login(client, who_has_to_enrol())

    assert refused(answer) == NOT_SET_UP
    assert factories.latest_words("set_up")["link"].endswith("/sign-in/set-up")
    assert factories.mails("pin") == []


def test_without_an_address_nobody_can_be_told(client: FlaskClient) -> None:
    answer = login(client, who_has_to_enrol(None, username="nelly"), otp="123456")

    assert refused(answer) == NOT_SET_UP
    assert factories.mails() == []


def test_an_app_demanded_meanwhile_is_not_replaced_by_a_pin(client: FlaskClient) -> None:
    who = who_is_sent_pins()
    mfa_token = mfa_token_of(login(client, who))
    place = factories.organisation(factorForTeachers="app")
    factories.membership(who, place, Role.TEACHER)

    answer = answer_with(client, mfa_token, mailed_pin())

    assert refused(answer) == NOT_SET_UP
    assert factories.sessions_open() == 0


def test_a_longer_sign_in_of_another_contract_gives_no_longer_token(
    client: FlaskClient, clock: Clock
) -> None:
    who = who_is_sent_pins()
    elsewhere = Visitor(Interface.HASURA_BACKEND_PLUS, "192.0.2.1")
    [offer] = sign_in.verify_password(who.email or "", PASSWORD, elsewhere, whole=True).offers
    sign_in.proceed(offer.handle, elsewhere)
    answer = answer_with(client, offer.handle, mailed_pin())
    clock.advance(timedelta(hours=24))

    with pytest.raises(TicketRefused):
        session_of(answer)


def test_the_example_is_a_body_that_the_route_takes() -> None:
    [operation] = bearer_token.OPERATIONS

    assert Credentials.model_validate(operation.example)


def test_the_described_refusals_are_those_that_are_said() -> None:
    said = {detail.format(seconds=60) for _, _, detail in bearer_token.REFUSALS.values()}
    [operation] = bearer_token.OPERATIONS

    described = {each.example["detail"] for each in operation.answers if each.status in {429, 503}}
    invalid = [each.example for each in operation.answers if each.status == 401]

    assert described <= said
    assert {each["detail"] for each in invalid} - {PIN_SENT} <= said
