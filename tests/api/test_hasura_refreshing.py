"""Contract 004: the refresh cookie, and the later spellings of its paths."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.security.tokens import new_uuid
from tests import factories
from tests.api.hasura import (
    NEW_PASSWORD,
    Caller,
    activation_ticket,
    done,
    refresh_token,
    says,
    told,
)
from tests.conftest import Clock
from tests.factories import PASSWORD
from tests.operations.test_races import at_once

REFUSED = (401, "Invalid or expired refresh token.")
CLEARED = "refresh_token=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"


@pytest.fixture
def call(client: FlaskClient) -> Caller:
    return Caller(client)


def begun(call: Caller) -> str:
    return refresh_token(call.login(factories.account()))


def renewed(call: Caller, cookie: str) -> tuple[int, str | None]:
    response = call.post("/auth/token/refresh", Cookie=cookie)
    return (200, None) if response.status_code == 200 else says(response)


def test_over_tls_the_cookie_is_secure(call: Caller, change_settings: Callable[..., None]) -> None:
    change_settings(base_url="https://accounts.example.org")

    [cookie] = call.login(factories.account()).headers.getlist("Set-Cookie")

    assert cookie.endswith("; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax; Secure")


@pytest.mark.parametrize(
    "cookie", ["", "refresh_token=", "refresh_token=x", "refresh_token", "=", "refresh_token=%00"]
)
def test_no_token_is_refused(call: Caller, cookie: str) -> None:
    assert renewed(call, cookie) == REFUSED


def test_a_token_that_nobody_was_given_is_refused(call: Caller) -> None:
    assert renewed(call, f"refresh_token={new_uuid()}") == REFUSED


def test_a_cookie_tossed_in_beside_ours_makes_neither_count(call: Caller) -> None:
    mine, theirs = begun(call), begun(call)

    both = f"refresh_token={theirs}; refresh_token={mine}"
    assert renewed(call, both) == REFUSED
    assert renewed(call, f"refresh_token={mine}; refresh_token={mine}") == REFUSED

    assert renewed(call, f"refresh_token={mine}; other=x") == (200, None)


def test_a_token_counts_in_the_cookie_only(call: Caller) -> None:
    token = begun(call)

    assert renewed(call, "") == REFUSED
    assert says(call.post(f"/auth/token/refresh?refresh_token={token}")) == REFUSED
    assert says(call.post("/auth/token/refresh", {"refresh_token": token})) == REFUSED
    bearer = says(call.post("/auth/token/revoke", Authorization=f"Bearer {token}"))
    assert bearer == (401, "Invalid or expired JWT token.")


def test_the_cookie_opens_nothing_but_refresh_and_logout(call: Caller) -> None:
    cookie = f"refresh_token={begun(call)}"

    for path in ("account/remove", "token/revoke", "mfa/generate"):
        refused = call.post(f"/auth/{path}", Cookie=cookie)
        assert says(refused) == (401, "Invalid or expired JWT token.")


def test_a_token_that_was_used_long_ago_ends_all(call: Caller, clock: Clock) -> None:
    first = begun(call)
    response = call.post("/auth/token/refresh", Cookie=f"refresh_token={first}")
    bearer = f"Bearer {told(response)['jwt_token']}"
    clock.advance(timedelta(seconds=11))

    assert renewed(call, f"refresh_token={first}") == REFUSED
    assert renewed(call, f"refresh_token={refresh_token(response)}") == REFUSED
    revoked = call.post("/auth/token/revoke", Authorization=bearer)
    assert says(revoked) == (401, "Invalid or expired JWT token.")


def test_by_get_the_cookie_is_renewed_like_by_post(call: Caller) -> None:
    token = begun(call)

    response = call.get("/auth/token/refresh", Cookie=f"refresh_token={token}")

    assert list(told(response)) == ["jwt_token", "jwt_expires_in"]
    assert refresh_token(response) != token


def test_by_get_a_token_in_the_url_is_answered_in_the_body(call: Caller) -> None:
    token = told(call.login(factories.account(), cookie=False))["refresh_token"]

    response = call.get(f"/auth/token/refresh?refresh_token={token}")

    assert list(told(response)) == ["jwt_token", "jwt_expires_in", "refresh_token", "user"]
    assert "Set-Cookie" not in response.headers
    assert told(response)["refresh_token"] != token


def test_by_get_two_tokens_are_none(call: Caller) -> None:
    token = begun(call)

    twice = call.get(f"/auth/token/refresh?refresh_token={token}&refresh_token={token}")

    assert says(twice) == REFUSED


def test_to_look_spends_neither_token_nor_ticket(call: Caller) -> None:
    token = begun(call)
    call.post("/auth/register", {"email": "new@example.org", "password": NEW_PASSWORD})
    ticket = activation_ticket()

    for path in (
        f"/auth/token/refresh?refresh_token={token}",
        f"/auth/activate?ticket={ticket}",
        f"/auth/account/activate?ticket={ticket}",
    ):
        assert call.client.head(path).status_code == 204
    call.client.head("/auth/token/refresh", headers={"Cookie": f"refresh_token={token}"})

    renewals = [call.get(f"/auth/token/refresh?refresh_token={token}") for _ in range(2)]
    assert len({told(each)["refresh_token"] for each in renewals}) == 1
    assert done(call.get(f"/auth/activate?ticket={ticket}"))


@pytest.mark.parametrize("path", ["/auth/activate", "/auth/account/activate"])
def test_activation_by_get_says_what_is_wrong(call: Caller, path: str) -> None:
    assert says(call.get(path)) == (400, '"ticket" is required')
    assert says(call.get(f"{path}?ticket=x")) == (400, '"ticket" must be a valid GUID')
    unknown = call.get(f"{path}?ticket={new_uuid()}")
    assert says(unknown) == (401, "Invalid or expired ticket.")


def test_activation_has_a_shorter_name(call: Caller) -> None:
    call.post("/auth/register", {"email": "new@example.org", "password": NEW_PASSWORD})

    assert done(call.post("/auth/activate", {"ticket": activation_ticket()}))


@pytest.mark.parametrize("path", ["/auth/delete", "/auth/account/delete"])
def test_removal_has_other_names(call: Caller, path: str) -> None:
    who = factories.account()
    email = who.email

    assert done(call.post(path, Authorization=call.bearer(who)))

    gone = call.post("/auth/login", {"email": email, "password": PASSWORD})
    assert says(gone) == (400, "Account does not exist.")


@pytest.mark.parametrize("path", ["/auth/password/reset", "/auth/change-password/change"])
def test_a_reset_has_other_names(call: Caller, path: str) -> None:
    who = factories.account()
    call.post("/auth/change-password/request", {"email": who.email})
    ticket = factories.ticket_in("reset")

    assert done(call.post(path, {"ticket": ticket, "new_password": NEW_PASSWORD}))

    assert refresh_token(call.login(who, NEW_PASSWORD))


def test_a_change_of_password_keeps_this_session_and_ends_the_others(call: Caller) -> None:
    who = factories.account()
    bearer, other = call.bearer(who), call.bearer(who)
    body = {"old_password": PASSWORD, "new_password": NEW_PASSWORD}

    assert done(call.post("/auth/change-password", body, Authorization=bearer))

    wrong = call.post("/auth/change-password", body, Authorization=bearer)
    assert says(wrong) == (401, "Incorrect current password.")
    ended = call.post("/auth/token/revoke", Authorization=other)
    assert says(ended) == (401, "Invalid or expired JWT token.")
    assert done(call.post("/auth/token/revoke", Authorization=bearer))


def test_logout_ends_one_session_and_clears_the_cookie(call: Caller) -> None:
    who = factories.account()
    mine, other = refresh_token(call.login(who)), refresh_token(call.login(who))

    response = call.post("/auth/logout", Cookie=f"refresh_token={mine}")

    assert done(response)
    assert response.headers.getlist("Set-Cookie") == [CLEARED]
    assert renewed(call, f"refresh_token={mine}") == REFUSED
    assert renewed(call, f"refresh_token={other}") == (200, None)


def test_logout_of_all_ends_all(call: Caller) -> None:
    who = factories.account()
    mine, other = refresh_token(call.login(who)), refresh_token(call.login(who))

    assert done(call.post(f"/auth/logout?refresh_token={mine}", {"all": True}))

    assert renewed(call, f"refresh_token={other}") == REFUSED


def test_logout_without_a_token_is_no_error(call: Caller) -> None:
    assert done(call.post("/auth/logout", {"all": False}))
    assert done(call.post("/auth/logout"))


CALLS = [
    "/auth/token/revoke",
    "/auth/logout",
    "/auth/mfa/generate",
    "/auth/account/remove",
    "/auth/token/refresh",
]


@pytest.mark.parametrize("kinds", [2, 3, 5])
def test_calls_that_end_each_others_session_are_refused_and_never_fail(
    portal: Flask, call: Caller, kinds: int
) -> None:
    signed_in = call.login(factories.account())
    cookie = f"refresh_token={refresh_token(signed_in)}"
    bearer = f"Bearer {told(signed_in)['jwt_token']}"
    statuses = set()

    def act(number: int) -> None:
        mine = Caller(portal.test_client())
        path = CALLS[number % kinds]
        response = mine.post(path, Authorization=bearer, Cookie=cookie)
        statuses.add(response.status_code)

    at_once(portal, act)

    assert statuses <= {200, 204, 401}
