"""Contract 004: what its document says, and what its original's own tests assert."""

import base64
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api import hasura_backend_plus
from app.api.hasura_bodies import GUID
from app.errors import Refusal
from app.models import Interface, Role
from app.operations import sessions
from tests import factories
from tests.api.hasura import (
    NEW_PASSWORD,
    Caller,
    activation_ticket,
    body_of,
    code_of,
    done,
    refresh_token,
    says,
    told,
)
from tests.conftest import Clock
from tests.factories import PASSWORD

pytestmark = pytest.mark.usefixtures("clock")  # a code belongs to half a minute

REFUSED_JWT = (401, "Invalid or expired JWT token.")
REFUSED_TICKET = (401, "Invalid or expired ticket.")
REFUSED_REFRESH = (401, "Invalid or expired refresh token.")
RECENT = (401, "Recent sign-in required.")
TICKET = "0175b2e2-b6b5-4d3f-a5db-5b2d4bfc2ce7"


@pytest.fixture
def call(client: FlaskClient) -> Caller:
    return Caller(client)


def kinds(of: type[Refusal]) -> Iterator[type[Refusal]]:
    yield of
    for kind in of.__subclasses__():
        yield from kinds(kind)


@pytest.mark.parametrize("kind", [*kinds(Refusal)])
def test_every_refusal_has_words(kind: type[Refusal]) -> None:
    assert kind.reason in hasura_backend_plus.REFUSALS


def test_every_operation_that_is_described_is_there(portal: Flask) -> None:
    rules = list(portal.url_map.iter_rules())
    routes = {(method, rule.rule) for rule in rules for method in rule.methods or ()}

    for operation in hasura_backend_plus.OPERATIONS:
        assert (operation.method, operation.path) in routes


def test_the_originals_story_of_an_account(call: Caller) -> None:
    account = {"email": "Hello@Example.com", "password": NEW_PASSWORD}

    assert done(call.post("/auth/register", account))
    assert says(call.post("/auth/register", account)) == (400, "account already exists")
    again = {**account, "email": "hello@example.COM"}
    assert says(call.post("/auth/register", again)) == (400, "account already exists")
    assert says(call.post("/auth/login", account)) == (400, "Account is not activated.")
    ticket = activation_ticket()
    assert GUID.fullmatch(ticket)
    assert done(call.post("/auth/account/activate", {"ticket": ticket}))
    assert says(call.post("/auth/account/activate", {"ticket": ticket})) == REFUSED_TICKET
    signed_in = told(call.post("/auth/login", again))
    assert list(signed_in) == ["jwt_token", "jwt_expires_in"]
    assert isinstance(signed_in["jwt_token"], str)
    assert signed_in["jwt_expires_in"] == 900_000
    bearer = f"Bearer {signed_in['jwt_token']}"
    assert done(call.post("/auth/account/remove", Authorization=bearer))
    assert says(call.post("/auth/account/remove", Authorization=bearer)) == REFUSED_JWT
    assert says(call.post("/auth/login", account)) == (400, "Account does not exist.")
    assert done(call.post("/auth/register", account))


def test_the_originals_story_of_a_second_factor(call: Caller) -> None:
    who = factories.account()
    bearer = call.bearer(who)

    generated = told(call.post("/auth/mfa/generate", Authorization=bearer))
    assert list(generated) == ["image_url", "otp_secret"]
    assert re.fullmatch("[A-Z2-7]{32}", generated["otp_secret"])
    kind, _, picture = generated["image_url"].partition(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(picture).startswith(b"\x89PNG")
    code = {"code": code_of(generated["otp_secret"])}
    assert done(call.post("/auth/mfa/enable", code, Authorization=bearer))
    due = call.login(who)
    assert list(told(due)) == ["mfa", "ticket"]
    assert told(due)["mfa"] is True
    assert "Set-Cookie" not in due.headers
    signed_in = call.post("/auth/mfa/totp", {**code, "ticket": told(due)["ticket"]})
    assert list(told(signed_in)) == ["jwt_token", "jwt_expires_in"]
    assert refresh_token(signed_in) != told(due)["ticket"]
    bearer = f"Bearer {told(signed_in)['jwt_token']}"
    assert done(call.post("/auth/mfa/disable", code, Authorization=bearer))
    assert refresh_token(call.login(who))


def test_the_originals_story_of_tokens(call: Caller) -> None:
    first = call.login(factories.account())
    token = refresh_token(first)

    renewed = call.post("/auth/token/refresh", Cookie=f"refresh_token={token}")
    assert list(told(renewed)) == ["jwt_token", "jwt_expires_in"]
    assert GUID.fullmatch(refresh_token(renewed))
    assert refresh_token(renewed) != token
    bearer = f"Bearer {told(renewed)['jwt_token']}"
    assert done(call.post("/auth/token/revoke", Authorization=bearer))
    assert says(call.post("/auth/token/revoke", Authorization=bearer)) == REFUSED_JWT
    newest = f"refresh_token={refresh_token(renewed)}"
    assert says(call.post("/auth/token/refresh", Cookie=newest)) == REFUSED_REFRESH


def test_the_originals_story_of_a_password(call: Caller) -> None:
    who = factories.account()
    bearer = call.bearer(who)
    change = {"old_password": PASSWORD, "new_password": NEW_PASSWORD}

    assert done(call.post("/auth/password/reset", change, Authorization=bearer))
    wrong = call.post("/auth/password/reset", change, Authorization=bearer)
    assert says(wrong) == (401, "Incorrect password.")
    assert refresh_token(call.login(who, NEW_PASSWORD))
    assert done(call.post("/auth/password/forgot", {"email": who.email}))
    forgot = {"ticket": factories.ticket_in("reset"), "new_password": "another11letters"}
    assert done(call.post("/auth/account/forgot", forgot))
    assert says(call.post("/auth/account/forgot", forgot)) == REFUSED_TICKET
    assert says(call.login(who, NEW_PASSWORD)) == (401, "Password does not match.")
    assert refresh_token(call.login(who, "another11letters"))
    assert says(call.post("/auth/token/revoke", Authorization=bearer)) == REFUSED_JWT


def test_health_is_plain_text(call: Caller) -> None:
    response = call.get("/healthz")

    assert (response.status_code, response.text) == (200, "OK")
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"


def test_public_keys_are_shown_as_a_set(call: Caller) -> None:
    response = call.get("/auth/jwks")

    [key] = body_of(response)["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "alg", "use"}


def test_a_wrong_password_is_said_before_any_factor(call: Caller) -> None:
    who = factories.account()
    factories.app_of(who)

    assert says(call.login(who, "wrong" + PASSWORD)) == (401, "Password does not match.")


def test_a_suspended_account_is_not_activated(call: Caller) -> None:
    who = factories.account(activated=False)

    for password in (PASSWORD, "wrong" + PASSWORD):
        assert says(call.login(who, password)) == (400, "Account is not activated.")


def test_a_mailed_pin_answers_where_one_is_due(call: Caller) -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    ticket = told(call.login(who))["ticket"]

    answer = {"code": factories.latest_words("pin")["pin"], "ticket": ticket}
    assert refresh_token(call.post("/auth/mfa/totp", answer))

    assert says(call.post("/auth/mfa/totp", answer)) == REFUSED_TICKET


def test_the_ticket_of_contract_002_is_answered_here(call: Caller) -> None:
    who = factories.account()
    secret = factories.app_of(who)
    form = {"username": who.email, "password": PASSWORD, "grant_type": "password"}
    ticket = body_of(call.client.post("/auth/login", data=form))["mfa_token"]

    answer = call.post("/auth/mfa/totp", {"code": code_of(secret), "ticket": ticket})

    token = refresh_token(answer)
    renewed = call.post("/auth/token/refresh", Cookie=f"refresh_token={token}")
    assert told(renewed)["jwt_expires_in"] == 900_000


def test_who_has_to_set_up_an_app_is_told_by_mail(call: Caller) -> None:
    who = factories.account()
    factories.membership(who, factories.organisation(factorForStudents="app"))

    ticket = told(call.login(who))["ticket"]

    assert len(factories.mails("set_up")) == 1
    assert factories.mails("pin") == []
    answer = call.post("/auth/mfa/totp", {"code": "123456", "ticket": ticket})
    assert says(answer) == (401, "Invalid two-factor code.")
    assert factories.sessions_open() == 0


def test_a_ticket_survives_four_wrong_codes_and_no_more(call: Caller) -> None:
    who = factories.account()
    secret = factories.app_of(who)
    ticket = told(call.login(who))["ticket"]

    for _ in range(5):
        wrong = call.post("/auth/mfa/totp", {"code": "abcdef", "ticket": ticket})
        assert says(wrong) == (401, "Invalid two-factor code.")
    right = call.post("/auth/mfa/totp", {"code": code_of(secret), "ticket": ticket})

    assert says(right) == REFUSED_TICKET


def test_a_code_signs_in_once(call: Caller) -> None:
    who = factories.account()
    code = code_of(factories.app_of(who))
    tickets = [told(call.login(who))["ticket"] for _ in range(2)]

    first, second = (
        call.post("/auth/mfa/totp", {"code": code, "ticket": ticket}) for ticket in tickets
    )

    assert refresh_token(first)
    assert says(second) == (401, "Invalid two-factor code.")


def test_a_second_factor_is_what_it_is(call: Caller) -> None:
    bearer = call.bearer(factories.account())
    code = {"code": "123456"}

    disable = call.post("/auth/mfa/disable", code, Authorization=bearer)
    assert says(disable) == (400, "MFA is already disabled.")
    enable = call.post("/auth/mfa/enable", code, Authorization=bearer)
    assert says(enable) == (400, "OTP secret is not set.")
    secret = told(call.post("/auth/mfa/generate", Authorization=bearer))["otp_secret"]
    letters = call.post("/auth/mfa/enable", {"code": "abcdef"}, Authorization=bearer)
    assert says(letters) == (401, "Invalid two-factor code.")
    code = {"code": code_of(secret)}
    assert done(call.post("/auth/mfa/enable", code, Authorization=bearer))
    again = call.post("/auth/mfa/enable", code, Authorization=bearer)
    assert says(again) == (400, "MFA is already enabled.")
    replaced = call.post("/auth/mfa/generate", Authorization=bearer)
    assert says(replaced) == (400, "MFA is already enabled.")


def test_after_ten_minutes_grave_calls_ask_to_sign_in_again(call: Caller, clock: Clock) -> None:
    who = factories.account()
    bearer = call.bearer(who)
    clock.advance(timedelta(minutes=10))

    change = {"old_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert says(call.post("/auth/account/remove", Authorization=bearer)) == RECENT
    assert says(call.post("/auth/mfa/generate", Authorization=bearer)) == RECENT
    assert says(call.post("/auth/change-password", change, Authorization=bearer)) == RECENT
    disable = call.post("/auth/mfa/disable", {"code": "123456"}, Authorization=bearer)
    assert says(disable) == RECENT
    assert done(call.post("/auth/token/revoke", Authorization=bearer))


def test_the_last_superuser_cannot_be_removed(call: Caller) -> None:
    who = factories.account()
    factories.membership(who, role=Role.SUPERUSER)

    removed = call.post("/auth/account/remove", Authorization=call.bearer(who))

    assert says(removed) == (403, "The last superuser cannot be removed.")


def test_its_sessions_stand_in_the_list_as_all_others(call: Caller) -> None:
    who = factories.account()
    call.bearer(who)

    [session] = sessions.all_of(who)

    assert session.interface is Interface.HASURA_BACKEND_PLUS
    assert session.expires_at - session.opened_at == timedelta(days=30)


@pytest.mark.parametrize("path", ["account/remove", "token/revoke", "mfa/generate"])
@pytest.mark.parametrize("bearer", ["", "Bearer", "Bearer ", "Bearer x", "Basic eDp5", TICKET])
def test_no_bearer_is_no_caller(call: Caller, path: str, bearer: str) -> None:
    assert says(call.post(f"/auth/{path}", Authorization=bearer)) == REFUSED_JWT
    assert says(call.post(f"/auth/{path}")) == REFUSED_JWT


def test_a_bearer_without_the_word_is_one(call: Caller) -> None:
    token = call.bearer(factories.account()).removeprefix("Bearer ")

    assert done(call.post("/auth/token/revoke", Authorization=token))
