"""Contract 001 (Rocket.Chat): signing in, who is signed in, signing out."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from app import db
from app.api import rocketchat as contract
from app.clock import now
from app.errors import Busy, Locked, Refusal, TooManyTries
from app.models import Account, Interface, Role
from app.operations import passwords, sessions
from app.operations.visitor import Visitor
from tests import factories
from tests.api.rocketchat import (
    LOGIN,
    UNAUTHORIZED,
    body_of,
    headers,
    mails,
    refused,
    sessions_open,
    sign_in,
    signed_in,
)
from tests.conftest import Clock
from tests.factories import OWN_PASSWORD, PASSWORD

ALICE = "alice@example.org"
MUST_SIGN_IN = "You must be logged in to do this."
HERE = Visitor(Interface.ROCKETCHAT, "127.0.0.1")


@pytest.fixture
def alice(portal: Flask) -> Account:  # noqa: ARG001 (it comes first)
    return factories.account(ALICE, username="alice", name="Alice Liddell")


def every(refusal: type[Refusal]) -> Iterator[type[Refusal]]:
    for each in refusal.__subclasses__():
        yield each
        yield from every(each)


@pytest.mark.parametrize("refusal", list(every(Refusal)))
def test_the_contract_has_words_for(refusal: type[Refusal]) -> None:
    assert refusal.reason in contract.REFUSALS


def test_the_answer_is_the_documents_to_the_key(client: FlaskClient, alice: Account) -> None:
    answer = client.post(LOGIN, json={"user": ALICE, "password": PASSWORD})

    data = body_of(answer)["data"]
    assert answer.headers["Content-Type"] == "application/json"
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", data["authToken"])
    expected = {
        "status": "success",
        "data": {
            "authToken": data["authToken"],
            "userId": alice.short_id,
            "me": {
                "_id": alice.short_id,
                "name": "Alice Liddell",
                "emails": [{"address": ALICE, "verified": True}],
                "status": "offline",
                "statusConnection": "offline",
                "username": "alice",
                "utcOffset": 0,
                "active": True,
                "roles": ["user"],
                "settings": {"preferences": {}},
                "avatarUrl": "http://localhost:8000/avatar/alice",
            },
        },
    }
    assert json.dumps(answer.json) == json.dumps(expected)


def test_no_answer_is_kept_by_anybody(client: FlaskClient, alice: Account) -> None:
    for answer in (sign_in(client, alice), client.get("/api/v1/me"), client.post(LOGIN)):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Pragma"] == "no-cache"


@pytest.mark.parametrize(
    "named",
    [
        {"user": ALICE},
        {"user": "alice"},
        {"user": "ALICE@Example.ORG"},
        {"user": {"username": "alice"}},
        {"user": {"email": ALICE}},
        {"username": "alice"},
        {"username": ALICE},
        {"email": ALICE},
        {"user": ALICE, "resume": None, "code": None, "remember": True},
    ],
    ids=str,
)
def test_a_person_is_named_in_any_of_the_originals_ways(
    client: FlaskClient, alice: Account, named: dict[str, object]
) -> None:
    answer = client.post(LOGIN, json={**named, "password": PASSWORD})

    assert body_of(answer)["data"]["userId"] == alice.short_id


@pytest.mark.parametrize("name", ["user", "username", "email"])
def test_a_form_does_as_well(client: FlaskClient, alice: Account, name: str) -> None:
    answer = client.post(LOGIN, data={name: ALICE, "password": PASSWORD})

    assert body_of(answer)["data"]["userId"] == alice.short_id


@pytest.mark.usefixtures("alice")
@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"user": ALICE, "password": "wrong horse battery"}},
        {"json": {"user": "nobody@example.org", "password": PASSWORD}},
        {"json": {"password": PASSWORD}},
        {"json": {"user": ALICE}},
        {"json": {"user": {"$ne": ""}, "password": PASSWORD}},
        {"json": {"user": ALICE, "password": {"$ne": ""}}},
        {"json": {"user": ALICE, "password": PASSWORD, "code": True}},
        {"json": {}},
        {"json": []},
        {"json": {"resume": "9HqLlyZOugoStsXCUfD_0YdwnNnunAJF8V47U3QHXSq"}},
        {"json": {"resume": "x" * 5_000}},
        {"data": '{"user":', "content_type": "application/json"},
        {"data": json.dumps({"user": ALICE, "password": PASSWORD}), "content_type": "text/plain"},
        {"data": {"user": [ALICE, "bob"], "password": PASSWORD}},
        {},
    ],
    ids=lambda sent: str(sent)[:60],
)
def test_everything_wrong_is_refused_alike(client: FlaskClient, sent: dict[str, object]) -> None:
    answer = client.post(LOGIN, **sent)

    assert (answer.status_code, answer.json) == (401, UNAUTHORIZED)
    assert answer.headers["Content-Type"] == "application/json"
    assert sessions_open() == 0


def test_the_digest_of_a_password_opens_nothing(client: FlaskClient, alice: Account) -> None:
    hashed = {"digest": hashlib.sha256(PASSWORD.encode()).hexdigest(), "algorithm": "sha-256"}

    answer = client.post(LOGIN, json={"user": alice.email, "password": hashed})

    assert (answer.status_code, answer.json) == (401, UNAUTHORIZED)


def test_a_code_that_nobody_asked_for_is_ignored(client: FlaskClient, alice: Account) -> None:
    assert sign_in(client, alice, code="2246d10").status_code == 200


def test_who_resumes_keeps_the_same_token(client: FlaskClient, alice: Account) -> None:
    first = body_of(sign_in(client, alice))

    again = client.post(LOGIN, json={"resume": first["data"]["authToken"]})

    assert (again.status_code, again.json) == (200, first)
    assert sessions_open() == 1


def test_a_token_lives_ninety_days(client: FlaskClient, alice: Account, clock: Clock) -> None:
    mine = signed_in(client, alice)

    clock.advance(timedelta(days=90) - timedelta(seconds=1))
    still = client.post(LOGIN, json={"resume": mine["X-Auth-Token"]})
    clock.advance(timedelta(seconds=1))
    over = client.post(LOGIN, json={"resume": mine["X-Auth-Token"]})

    assert (still.status_code, over.status_code, over.json) == (200, 401, UNAUTHORIZED)


@pytest.mark.usefixtures("alice")
def test_too_many_failures_block_even_the_right_password_until_time_passes(
    client: FlaskClient, clock: Clock
) -> None:
    for _ in range(10):
        client.post(LOGIN, json={"user": ALICE, "password": "wrong horse battery"})

    blocked = client.post(LOGIN, json={"user": ALICE, "password": PASSWORD})
    clock.advance(timedelta(minutes=15))
    after = client.post(LOGIN, json={"user": ALICE, "password": PASSWORD})

    details = refused(blocked, "error-login-blocked-for-user")
    assert body_of(blocked)["message"] == "Login has been temporarily blocked For User"
    assert details == {"function": "Accounts.validateLoginAttempt"}
    assert after.status_code == 200


def test_too_many_failures_block_a_network_address(client: FlaskClient, alice: Account) -> None:
    for number in range(50):
        client.post(LOGIN, json={"user": f"nobody{number}@example.org", "password": PASSWORD})

    blocked = sign_in(client, alice)

    details = refused(blocked, "error-login-blocked-for-ip")
    assert body_of(blocked)["message"] == "Login has been temporarily blocked For IP"
    assert details == {"function": "Accounts.validateLoginAttempt"}


def test_an_organisations_lock_looks_like_a_wrong_password(
    client: FlaskClient, alice: Account
) -> None:
    factories.membership(alice, factories.organisation("", {"maxFailedSignInAttempts": 1}))
    client.post(LOGIN, json={"user": ALICE, "password": "wrong horse battery"})

    assert sign_in(client, alice).json == UNAUTHORIZED


def shut(who: Account, state: str) -> None:
    column = {"suspended": Account.suspended_at, "unconfirmed": Account.activated_at}[state]
    moment = now() if state == "suspended" else None
    db.session().execute(update(Account).where(Account.id == who.id).values({column: moment}))
    db.session().commit()


SHUT = {
    "suspended": ("error-user-is-not-activated", "User is not activated"),
    "unconfirmed": ("error-invalid-email", "Invalid email __email__"),
}


@pytest.mark.parametrize("state", SHUT)
def test_a_shut_account_says_so_after_the_right_password_only(
    client: FlaskClient, alice: Account, state: str
) -> None:
    shut(alice, state)

    right = sign_in(client, alice)
    wrong = sign_in(client, alice, password="wrong horse battery")

    assert (right.status_code, body_of(right)["error"], body_of(right)["message"]) == (
        401,
        *SHUT[state],
    )
    assert (wrong.status_code, wrong.json) == (401, UNAUTHORIZED)


@pytest.mark.parametrize("state", SHUT)
def test_a_portal_that_hides_accounts_never_says_so(
    client: FlaskClient, alice: Account, state: str, change_settings: Callable[..., None]
) -> None:
    change_settings(hide_accounts=True)
    shut(alice, state)

    assert sign_in(client, alice).json == UNAUTHORIZED


def test_me_is_the_same_profile_laid_flat(client: FlaskClient, alice: Account) -> None:
    answer = sign_in(client, alice)

    me = client.get("/api/v1/me", headers=headers(answer))

    expected = {**body_of(answer)["data"]["me"], "success": True}
    assert (me.status_code, json.dumps(me.json)) == (200, json.dumps(expected))


def test_who_has_no_username_is_called_by_the_address(client: FlaskClient) -> None:
    who = factories.account("o.k+chat@example.org")

    me = body_of(sign_in(client, who))["data"]["me"]

    assert me["username"] == "o.k+chat"
    assert me["avatarUrl"] == "http://localhost:8000/avatar/o.k%2Bchat"
    assert client.get("/avatar/o.k%2Bchat").status_code == 200


def test_who_has_no_address_has_no_emails(client: FlaskClient) -> None:
    factories.account(None, username="bob")

    me = body_of(client.post(LOGIN, json={"user": "bob", "password": PASSWORD}))["data"]["me"]

    assert (me["username"], me["emails"]) == ("bob", [])


def test_a_superuser_is_an_admin(client: FlaskClient, alice: Account) -> None:
    factories.membership(alice, None, Role.SUPERUSER)

    assert body_of(sign_in(client, alice))["data"]["me"]["roles"] == ["admin"]


def test_an_organisations_own_password_makes_no_admin(client: FlaskClient, alice: Account) -> None:
    place = factories.organisation()
    factories.membership(alice, None, Role.SUPERUSER)
    factories.membership(alice, place)
    factories.own_password(alice, place)

    answer = sign_in(client, alice, password=OWN_PASSWORD)

    assert body_of(answer)["data"]["me"]["roles"] == ["user"]


PROTECTED = [
    ("GET", "/api/v1/me"),
    ("GET", "/api/v1/logout"),
    ("POST", "/api/v1/logout"),
    ("POST", "/api/v1/users.2fa.enableEmail"),
    ("POST", "/api/v1/users.2fa.disableEmail"),
]


@pytest.mark.parametrize(("method", "path"), PROTECTED)
def test_without_a_bearer_of_ones_own_nothing_is_done(
    client: FlaskClient, alice: Account, method: str, path: str
) -> None:
    mine, other = signed_in(client, alice), factories.account()
    bad: list[dict[str, str]] = [
        {},
        {"X-Auth-Token": mine["X-Auth-Token"]},
        {"X-User-Id": mine["X-User-Id"]},
        {**mine, "X-User-Id": other.short_id},
        {**mine, "X-Auth-Token": "nonsense"},
    ]

    answers = [client.open(path, method=method, headers=each) for each in bad]

    said = {"status": "error", "message": MUST_SIGN_IN, "success": False, "error": MUST_SIGN_IN}
    assert [(each.status_code, each.json) for each in answers] == [(401, said)] * len(bad)
    assert sessions_open() == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_signing_out_ends_the_presented_session_alone(
    client: FlaskClient, alice: Account, method: str
) -> None:
    mine, other = signed_in(client, alice), signed_in(client, alice)

    answer = client.open("/api/v1/logout", method=method, headers=mine)

    said = {"status": "success", "data": {"message": "You've been logged out!"}}
    assert (answer.status_code, answer.json) == (200, said)
    assert client.get("/api/v1/me", headers=mine).status_code == 401
    assert client.get("/api/v1/me", headers=other).status_code == 200


def test_head_signs_nobody_out(client: FlaskClient, alice: Account) -> None:
    mine = signed_in(client, alice)

    client.head("/api/v1/logout", headers=mine)

    assert client.get("/api/v1/me", headers=mine).status_code == 200


def test_the_bearer_does_as_an_authorization_too(client: FlaskClient, alice: Account) -> None:
    token = signed_in(client, alice)["X-Auth-Token"]

    answer = client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})

    assert body_of(answer)["_id"] == alice.short_id


@pytest.mark.usefixtures("portal")
def test_a_stranger_learns_the_version_in_short(client: FlaskClient) -> None:
    assert client.get("/api/info").json == {"version": "6.0", "success": True}
    assert body_of(client.get("/api/info", headers={"X-Auth-Token": "x"}))["success"] is True


def test_who_is_signed_in_learns_it_in_full(client: FlaskClient, alice: Account) -> None:
    answer = client.get("/api/info", headers=signed_in(client, alice))

    assert body_of(answer)["version"] == "6.0"
    assert body_of(answer)["info"].keys() == {"version", "build", "commit", "marketplaceApiVersion"}


@pytest.mark.parametrize("email", [ALICE, "nobody@example.org", "not an address"])
def test_a_forgotten_password_is_answered_alike(
    client: FlaskClient, alice: Account, email: str
) -> None:
    answer = client.post("/api/v1/users.forgotPassword", json={"email": email})

    assert (answer.status_code, answer.json) == (200, {"success": True})
    assert mails("reset") == (1 if email == alice.email else 0)


@pytest.mark.usefixtures("portal")
def test_a_forgotten_password_wants_an_address(client: FlaskClient) -> None:
    answer = client.post("/api/v1/users.forgotPassword", json={})

    said = {"success": False, "error": "The 'email' param is required"}
    assert (answer.status_code, answer.json) == (400, said)


def test_a_reset_password_ends_the_session(client: FlaskClient, alice: Account) -> None:
    mine = signed_in(client, alice)
    client.post("/api/v1/users.forgotPassword", data={"email": ALICE})
    db.session().rollback()

    passwords.reset(factories.ticket_in("reset"), "a wholly new staple", HERE)

    assert client.get("/api/v1/me", headers=mine).status_code == 401


@pytest.mark.usefixtures("portal")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/login"),
        ("PUT", "/api/v1/login"),
        ("DELETE", "/api/v1/me"),
        ("POST", "/api/info"),
        ("GET", "/api/v1/channels.list"),
        ("GET", "/api/v2/me"),
        ("POST", "/avatar/alice"),
    ],
)
def test_what_is_not_there_is_said_in_the_contracts_form(
    client: FlaskClient, method: str, path: str
) -> None:
    answer = client.open(path, method=method)

    sentence = "API endpoint does not exist"
    said = {"status": "error", "message": sentence, "success": False, "error": sentence}
    assert (answer.status_code, answer.json) == (404, said)


@pytest.mark.usefixtures("portal")
def test_a_slash_at_the_end_does_no_harm(client: FlaskClient) -> None:
    assert client.post(LOGIN + "/", json={}).json == UNAUTHORIZED
    assert body_of(client.get("/api/info/"))["success"] is True


@pytest.mark.usefixtures("portal")
def test_a_body_that_is_too_large_is_refused(client: FlaskClient) -> None:
    answer = client.post(LOGIN, json={"user": "x" * 20_000})

    said = {"success": False, "error": "Request body is too large"}
    assert (answer.status_code, answer.json) == (413, said)


def test_a_rate_limit_is_a_sentence_with_seconds(portal: Flask) -> None:
    with portal.test_request_context():
        answer = portal.make_response(contract.fail(429, 17))

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "17")
    found = re.search(r"([0-9]+) seconds .*\[error-too-many-requests\]", answer.get_json()["error"])
    assert found
    assert found[1] == "17"


def test_a_portal_with_too_much_to_do_says_when_to_come_back(
    client: FlaskClient, alice: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise Busy(1)

    monkeypatch.setattr(contract, "require_room", full)

    answer = sign_in(client, alice)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json == {"success": False, "error": "Service temporarily unavailable"}


@pytest.mark.parametrize("refusal", [TooManyTries(9), Locked(now())])
def test_a_refusal_elsewhere_has_the_form_of_a_call(portal: Flask, refusal: Refusal) -> None:
    with portal.test_request_context("/api/v1/users.2fa.enableEmail"):
        answer = portal.make_response(contract.refuse(refusal))

    error, message = contract.REFUSALS[refusal.reason]
    expected = {"success": False, "error": f"{message} [{error}]", "errorType": error}
    assert (answer.get_json(), answer.status_code) == (expected, 400)


def test_every_route_is_described_and_no_other(portal: Flask) -> None:
    ours = {
        (method, re.sub(r"<(\w+:)?(\w+)>", r"{\2}", rule.rule))
        for rule in portal.url_map.iter_rules()
        if rule.endpoint.startswith("api.rocketchat.") and "_path" not in rule.arguments
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    assert {(each.method, each.path) for each in contract.OPERATIONS} == ours


def test_a_session_of_this_contract_stands_among_all_others(
    client: FlaskClient, alice: Account
) -> None:
    signed_in(client, alice)

    db.session().rollback()
    [session] = sessions.all_of(alice)
    assert session.interface is Interface.ROCKETCHAT
