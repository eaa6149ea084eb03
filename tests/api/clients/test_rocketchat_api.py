"""Contract 001 spoken by a client that others wrote: rocketchat_API, from PyPI.

It lives in an environment of its own, made once and kept in the user's cache.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.clock import now
from app.models import Account
from app.security import totp
from tests import factories
from tests.api.clients import environments
from tests.api.rocketchat import sessions_open
from tests.factories import PASSWORD

pytestmark = pytest.mark.slow

CLIENT = "rocketchat_API==3.7.1"
IMPORTS = """
import json, sys
import requests
from rocketchat_API.APIExceptions.RocketExceptions import *
from rocketchat_API.rocketchat import RocketChat
base, password, *more = sys.argv[1:]
"""
Speak = Callable[..., Any]


@pytest.fixture(scope="session")
def python() -> Path:
    """Return the interpreter of the client's own environment."""
    return environments.python_with(CLIENT)


@pytest.fixture
def speak(python: Path, base: str) -> Speak:
    """Return a function that runs a few lines with the client and returns what they print."""

    def run(lines: str, *more: str) -> Any:
        return json.loads(
            environments.run([str(python), "-c", IMPORTS + lines, base, PASSWORD, *more])
        )

    return run


@pytest.fixture
def alice(portal: Flask) -> Account:  # noqa: ARG001 (it comes first)
    return factories.account("alice@example.org", username="alice", name="Alice Liddell")


STORY = """
rocket = RocketChat(more[0], password, server_url=base)
said = [rocket.me(), rocket.info(), rocket.logout()]
print(json.dumps(said))
"""


@pytest.mark.parametrize("name", ["alice@example.org", "Alice@Example.org", "alice"])
def test_the_client_signs_in_looks_around_and_signs_out(
    speak: Speak, alice: Account, name: str
) -> None:
    me, info, out = speak(STORY, name)

    assert (me["_id"], me["username"], me["success"]) == (alice.short_id, "alice", True)
    assert info["success"] is True
    assert out["status"] == "success"
    assert sessions_open() == 0


AFTERWARDS = """
rocket = RocketChat("alice", password, server_url=base)
kept = dict(rocket.headers)
rocket.logout()
rocket.headers = kept
try:
    rocket.me()
except RocketApiException as error:
    print(json.dumps([error.status_code, error.error]))
"""


@pytest.mark.usefixtures("alice")
def test_the_client_understands_that_its_token_is_over(speak: Speak) -> None:
    assert speak(AFTERWARDS) == [401, "You must be logged in to do this."]


WRONG = """
try:
    RocketChat("alice", password + "!", server_url=base)
except RocketAuthenticationException:
    print(json.dumps("refused"))
"""


@pytest.mark.usefixtures("alice")
def test_the_client_understands_that_the_password_is_wrong(speak: Speak) -> None:
    assert speak(WRONG) == "refused"
    assert sessions_open() == 0


TOKEN = """
first = RocketChat("alice", password, server_url=base).headers
token, who = first["X-Auth-Token"], first["X-User-Id"]
resumed = requests.post(base + "/api/v1/login", json={"resume": token}).json()["data"]
again = RocketChat(auth_token=resumed["authToken"], user_id=resumed["userId"], server_url=base)
print(json.dumps([resumed["authToken"] == token, again.me()["_id"] == who]))
"""


@pytest.mark.usefixtures("alice")
def test_the_client_goes_on_with_a_token_that_was_resumed(speak: Speak) -> None:
    assert speak(TOKEN) == [True, True]
    assert sessions_open() == 1


WITH_A_CODE = """
session = requests.Session()
session.headers["x-2fa-code"] = more[0]
rocket = RocketChat("alice", password, server_url=base, session=session)
print(json.dumps(rocket.me()["username"]))
"""


def test_the_client_signs_in_with_a_code(speak: Speak, alice: Account) -> None:
    secret = factories.app_of(alice)

    assert speak(WITH_A_CODE, totp.code_at(secret, totp.step_at(now()))) == "alice"


FORM = """
sent = {"user": "alice", "password": password}
said = requests.post(base + "/api/v1/login", data=sent)
headers = {"X-Auth-Token": said.json()["data"]["authToken"]}
headers["X-User-Id"] = said.json()["data"]["userId"]
out = requests.get(base + "/api/v1/logout", headers=headers)
print(json.dumps([said.json()["status"], said.headers["content-type"], out.json()["status"]]))
"""


@pytest.mark.usefixtures("alice")
def test_older_clients_send_a_form_and_sign_out_by_get(speak: Speak) -> None:
    assert speak(FORM) == ["success", "application/json", "success"]
    assert sessions_open() == 0
