"""Contract 004: what it says of bodies, paths and too many tries, word for word."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.security import hash_gate
from tests import factories
from tests.api.hasura import NEW_PASSWORD, Caller, done, refresh_token, says, told
from tests.factories import PASSWORD

EMAIL = "hello@example.com"
TICKET = "0175b2e2-b6b5-4d3f-a5db-5b2d4bfc2ce7"
ACCOUNT = {"email": EMAIL, "password": NEW_PASSWORD}
FORGOT = {"ticket": TICKET, "new_password": NEW_PASSWORD}
TOTP = {"code": "123456", "ticket": TICKET}

BODIES: list[tuple[str, object, str | None]] = [
    ("login", {}, '"email" is required'),
    ("login", {"password": "x"}, '"email" is required'),
    ("login", {"email": EMAIL}, '"password" is required'),
    ("login", {**ACCOUNT, "email": ""}, '"email" is not allowed to be empty'),
    ("login", {**ACCOUNT, "email": 7}, '"email" must be a string'),
    ("login", {**ACCOUNT, "email": None}, '"email" must be a string'),
    ("login", {**ACCOUNT, "email": {"$ne": ""}}, '"email" must be a string'),
    ("login", {**ACCOUNT, "email": "hello"}, '"email" must be a valid email'),
    ("login", {**ACCOUNT, "email": "a@b@c"}, '"email" must be a valid email'),
    ("login", {"email": "hello", "password": 7, "foo": 1}, '"email" must be a valid email'),
    ("login", {**ACCOUNT, "password": ""}, '"password" is not allowed to be empty'),
    ("login", {**ACCOUNT, "password": 123456}, '"password" must be a string'),
    (
        "login",
        {**ACCOUNT, "password": "12345"},
        '"password" length must be at least 6 characters long',
    ),
    (
        "login",
        {**ACCOUNT, "password": "x" * 129},
        '"password" length must be less than or equal to 128 characters long',
    ),
    ("login", {**ACCOUNT, "cookie": "no"}, '"cookie" must be a boolean'),
    ("login", {**ACCOUNT, "foo": ""}, '"foo" is not allowed'),
    ("login", [], '"value" must be of type object'),
    ("login", [ACCOUNT], '"value" must be of type object'),
    ("login", "text", None),
    ("login", 7, None),
    ("login", True, None),
    ("register", {}, '"email" is required'),
    ("register", {**ACCOUNT, "foo": 1}, '"foo" is not allowed'),
    ("register", {"email": EMAIL, "password": "password"}, "Password is too weak."),
    ("register", {"email": EMAIL, "password": "example"}, "Password is too weak."),
    ("register", {"email": EMAIL, "password": "abc\x00def\x00ghi"}, "Password is too weak."),
    ("account/activate", {}, '"ticket" is required'),
    ("account/activate", {"ticket": "x"}, '"ticket" must be a valid GUID'),
    ("account/activate", {"ticket": TICKET + "\n"}, '"ticket" must be a valid GUID'),
    (
        "account/activate",
        {"ticket": "0175b2e2-b6b5-1d3f-a5db-5b2d4bfc2ce7"},
        '"ticket" must be a valid GUID',
    ),
    ("account/forgot", {"email": EMAIL}, '"ticket" is required'),
    ("account/forgot", {"ticket": TICKET}, '"new_password" is required'),
    (
        "account/forgot",
        {**FORGOT, "new_password": "12345"},
        '"new_password" length must be at least 6 characters long',
    ),
    ("account/forgot", {**FORGOT, "new_password": "password"}, "Password is too weak."),
    ("account/forgot", {**FORGOT, "old_password": PASSWORD}, '"old_password" is not allowed'),
    ("mfa/enable", {}, '"code" is required'),
    ("mfa/enable", {"code": 123456}, '"code" must be a string'),
    ("mfa/enable", {"code": "12345"}, '"code" length must be 6 characters long'),
    ("mfa/disable", {"code": "1234567"}, '"code" length must be 6 characters long'),
    ("mfa/disable", {"code": ""}, '"code" is not allowed to be empty'),
    ("mfa/totp", {}, '"code" is required'),
    ("mfa/totp", {"code": "123456"}, '"ticket" is required'),
    ("mfa/totp", {**TOTP, "ticket": "K7QF3-M9TXB"}, '"ticket" must be a valid GUID'),
    ("password/forgot", {}, '"email" is required'),
    ("password/reset", {}, '"new_password" is required'),
    ("password/reset", {"new_password": NEW_PASSWORD}, '"old_password" is required'),
    ("change-password", {"new_password": NEW_PASSWORD}, '"old_password" is required'),
    ("logout", {"all": "yes"}, '"all" must be a boolean'),
]


@pytest.fixture
def call(client: FlaskClient) -> Caller:
    return Caller(client)


@pytest.mark.parametrize("number", range(len(BODIES)))
def test_the_first_problem_is_named_as_joi_names_it(call: Caller, number: int) -> None:
    path, body, message = BODIES[number]

    assert says(call.post(f"/auth/{path}", body)) == (400, message)


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b'{"email": "hello@example.com",}',
        b"\xff\xfe",
        b'{"email": "\\ud800"}',
        b'{"email": NaN}',
        b'{"email": "a@example.com", "email": "b@example.com"}',
        b"[" * 5_000,
        b'{"email":' * 40 + b"1" + b"}" * 40,
        b"null",
    ],
)
def test_what_is_no_json_has_no_message(client: FlaskClient, raw: bytes) -> None:
    response = client.post("/auth/login", data=raw, content_type="application/json")

    assert says(response) == (400, None)


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "", "application/xml", "text/plain; application/json", "application/json+x"],
)
@pytest.mark.parametrize("path", ["login", "register"])
def test_only_json_is_read(client: FlaskClient, path: str, kind: str) -> None:
    response = client.post(f"/auth/{path}", json=ACCOUNT, content_type=kind)

    assert says(response) == (400, '"email" is required')


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_form_is_not_read_either(client: FlaskClient, kind: str) -> None:
    response = client.post("/auth/register", data=ACCOUNT, content_type=kind)

    assert says(response) == (400, '"email" is required')


def test_a_body_with_a_charset_is_json(client: FlaskClient) -> None:
    kind = "application/json; charset=utf-8"
    response = client.post("/auth/register", json=ACCOUNT, content_type=kind)

    assert done(response)


def test_a_body_beyond_all_need_is_not_read(call: Caller) -> None:
    assert says(call.post("/auth/login", {"email": "x" * 20_000})) == (413, "Payload Too Large")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/auth/register"),
        ("GET", "/auth/login"),
        ("PUT", "/auth/login"),
        ("GET", "/auth/account/remove"),
        ("DELETE", "/auth/account/remove"),
        ("GET", "/auth/mfa/totp"),
        ("POST", "/auth/jwks"),
        ("POST", "/auth/nothing/here"),
        ("GET", "/auth/nothing"),
        ("POST", "/healthz"),
    ],
)
def test_an_unknown_path_and_a_wrong_method_are_404(
    client: FlaskClient, method: str, path: str
) -> None:
    assert says(client.open(path, method=method)) == (404, "Not Found")


def test_a_slash_at_the_end_is_no_other_path(call: Caller) -> None:
    assert done(call.post("/auth/register/", ACCOUNT))
    assert says(call.post("/auth/login/", ACCOUNT)) == (400, "Account is not activated.")


def test_after_ten_wrong_passwords_nothing_is_compared(call: Caller) -> None:
    who = factories.account()
    for _ in range(10):
        assert says(call.login(who, "wrong" + PASSWORD)) == (401, "Password does not match.")

    limited = call.login(who)

    assert says(limited) == (429, "You are being rate limited.")
    assert 0 < int(limited.headers["Retry-After"]) <= 900


def test_an_address_that_nobody_has_locks_alike(call: Caller) -> None:
    for _ in range(10):
        assert says(call.post("/auth/login", ACCOUNT)) == (400, "Account does not exist.")

    assert says(call.post("/auth/login", ACCOUNT)) == (429, "You are being rate limited.")


def test_where_accounts_are_hidden_nothing_tells_of_one(
    call: Caller, change_settings: Callable[..., None]
) -> None:
    change_settings(hide_accounts=True)
    suspended, waiting = factories.account(), factories.account(activated=False)
    suspended.suspended_at = suspended.created_at
    factories.saved(suspended)

    for email in (EMAIL, waiting.email, suspended.email):
        refused = call.post("/auth/login", {"email": email, "password": PASSWORD})
        assert says(refused) == (401, "Password does not match.")
    taken = factories.account()
    assert done(call.post("/auth/register", {**ACCOUNT, "email": taken.email}))
    assert len(factories.mails("already_registered")) == 1


def test_where_accounts_are_told_of_a_taken_address_gets_no_mail(call: Caller) -> None:
    taken = factories.account()

    refused = call.post("/auth/register", {**ACCOUNT, "email": taken.email})

    assert says(refused) == (400, "account already exists")
    assert factories.mails() == []


def test_by_invitation_nobody_registers(call: Caller, change_settings: Callable[..., None]) -> None:
    change_settings(registration="invited")

    assert says(call.post("/auth/register", ACCOUNT)) == (403, "Registration is closed.")


def test_a_ticket_request_never_tells(call: Caller) -> None:
    for path in ("password/forgot", "change-password/request"):
        assert done(call.post(f"/auth/{path}", {"email": EMAIL}))

    assert factories.mails() == []


def test_too_much_to_do_is_said_before_the_body_is_read(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hash_gate.Gate, "full", lambda _gate, _client: True)

    for path in ("login", "register", "account/forgot"):
        response = client.post(f"/auth/{path}", data=b"{", content_type="application/json")
        assert says(response) == (503, "Service Unavailable")


def test_later_clients_keys_are_read_and_ignored(call: Caller) -> None:
    more = {"user_data": {"name": "Ada"}, "register_options": {}, "cookie": False}

    assert done(call.post("/auth/register", {**ACCOUNT, **more}))


def test_a_token_may_stand_in_the_answer(call: Caller) -> None:
    who = factories.account()

    response = call.login(who, cookie=False)

    assert "Set-Cookie" not in response.headers
    body = told(response)
    assert list(body) == ["jwt_token", "jwt_expires_in", "refresh_token", "user"]
    assert body["user"]["id"] == str(who.id)
    assert list(body["user"]) == ["id", "display_name", "email", "avatar_url"]
    assert refresh_token(call.login(who, cookie=True))
