"""A client of contract 003 for tests, and what its answers look like."""

import json
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import db
from app.clock import now
from app.models import Account
from app.security import totp
from tests import factories
from tests.factories import PASSWORD

FULL_WIDTH = "\uff11\uff12\uff13\uff14\uff15\uff16"  # digits to Unicode, but none of ours
NEW_PASSWORD = "seven quiet otters"
INVALID_TOKEN = {"status_code": 401, "message": "Provided login token is invalid."}
INVALID_PIN = {"status_code": 401, "message": "Provided pin is invalid."}
WRONG_PASSWORD = {"status_code": 401, "message": "Password is invalid."}
UNKNOWN = {"status_code": 401, "message": "No user(s) found."}
UNPROCESSABLE = "422 Unprocessable Entity"
USER_KEYS = """
    role roleId isDeletable avatar firstname lastname uuid displayName identity email canAddTeacher
    canUseExpressSignIn isMultipleUser dateLtiSignin status origin paidDate account
"""
DATA_KEYS = """
    status_code message user token required_change_password currentTime api_url isGeneric
"""

ACCOUNT_KEYS = "uuid paymentMethod type organisationName settings version paymentPlans"


class Program:
    """A client that speaks JSON; each request has a context of its own, as on a server."""

    def __init__(self, client: FlaskClient, base: str = "") -> None:
        self.client = client
        self.base = base

    def send(self, method: str, path: str, **options: Any) -> TestResponse:
        db.session().rollback()
        with self.client.application.app_context():
            response = self.client.open(self.base + path, method=method, **options)
        db.session().rollback()
        return response

    def post(self, path: str, **fields: Any) -> TestResponse:
        return self.send("POST", path, json=fields)

    def get(self, path: str, bearer: str) -> TestResponse:
        return self.send("GET", path, headers={"Authorization": f"Bearer {bearer}"})

    def verify(self, who: Account, password: str = PASSWORD) -> TestResponse:
        identity = who.email or who.username
        return self.post("/auth/sign-in-verify", identity=identity, password=password)

    def login_token(self, who: Account, password: str = PASSWORD) -> str:
        accepted, _ = result(self.verify(who, password))
        token: str = accepted[0]["loginToken"]
        return token


def body(response: TestResponse) -> dict[str, Any]:
    assert response.mimetype == "application/json"
    read: dict[str, Any] = json.loads(response.text)
    return read


def result(response: TestResponse) -> list[list[dict[str, Any]]]:
    assert response.status_code == 200, response.text
    found: list[list[dict[str, Any]]] = body(response)["result"]
    return found


def refused(response: TestResponse, words: dict[str, Any]) -> bool:
    return response.status_code == words["status_code"] and body(response) == words


def errors(response: TestResponse) -> dict[str, list[str]]:
    said = body(response)
    assert response.status_code == 422
    assert list(said) == ["message", "errors", "status_code"]
    assert (said["message"], said["status_code"]) == (UNPROCESSABLE, 422)
    found: dict[str, list[str]] = said["errors"]
    return found


def mailed_pin() -> str:
    return factories.latest_words("pin")["pin"]


def code_of(secret: str) -> str:
    return totp.code_at(secret, totp.step_at(now()))


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def bearer_of(program: Program, who: Account, password: str = PASSWORD) -> str:
    token = program.login_token(who, password)
    bearer: str = body(program.post("/auth/sign-in", loginToken=token))["loginToken"]
    return bearer
