"""Contract 002 spoken by a client that others wrote: requests-oauthlib, from PyPI."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.models import Account
from tests import factories
from tests.api.clients import environments
from tests.factories import PASSWORD

pytestmark = pytest.mark.slow

IMPORTS = """
import json, sys
from oauthlib.oauth2 import InvalidGrantError, LegacyApplicationClient, OAuth2Error
from requests_oauthlib import OAuth2Session
base, user, password = sys.argv[1:]
client = OAuth2Session(client=LegacyApplicationClient(client_id="anybody"))
def token(**more):
    return client.fetch_token(base + "/auth/login", username=user, password=password, **more)
"""
Speak = Callable[..., Any]


@pytest.fixture(scope="session")
def python() -> Path:
    """Return the interpreter of the client's own environment."""
    return environments.python_with("requests-oauthlib==2.0.0")


@pytest.fixture
def speak(python: Path, base: str) -> Speak:
    """Return a function that runs a few lines with the client and returns what they print."""

    def run(lines: str, who: Account, password: str = PASSWORD) -> Any:
        command = [str(python), "-c", IMPORTS + lines, base, who.email or "", password]
        return json.loads(environments.run(command, OAUTHLIB_INSECURE_TRANSPORT="1"))

    return run


def test_the_client_gets_a_token_and_is_known_by_it(speak: Speak) -> None:
    who = factories.account()
    lines = """
given = token()
print(json.dumps([given["token_type"], client.get(base + "/api/v1/me").json()["_id"]]))
"""

    assert speak(lines, who) == ["bearer", who.short_id]


@pytest.mark.parametrize("more", ["", "client_secret='shh', scope=['all']"])
def test_the_client_understands_a_wrong_password(speak: Speak, more: str) -> None:
    lines = f"""
try:
    token({more})
except InvalidGrantError as error:
    print(json.dumps(error.description))
"""

    assert speak(lines, factories.account(), "wrong") == "Incorrect username or password"
    assert factories.sessions_open() == 0


def test_the_client_is_given_nothing_while_a_factor_is_due(speak: Speak) -> None:
    who = factories.account()
    factories.app_of(who)
    lines = """
try:
    token()
except OAuth2Error as error:
    print(json.dumps(error.error))
"""

    assert speak(lines, who) == "mfa_required"
    assert factories.sessions_open() == 0
