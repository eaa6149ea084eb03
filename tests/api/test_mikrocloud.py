"""Contract 000: a token for the password, then a bearer for the token."""

import base64
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
from app.api import mikrocloud, mikrocloud_token
from app.api.description import Operation
from app.api.mikrocloud_description import SCAN
from app.clock import now
from app.models import Account, Factor, Interface, PendingSignIn, Role, Session
from app.operations import lockout, sessions, sign_in
from app.operations.visitor import Visitor
from app.security import totp
from tests import factories
from tests.conftest import KEY, Clock
from tests.factories import PASSWORD

NO_MATCH = {"message": "Invalid email or password"}
NO_CODE = {"message": "Invalid one-time password"}
NO_TOKEN = {"message": "Invalid token"}
FULL_WIDTH = "\uff11\uff12\uff13\uff14\uff15\uff16"  # digits, but not ASCII


def login(client: FlaskClient, who: Account, password: str = PASSWORD) -> TestResponse:
    identity = who.email or who.username
    return client.post("/user/login", json={"email": identity, "password": password})


def token_of(client: FlaskClient, who: Account) -> str:
    return str(body_of(login(client, who))["token"])


def passport(client: FlaskClient, token: str, code: str | None = None) -> TestResponse:
    return client.post("/user/passport", json={"totp": code, "token": token})


def body_of(answer: TestResponse) -> dict[str, Any]:
    assert answer.content_type == "application/json"
    found: dict[str, Any] = json.loads(answer.data)
    return found


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


def secret_shown(token: str) -> str:
    """Return what the QR code carries: the app's secret, as a camera would read it."""
    step = sign_in.peek(mikrocloud_token.unwrapped(token))
    assert isinstance(step, sign_in.Enrolment)
    return step.secret


def test_the_answers_are_the_documents(client: FlaskClient) -> None:
    who = factories.account()

    first = login(client, who)
    second = passport(client, first.json["token"] if first.json else "")

    token = body_of(first)["token"]
    assert first.status_code == second.status_code == 200
    assert first.get_data(as_text=True).strip() == (
        '{"mfa_enabled":false,"mfa_verified":false,"mfa_svg":null,'
        f'"message":"Login was successful","token":"{token}"}}'
    )
    assert list(body_of(second)) == ["message", "auth_token"]
    assert body_of(second)["message"] == "Login Successful"


def test_the_secrets_look_like_the_documents(client: FlaskClient) -> None:
    token = token_of(client, factories.account())
    bearer = body_of(passport(client, token))["auth_token"]

    assert re.fullmatch(r"eyJp[A-Za-z0-9+/]+ifQ==", token)
    assert json.loads(base64.b64decode(token, validate=True))
    assert re.fullmatch(r"[A-Za-z0-9+/]{43}=", bearer)


def test_the_password_alone_opens_no_session(client: FlaskClient) -> None:
    login(client, factories.account())

    assert factories.sessions_open() == 0


def test_the_bearer_is_that_of_a_session_of_a_day(client: FlaskClient, clock: Clock) -> None:
    who = factories.account()

    bearer = body_of(passport(client, token_of(client, who)))["auth_token"]

    session = sessions.find(bearer)
    assert (session.account_id, session.interface) == (who.id, Interface.MIKROCLOUD)
    assert session.expires_at - clock.time == timedelta(hours=24)


def test_a_token_opens_one_session_only(client: FlaskClient) -> None:
    token = token_of(client, factories.account())
    passport(client, token)

    again = passport(client, token)

    assert (again.status_code, body_of(again)) == (401, NO_TOKEN)
    assert factories.sessions_open() == 1


def test_a_token_lives_ten_minutes(client: FlaskClient, clock: Clock) -> None:
    token = token_of(client, factories.account())
    clock.advance(timedelta(minutes=10))

    late = passport(client, token)

    assert (late.status_code, body_of(late)) == (401, NO_TOKEN)


def envelope(value: object) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    "forged",
    [
        "eyJp",
        "no base64 at all",
        "ÿ",
        base64.b64encode(b'{"intent":').decode(),
        base64.b64encode(b"[" * 9_000).decode(),
        base64.b64encode(b"\xff").decode(),
        envelope([]),
        envelope({}),
        envelope({"intent": 1}),
        envelope({"intent": ["a.b"]}),
        envelope({"intent": "0" * 64}),
        envelope({"intent": "0" * 64 + "." + "A" * 43}),
        envelope({"intent": "\ud800.a"}),
    ],
)
def test_a_forged_token_is_refused(client: FlaskClient, forged: str) -> None:
    answer = passport(client, forged)

    assert (answer.status_code, body_of(answer)) == (401, NO_TOKEN)


def test_a_handle_of_another_door_is_no_token(client: FlaskClient) -> None:
    who = factories.account()
    elsewhere = Visitor(Interface.ROCKETCHAT, "192.0.2.1")
    [offer] = sign_in.verify_password(who.email or "", PASSWORD, elsewhere, whole=True).offers

    answers = [
        passport(client, each) for each in (offer.handle, envelope({"intent": offer.handle}))
    ]

    assert [body_of(answer) for answer in answers] == [NO_TOKEN, NO_TOKEN]
    assert factories.sessions_open() == 0


def test_a_token_outlives_a_change_of_the_secret_key(
    client: FlaskClient, change_settings: Callable[..., None]
) -> None:
    token = token_of(client, factories.account())
    change_settings(secret_key=f"a newer key: also long enough: 9876543210,{KEY}")

    assert passport(client, token).status_code == 200


REFUSED: dict[str, Callable[[], tuple[str | None, str]]] = {
    "unknown": lambda: ("nobody@example.org", PASSWORD),
    "wrong password": lambda: (factories.account().email, "wrong"),
    "not activated": lambda: (factories.account(activated=False).email, PASSWORD),
    "suspended": lambda: (suspended().email, PASSWORD),
    "organisation suspended": lambda: (of_a_suspended_organisation().email, PASSWORD),
    "no identity at all": lambda: ("\x00", PASSWORD),
    "endless password": lambda: (factories.account().email, "a" * 2_000),
}


def suspended() -> Account:
    who = factories.account()
    who.suspended_at = now()
    return factories.saved(who)


def of_a_suspended_organisation() -> Account:
    who, place = factories.account(), factories.organisation()
    place.suspended_at = now()
    factories.membership(who, place)
    return who


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("hidden", [False, True])
def test_every_wrong_sign_in_is_answered_alike(
    client: FlaskClient, change_settings: Callable[..., None], case: str, *, hidden: bool
) -> None:
    change_settings(hide_accounts=hidden)
    identity, password = REFUSED[case]()

    answer = client.post("/user/login", json={"email": identity, "password": password})

    assert (answer.status_code, body_of(answer)) == (401, NO_MATCH)
    assert "Retry-After" not in answer.headers


def test_an_organisations_lock_looks_like_a_wrong_password(client: FlaskClient) -> None:
    who = factories.account()
    place = factories.organisation(settings={"maxFailedSignInAttempts": 1})
    factories.membership(who, place)
    login(client, who, "wrong")

    locked = login(client, who)

    assert (locked.status_code, body_of(locked)) == (401, NO_MATCH)
    assert "Retry-After" not in locked.headers


def test_a_lock_is_told_alike_for_known_and_unknown(client: FlaskClient, clock: Clock) -> None:
    identities = [factories.account().email, "nobody@example.org"]
    for identity in identities * lockout.IDENTITY.tries:
        client.post("/user/login", json={"email": identity, "password": "wrong"})
    clock.advance(timedelta(minutes=5))

    answers = [
        client.post("/user/login", json={"email": each, "password": PASSWORD})
        for each in identities
    ]

    told = {"message": "Too many login attempts. Please try again in 600 seconds."}
    assert [answer.status_code for answer in answers] == [401, 401]
    assert [body_of(answer) for answer in answers] == [told, told]


def test_a_network_that_fails_too_often_waits(client: FlaskClient) -> None:
    for number in range(lockout.NETWORK.tries):
        sent = {"email": f"nobody{number}@example.org", "password": "wrong"}
        client.post("/user/login", json=sent)

    answer = login(client, factories.account())

    assert (answer.status_code, body_of(answer)) == (429, {"message": "Too Many Attempts."})
    assert 0 < int(answer.headers["Retry-After"]) <= 600


# The second factor


def flags(answer: TestResponse) -> tuple[object, ...]:
    body = body_of(answer)
    return body["mfa_enabled"], body["mfa_verified"], body["mfa_svg"]


def test_the_code_of_an_app_is_asked(client: FlaskClient) -> None:
    who = factories.account()
    secret = factories.app_of(who)

    first = login(client, who)
    second = passport(client, body_of(first)["token"], code_now(secret))

    assert flags(first) == (True, True, None)
    assert second.status_code == 200
    assert sessions.find(body_of(second)["auth_token"]).factor is Factor.CODE


def test_a_pin_is_mailed_at_once_and_answers_as_totp(client: FlaskClient) -> None:
    who = who_is_sent_pins()

    first = login(client, who)
    second = passport(client, body_of(first)["token"], mailed_pin())

    assert flags(first) == (True, True, None)
    assert len(factories.mails("pin")) == 1
    assert second.status_code == 200
    assert sessions.find(body_of(second)["auth_token"]).factor is Factor.PIN


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
@pytest.mark.parametrize("sent", [{}, {"totp": None}, {"totp": ""}], ids=str)
def test_a_missing_code_opens_nothing_and_is_no_try(
    client: FlaskClient, kind: str, sent: dict[str, object]
) -> None:
    token = token_of(client, WITH_A_FACTOR[kind]())

    answers = [client.post("/user/passport", json={"token": token, **sent}) for _ in range(12)]

    assert {answer.status_code for answer in answers} == {401}
    assert all(body_of(answer) == NO_CODE for answer in answers)
    assert factories.sessions_open() == 0
    [pending] = db.session().scalars(select(PendingSignIn))
    assert pending.tries_left == pending.TRIES


@pytest.mark.parametrize("kind", WITH_A_FACTOR)
@pytest.mark.parametrize("code", ["x", FULL_WIDTH, "12345", "0" * 500, " "])
def test_a_wrong_code_opens_nothing(client: FlaskClient, kind: str, code: str) -> None:
    token = token_of(client, WITH_A_FACTOR[kind]())

    answer = passport(client, token, code)

    assert (answer.status_code, body_of(answer)) == (401, NO_CODE)
    assert factories.sessions_open() == 0


def test_after_a_wrong_pin_the_token_is_still_good(client: FlaskClient) -> None:
    token = token_of(client, who_is_sent_pins())
    passport(client, token, another_than(mailed_pin()))

    assert passport(client, token, mailed_pin()).status_code == 200


def test_after_five_wrong_codes_the_token_is_over(client: FlaskClient) -> None:
    token = token_of(client, who_is_sent_pins())
    for _ in range(5):
        passport(client, token, another_than(mailed_pin()))

    answer = passport(client, token, mailed_pin())

    assert (answer.status_code, body_of(answer)) == (401, NO_TOKEN)
    assert factories.sessions_open() == 0


def test_ten_wrong_codes_in_an_hour_stop_the_account(client: FlaskClient) -> None:
    who = factories.account()
    secret = factories.app_of(who)
    for _ in range(2):
        token = token_of(client, who)
        for _ in range(5):
            passport(client, token, "000000x")

    answer = passport(client, token_of(client, who), code_now(secret))

    assert (answer.status_code, body_of(answer)) == (429, {"message": "Too Many Attempts."})
    assert int(answer.headers["Retry-After"]) == 3600
    assert factories.sessions_open() == 0


def test_a_code_opens_one_session_only(client: FlaskClient) -> None:
    who = factories.account()
    code = code_now(factories.app_of(who))
    passport(client, token_of(client, who), code)

    again = passport(client, token_of(client, who), code)

    assert (again.status_code, body_of(again)) == (401, NO_CODE)
    assert factories.sessions_open() == 1


def test_too_many_pins_are_not_mailed(client: FlaskClient) -> None:
    who = who_is_sent_pins()
    for _ in range(10):
        login(client, who)

    answer = login(client, who)

    assert (answer.status_code, body_of(answer)) == (429, {"message": "Too Many Attempts."})
    assert int(answer.headers["Retry-After"]) > 0


# Setting up an authenticator app


def test_the_qr_code_is_shown_only_after_a_pin(client: FlaskClient) -> None:
    who = who_has_to_enrol()

    first = login(client, who)
    token = body_of(first)["token"]
    second = passport(client, token, mailed_pin())
    third = passport(client, token, code_now(secret_shown(token)))

    assert flags(first) == (True, False, None)
    assert second.status_code == 401
    assert list(body_of(second)) == ["message", "mfa_svg"]
    assert body_of(second)["message"] == "Scan the QR code and send its first code"
    assert body_of(second)["mfa_svg"].startswith("<svg")
    assert third.status_code == 200
    assert sessions.find(body_of(third)["auth_token"]).factor is Factor.CODE


def test_a_pin_alone_does_not_open_a_session_where_an_app_is_due(client: FlaskClient) -> None:
    token = token_of(client, who_has_to_enrol())
    passport(client, token, mailed_pin())

    again = passport(client, token, mailed_pin())

    assert (again.status_code, body_of(again)) == (401, NO_CODE)
    assert factories.sessions_open() == 0


def test_without_an_address_the_qr_code_comes_with_the_token(client: FlaskClient) -> None:
    who = who_has_to_enrol(None, username="nelly")

    first = login(client, who)
    token = body_of(first)["token"]
    second = passport(client, token, code_now(secret_shown(token)))

    assert flags(first)[:2] == (True, False)
    assert body_of(first)["mfa_svg"].startswith("<svg")
    assert second.status_code == 200


def test_an_app_once_confirmed_is_never_shown_again(client: FlaskClient, clock: Clock) -> None:
    who = who_has_to_enrol(None, username="nelly")
    token = token_of(client, who)
    secret = secret_shown(token)
    passport(client, token, code_now(secret))
    clock.advance(timedelta(seconds=30))

    first = login(client, who)
    second = passport(client, body_of(first)["token"], code_now(secret))

    assert flags(first) == (True, True, None)
    assert second.status_code == 200


def test_a_factor_demanded_meanwhile_is_asked(client: FlaskClient) -> None:
    who = factories.account()
    token = token_of(client, who)
    factories.membership(who, factories.pin_organisation(), Role.TEACHER)

    without = passport(client, token)
    with_pin = passport(client, token, mailed_pin())

    assert (without.status_code, body_of(without)) == (401, NO_CODE)
    assert with_pin.status_code == 200
    assert [row.factor for row in db.session().scalars(select(Session))] == [Factor.PIN]


# What a client may send


def test_a_form_is_as_good_as_json(client: FlaskClient) -> None:
    who = factories.account()

    first = client.post("/user/login", data={"email": who.email, "password": PASSWORD})
    second = client.post("/user/passport", data={"token": body_of(first)["token"], "totp": ""})

    assert (first.status_code, second.status_code) == (200, 200)


def test_a_username_is_as_good_as_an_address(client: FlaskClient) -> None:
    factories.account(username="nelly")

    answer = client.post("/user/login", json={"email": " nelly ", "password": PASSWORD})

    assert answer.status_code == 200


def test_slashes_at_the_end_do_not_matter(client: FlaskClient) -> None:
    who = factories.account()

    answer = client.post("/user/login/", json={"email": who.email, "password": PASSWORD})

    assert answer.status_code == 200


EMAIL_REQUIRED = "The email field is required."
PASSWORD_REQUIRED = "The password field is required."
BOTH = {"email": [EMAIL_REQUIRED], "password": [PASSWORD_REQUIRED]}
BOTH_SUMMARY = f"{EMAIL_REQUIRED} (and 1 more error)"


@pytest.mark.parametrize(
    ("sent", "message", "errors"),
    [
        ({"password": "x"}, EMAIL_REQUIRED, {"email": [EMAIL_REQUIRED]}),
        ({"email": "a@b.org"}, PASSWORD_REQUIRED, {"password": [PASSWORD_REQUIRED]}),
        ({"email": " ", "password": "x"}, EMAIL_REQUIRED, {"email": [EMAIL_REQUIRED]}),
        ({"email": None, "password": "x"}, EMAIL_REQUIRED, {"email": [EMAIL_REQUIRED]}),
        (
            {"email": "a@b.org", "password": ""},
            PASSWORD_REQUIRED,
            {"password": [PASSWORD_REQUIRED]},
        ),
        (
            {"email": ["a@b.org"], "password": "x"},
            "The email field must be a string.",
            {"email": ["The email field must be a string."]},
        ),
        (
            {"email": "a@b.org", "password": 123456},
            "The password field must be a string.",
            {"password": ["The password field must be a string."]},
        ),
        ({}, BOTH_SUMMARY, BOTH),
    ],
)
def test_a_wrong_body_is_told_field_by_field(
    client: FlaskClient, sent: object, message: str, errors: object
) -> None:
    answer = client.post("/user/login", json=sent)

    assert answer.status_code == 422
    assert list(body_of(answer).items()) == [("message", message), ("errors", errors)]


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"null", "application/json"),
        (b'"text"', "application/json"),
        (b"\xff", "application/json"),
        (b"[" * 10_000, "application/json"),
        (b'{"email":"a@b.org","email":"c@d.org","password":"x"}', "application/json"),
        (b'{"email":"a@b.org","password":"x"}', "text/plain"),
        (b"email=a@b.org&password=x", ""),
    ],
)
def test_what_is_no_object_counts_as_empty(client: FlaskClient, raw: bytes, kind: str) -> None:
    answer = client.post("/user/login", data=raw, content_type=kind)

    assert (answer.status_code, body_of(answer)) == (422, {"message": BOTH_SUMMARY, "errors": BOTH})


def test_a_field_sent_twice_in_a_form_is_refused(client: FlaskClient) -> None:
    answer = client.post(
        "/user/login",
        data="email=a@b.org&email=c@d.org&password=x",
        content_type="application/x-www-form-urlencoded",
    )

    assert answer.status_code == 422
    assert list(body_of(answer)["errors"]) == ["email"]


@pytest.mark.parametrize(
    ("sent", "field", "message"),
    [
        ({"totp": None}, "token", "The token field is required."),
        ({"token": ""}, "token", "The token field is required."),
        ({"token": 5}, "token", "The token field must be a string."),
        ({"token": "eyJp", "totp": 123456}, "totp", "The totp field must be a string."),
    ],
)
def test_a_wrong_passport_is_told_field_by_field(
    client: FlaskClient, sent: object, field: str, message: str
) -> None:
    answer = client.post("/user/passport", json=sent)

    assert answer.status_code == 422
    assert body_of(answer) == {"message": message, "errors": {field: [message]}}


def test_no_answer_is_kept_by_a_cache_or_sets_a_cookie(client: FlaskClient) -> None:
    first = login(client, factories.account())
    second = passport(client, body_of(first)["token"])

    for answer in (first, second):
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("operation", mikrocloud.OPERATIONS, ids=lambda each: str(each.path))
def test_each_example_is_a_body_that_the_route_takes(operation: Operation) -> None:
    assert operation.body is not None
    assert operation.body.model_validate(operation.example)


def test_the_described_refusals_are_those_that_are_said() -> None:
    said = {message.format(seconds=900) for _, message in mikrocloud.REFUSALS.values()}

    described = {
        answer.example["message"]
        for operation in mikrocloud.OPERATIONS
        for answer in operation.answers
        if answer.status in {401, 429, 503}
    }

    assert described - {SCAN} <= said
