"""A client of contract 001 (Rocket.Chat), as its documents have it."""

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import db
from app.models import Account
from tests import factories
from tests.factories import PASSWORD

LOGIN = "/api/v1/login"
UNAUTHORIZED = {
    "status": "error",
    "error": "Unauthorized",
    "message": "Unauthorized",
    "success": False,
}


def sign_in(client: FlaskClient, who: Account, **more: object) -> TestResponse:
    return client.post(LOGIN, json={"user": who.email, "password": PASSWORD, **more})


def body_of(answer: TestResponse) -> dict[str, Any]:
    return dict(answer.get_json())


def headers(answer: TestResponse) -> dict[str, str]:
    """Return the two headers that every later call carries."""
    assert answer.status_code == 200, answer.text
    data = body_of(answer)["data"]
    return {"X-Auth-Token": data["authToken"], "X-User-Id": data["userId"]}


def signed_in(client: FlaskClient, who: Account, **more: object) -> dict[str, str]:
    return headers(sign_in(client, who, **more))


def refused(answer: TestResponse, error: str) -> dict[str, Any]:
    """Return the details of a refused sign-in, after making sure that it opened nothing."""
    said: dict[str, Any] = answer.json or {}
    assert (answer.status_code, said["status"], said["error"]) == (401, "error", error)
    assert said["success"] is False
    return dict(said.get("details", {}))


def pin() -> str:
    """Return the PIN that was mailed last."""
    db.session().rollback()
    return factories.latest_words("pin")["pin"]


def sessions_open() -> int:
    db.session().rollback()
    return factories.sessions_open()


def mails(kind: str) -> int:
    db.session().rollback()
    return len(factories.mails(kind))
