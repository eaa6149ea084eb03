"""A client of contract 004, for its tests."""

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.clock import now
from app.models import Account
from app.security import totp
from tests import factories
from tests.factories import PASSWORD

NEW_PASSWORD = "gx2b7tq0w9z"  # eleven random letters and digits, as the original's tests have


class Caller:
    """Speaks JSON, and keeps cookies only where a test sends them."""

    def __init__(self, client: FlaskClient) -> None:
        client._cookies = None  # a program that keeps no cookies of its own
        self.client = client

    def post(self, path: str, body: object = None, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is None:
            return self.client.post(path, headers=named)
        return self.client.post(path, json=body, headers=named)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, headers=headers)

    def login(self, who: Account, password: str = PASSWORD, **more: object) -> TestResponse:
        return self.post("/auth/login", {"email": who.email, "password": password, **more})

    def bearer(self, who: Account, password: str = PASSWORD) -> str:
        token: str = told(self.login(who, password))["jwt_token"]
        return f"Bearer {token}"


def told(response: TestResponse) -> dict[str, Any]:
    """Return what a 200 says."""
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    return body_of(response)


def body_of(response: TestResponse) -> dict[str, Any]:
    body = response.json
    assert isinstance(body, dict)
    return body


def done(response: TestResponse) -> bool:
    assert response.status_code == 204, response.text
    return response.data == b"" and "Content-Type" not in response.headers


def says(response: TestResponse) -> tuple[int, str | None]:
    """Return a failure's status and message, after a look at its form."""
    phrases = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}
    phrases |= {429: "Too Many Requests", 413: "Payload Too Large", 503: "Service Unavailable"}
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    status, body = response.status_code, body_of(response)
    expected = {"statusCode": status, "error": phrases[status]}
    if "message" in body:
        expected["message"] = body["message"]
    assert body == expected
    assert list(body) == list(expected)
    assert ("Retry-After" in response.headers) == (status in {429, 503})
    return status, body.get("message")


def refresh_token(response: TestResponse) -> str:
    """Return the refresh token that a cookie sets, after a look at its attributes."""
    [cookie] = response.headers.getlist("Set-Cookie")
    token, _, attributes = cookie.partition("; ")
    assert attributes == "Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax"
    return token.removeprefix("refresh_token=")


def code_of(secret: str) -> str:
    return totp.code_at(secret, totp.step_at(now()))


def activation_ticket() -> str:
    return factories.ticket_in("activation")
