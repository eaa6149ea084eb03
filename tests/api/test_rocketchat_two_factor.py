"""Contract 001 (Rocket.Chat): second factors, and choosing e-mailed PINs as one's own."""

import hashlib
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import db
from app.clock import now
from app.models import Account, AuditEvent
from app.security import totp
from tests import factories
from tests.api.rocketchat import (
    LOGIN,
    body_of,
    mails,
    pin,
    refused,
    sessions_open,
    sign_in,
    signed_in,
)
from tests.conftest import Clock
from tests.factories import PASSWORD

ENABLE = "/api/v1/users.2fa.enableEmail"
DISABLE = "/api/v1/users.2fa.disableEmail"
SEND = "/api/v1/users.2fa.sendEmailCode"
APP = {"method": "totp", "codeGenerated": False, "availableMethods": ["totp"]}
MAILED = {
    "method": "email",
    "codeGenerated": True,
    "emailOrUsername": "alice",
    "availableMethods": ["email"],
}
OTHER_DIGIT = str.maketrans("0123456789", "1234567890")
STALE = timedelta(minutes=10)


@pytest.fixture
def alice(portal: Flask) -> Account:  # noqa: ARG001 (it comes first)
    return factories.account("alice@example.org", username="alice")


@pytest.fixture
def member(alice: Account) -> Account:
    """Return Alice, whose organisation asks for a PIN."""
    factories.membership(alice, factories.pin_organisation())
    return alice


def code_of(secret: str) -> str:
    return totp.code_at(secret, totp.step_at(now()))


def wrong(code: str) -> str:
    return code.translate(OTHER_DIGIT)


def choose(client: FlaskClient, who: Account) -> dict[str, str]:
    """Let somebody choose PINs; return the session's headers."""
    mine = signed_in(client, who)
    assert client.post(ENABLE, headers=mine).json == {"success": True}
    return mine


def call_refused(answer: TestResponse, error: str) -> dict[str, object]:
    said = answer.json or {}
    assert (answer.status_code, said["success"], said["errorType"]) == (400, False, error)
    assert said["error"].endswith(f"[{error}]")
    return dict(said["details"])


def test_an_app_is_asked_for_its_code(client: FlaskClient, alice: Account) -> None:
    factories.app_of(alice)

    answer = sign_in(client, alice)

    assert refused(answer, "totp-required") == APP
    assert body_of(answer)["message"] == "TOTP Required"
    assert sessions_open() == 0


@pytest.mark.parametrize("as_number", [False, True])
def test_the_apps_code_signs_in(client: FlaskClient, alice: Account, *, as_number: bool) -> None:
    code = code_of(factories.app_of(alice))

    answer = sign_in(client, alice, code=int(code) if as_number else code)

    assert (answer.status_code, sessions_open()) == (200, 1)


def test_the_code_may_stand_in_the_headers(client: FlaskClient, alice: Account) -> None:
    code = code_of(factories.app_of(alice))

    answer = client.post(
        LOGIN,
        json={"user": alice.email, "password": PASSWORD},
        headers={"x-2fa-code": code, "x-2fa-method": "totp"},
    )

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "bad", ["2246d10", "", "1", " ", "\uff11\uff12\uff13\uff14\uff15\uff16", -1, 10**30, "000-000"]
)
def test_what_is_no_code_opens_nothing(client: FlaskClient, alice: Account, bad: str | int) -> None:
    factories.app_of(alice)

    answer = sign_in(client, alice, code=bad)

    expected = "totp-required" if bad == "" else "totp-invalid"
    assert refused(answer, expected) == APP
    assert sessions_open() == 0


def test_an_apps_code_has_no_hyphen(client: FlaskClient, alice: Account) -> None:
    code = code_of(factories.app_of(alice))

    refused(sign_in(client, alice, code=f"{code[:3]}-{code[3:]}"), "totp-invalid")

    assert sessions_open() == 0


def test_a_code_signs_in_once(client: FlaskClient, alice: Account, clock: Clock) -> None:
    secret = factories.app_of(alice)
    code = code_of(secret)
    sign_in(client, alice, code=code)

    again = sign_in(client, alice, code=code)
    clock.advance(timedelta(seconds=30))
    next_one = sign_in(client, alice, code=code_of(secret))

    assert refused(again, "totp-invalid") == APP
    assert body_of(again)["message"] == "TOTP Invalid"
    assert next_one.status_code == 200


def test_a_code_is_no_password(client: FlaskClient, alice: Account) -> None:
    code = code_of(factories.app_of(alice))

    answer = sign_in(client, alice, password="wrong horse battery", code=code)

    refused(answer, "Unauthorized")


def test_codes_cannot_be_guessed_for_long(client: FlaskClient, alice: Account) -> None:
    secret = factories.app_of(alice)
    for _ in range(10):
        refused(sign_in(client, alice, code=wrong(code_of(secret))), "totp-invalid")

    answer = sign_in(client, alice, code=code_of(secret))

    assert refused(answer, "totp-max-attempts") == APP
    assert body_of(answer)["message"] == "TOTP Maximun Failed Attempts Reached"
    assert sessions_open() == 0


def test_a_pin_is_mailed_and_signs_in(client: FlaskClient, member: Account) -> None:
    asked = sign_in(client, member)

    answer = sign_in(client, member, code=pin())

    assert refused(asked, "totp-required") == MAILED
    assert (answer.status_code, sessions_open(), mails("pin")) == (200, 1, 1)


@pytest.mark.parametrize("between", ["-", " "])
def test_a_pin_may_stand_in_two_groups(client: FlaskClient, member: Account, between: str) -> None:
    sign_in(client, member)
    digits = pin()

    assert sign_in(client, member, code=digits[:3] + between + digits[3:]).status_code == 200


def test_while_a_pin_waits_no_other_is_mailed(
    client: FlaskClient, member: Account, clock: Clock
) -> None:
    sign_in(client, member)
    until = clock.time + timedelta(minutes=10)

    waiting = refused(sign_in(client, member), "totp-required")
    clock.advance(timedelta(minutes=10))
    anew = refused(sign_in(client, member), "totp-required")

    assert waiting == {
        "method": "email",
        "codeGenerated": False,
        "codeExpires": until.strftime("%Y-%m-%dT%H:%M:%S.") + f"{until.microsecond // 1000:03}Z",
        "emailOrUsername": "alice",
        "availableMethods": ["email"],
    }
    assert anew == MAILED
    assert mails("pin") == 2


def test_a_pin_signs_in_once(client: FlaskClient, member: Account) -> None:
    sign_in(client, member)
    digits = pin()
    sign_in(client, member, code=digits)

    refused(sign_in(client, member, code=digits), "totp-invalid")

    assert sessions_open() == 1


def test_a_pin_is_good_for_its_own_account(client: FlaskClient, member: Account) -> None:
    other = factories.account()
    factories.membership(other, factories.pin_organisation())
    sign_in(client, member)
    digits = pin()
    sign_in(client, other)

    refused(sign_in(client, other, code=digits), "totp-invalid")

    assert sessions_open() == 0


def test_an_organisations_own_password_does_not_answer_the_accounts_pin(
    client: FlaskClient, alice: Account
) -> None:
    place = factories.pin_organisation()
    factories.membership(alice, place)
    factories.own_password(alice, place)
    sign_in(client, alice)

    answer = sign_in(client, alice, password=factories.OWN_PASSWORD, code=pin())

    refused(answer, "totp-invalid")
    assert (
        refused(sign_in(client, alice, password=factories.OWN_PASSWORD), "totp-required") == MAILED
    )
    assert (sessions_open(), mails("pin")) == (0, 2)


def test_five_wrong_pins_are_too_many(client: FlaskClient, member: Account) -> None:
    sign_in(client, member)
    digits = pin()
    tries = [sign_in(client, member, code=wrong(digits)) for _ in range(5)]

    late = sign_in(client, member, code=digits)
    anew = sign_in(client, member)
    right = sign_in(client, member, code=pin())

    errors = [body_of(each)["error"] for each in tries]
    assert errors == ["totp-invalid"] * 4 + ["totp-max-attempts"]
    refused(late, "totp-max-attempts")
    assert refused(anew, "totp-required") == MAILED
    assert right.status_code == 200


def test_a_wrong_pin_tells_until_when_the_right_one_is_good(
    client: FlaskClient, member: Account
) -> None:
    sign_in(client, member)

    details = refused(sign_in(client, member, code=wrong(pin())), "totp-invalid")

    assert (details["codeGenerated"], details["method"]) == (False, "email")
    assert str(details["codeExpires"]).endswith("Z")


def test_too_many_pins_are_told_in_seconds(
    client: FlaskClient, member: Account, clock: Clock
) -> None:
    for _ in range(30):  # as many as one address is sent in a day
        sign_in(client, member)
        clock.advance(timedelta(minutes=10))

    answer = sign_in(client, member)

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "900")
    assert "900 seconds before" in body_of(answer)["error"]
    assert (mails("pin"), sessions_open()) == (30, 0)


def test_who_has_to_set_up_an_app_is_told_by_mail(client: FlaskClient, alice: Account) -> None:
    strict = factories.organisation("", None, factorForStudents="app")
    factories.membership(alice, strict)

    answers = [sign_in(client, alice), sign_in(client, alice, code="123456")]

    for answer in answers:
        assert refused(answer, "totp-required") == {**APP, "availableMethods": []}
    assert mails("set_up") >= 1
    assert (mails("pin"), sessions_open()) == (0, 0)


def resend(client: FlaskClient, name: object, address: str = "127.0.0.1") -> TestResponse:
    sent = {} if name is None else {"emailOrUsername": name}
    return client.post(SEND, json=sent, environ_overrides={"REMOTE_ADDR": address})


@pytest.mark.usefixtures("member")
@pytest.mark.parametrize("name", ["alice", "alice@example.org", "nobody", "not an identity\n"])
def test_nobody_is_mailed_a_pin_without_a_password(client: FlaskClient, name: str) -> None:
    answer = resend(client, name)

    assert (answer.status_code, answer.json, mails("pin")) == (200, {"success": True}, 0)


@pytest.mark.usefixtures("portal")
@pytest.mark.parametrize("name", [None, "", 7])
def test_resending_wants_a_name(client: FlaskClient, name: object) -> None:
    answer = resend(client, name)

    assert answer.status_code == 400
    assert answer.json == {
        "success": False,
        "error": "emailOrUsername is required [error-parameter-required]",
        "errorType": "error-parameter-required",
    }


def test_another_pin_takes_the_place_of_the_first(
    client: FlaskClient, member: Account, clock: Clock
) -> None:
    sign_in(client, member)
    first = pin()
    clock.advance(timedelta(seconds=60))

    resend(client, "alice")

    second = pin()
    assert mails("pin") == 2
    if first != second:  # once in a million they are the same
        refused(sign_in(client, member, code=first), "totp-invalid")
    assert sign_in(client, member, code=second).status_code == 200


def test_another_pin_has_to_wait_a_minute(client: FlaskClient, member: Account) -> None:
    sign_in(client, member)

    answer = resend(client, "alice")

    assert (answer.json, mails("pin")) == ({"success": True}, 1)


def test_strangers_cannot_have_another_pin_mailed(
    client: FlaskClient, member: Account, clock: Clock
) -> None:
    sign_in(client, member)
    clock.advance(timedelta(seconds=60))

    answer = resend(client, "alice", "203.0.113.9")

    assert (answer.json, mails("pin")) == ({"success": True}, 1)


def test_pins_can_be_chosen_as_a_factor_of_ones_own(client: FlaskClient, alice: Account) -> None:
    other = signed_in(client, alice)

    mine = choose(client, alice)

    assert client.get("/api/v1/me", headers=mine).status_code == 200
    assert client.get("/api/v1/me", headers=other).status_code == 401
    assert refused(sign_in(client, alice), "totp-required") == MAILED
    assert mails("pin_chosen") == 1
    assert db.session().query(AuditEvent).filter_by(what="pin_chosen").count() == 1


def test_choosing_twice_is_told_once(client: FlaskClient, alice: Account) -> None:
    mine = choose(client, alice)
    client.post(ENABLE, headers=mine)
    code = pin()

    again = client.post(ENABLE, headers={**mine, "x-2fa-code": code, "x-2fa-method": "email"})

    assert (again.json, mails("pin_chosen")) == ({"success": True}, 1)


@pytest.mark.usefixtures("portal")
def test_who_has_no_address_cannot_choose_pins(client: FlaskClient) -> None:
    factories.account(None, username="bob")
    data = body_of(client.post(LOGIN, json={"user": "bob", "password": PASSWORD}))["data"]
    mine = {"X-Auth-Token": data["authToken"], "X-User-Id": data["userId"]}

    answer = client.post(ENABLE, headers=mine)

    assert (answer.status_code, body_of(answer)["errorType"]) == (
        400,
        "error-invalid-email-address",
    )


def test_leaving_pins_takes_a_pin(client: FlaskClient, alice: Account) -> None:
    mine = choose(client, alice)

    asked = client.post(DISABLE, headers=mine)
    code = pin()
    bad = client.post(DISABLE, headers={**mine, "x-2fa-code": wrong(code)})
    done = client.post(DISABLE, headers={**mine, "x-2fa-code": f"{code[:3]}-{code[3:]}"})

    assert call_refused(asked, "totp-required") == MAILED
    assert call_refused(bad, "totp-invalid")["codeGenerated"] is False
    assert (done.status_code, done.json) == (200, {"success": True})
    assert sign_in(client, alice).status_code == 200
    assert mails("pin_left") == 1


def test_the_pin_of_a_call_is_mailed_once_while_it_waits(
    client: FlaskClient, alice: Account
) -> None:
    mine = choose(client, alice)
    client.post(DISABLE, headers=mine)

    again = client.post(DISABLE, headers=mine)

    assert call_refused(again, "totp-required")["codeGenerated"] is False
    assert mails("pin") == 1


def test_the_pin_of_a_call_opens_no_session(client: FlaskClient, alice: Account) -> None:
    mine = choose(client, alice)
    client.post(DISABLE, headers=mine)

    refused(sign_in(client, alice, code=pin()), "totp-invalid")

    assert client.get("/api/v1/me", headers=mine).status_code == 200
    assert sessions_open() == 1


def test_five_wrong_pins_end_what_a_call_asked(client: FlaskClient, alice: Account) -> None:
    mine = choose(client, alice)
    client.post(DISABLE, headers=mine)
    code = pin()
    for _ in range(5):
        client.post(DISABLE, headers={**mine, "x-2fa-code": wrong(code)})

    late = client.post(DISABLE, headers={**mine, "x-2fa-code": code})

    call_refused(late, "totp-invalid")
    refused(sign_in(client, alice), "totp-required")


def test_a_stale_session_answers_with_the_apps_code(
    client: FlaskClient, alice: Account, clock: Clock
) -> None:
    secret = factories.app_of(alice)
    mine = signed_in(client, alice, code=code_of(secret))
    clock.advance(STALE)

    asked = client.post(ENABLE, headers=mine)
    bad = client.post(ENABLE, headers={**mine, "x-2fa-code": wrong(code_of(secret))})
    good = {**mine, "x-2fa-code": code_of(secret), "x-2fa-method": "totp"}
    done = client.post(ENABLE, headers=good)
    next_call = client.post(DISABLE, headers=good)

    assert call_refused(asked, "totp-required") == APP
    assert call_refused(bad, "totp-invalid") == APP
    assert (done.json, next_call.json) == ({"success": True}, {"success": True})


def test_calls_cannot_be_guessed_for_long(
    client: FlaskClient, alice: Account, clock: Clock
) -> None:
    secret = factories.app_of(alice)
    mine = signed_in(client, alice, code=code_of(secret))
    clock.advance(STALE)
    for _ in range(10):
        client.post(ENABLE, headers={**mine, "x-2fa-code": wrong(code_of(secret))})

    answer = client.post(ENABLE, headers={**mine, "x-2fa-code": code_of(secret)})

    call_refused(answer, "totp-max-attempts")


def test_a_stale_session_without_a_factor_has_to_sign_in_again(
    client: FlaskClient, alice: Account, clock: Clock
) -> None:
    mine = signed_in(client, alice)
    clock.advance(STALE)
    digest = hashlib.sha256(PASSWORD.encode()).hexdigest()

    asked = client.post(ENABLE, headers=mine)
    tried = {**mine, "x-2fa-code": digest, "x-2fa-method": "password"}
    answered = client.post(ENABLE, headers=tried)

    expected = {"method": "password", "codeGenerated": False, "availableMethods": []}
    assert call_refused(asked, "totp-required") == expected
    assert call_refused(answered, "totp-invalid") == expected
    assert sign_in(client, alice).status_code == 200


def test_a_seat_alone_does_not_change_the_account(client: FlaskClient, alice: Account) -> None:
    place = factories.organisation()
    factories.membership(alice, place)
    factories.own_password(alice, place)
    mine = signed_in(client, alice, password=factories.OWN_PASSWORD)

    answer = client.post(ENABLE, headers=mine)

    assert call_refused(answer, "totp-required")["method"] == "password"
    assert sign_in(client, alice).status_code == 200
