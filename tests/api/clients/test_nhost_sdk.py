"""Contract 004 spoken by a client that others wrote: nhost-js-sdk, from npm.

It lives in a folder of its own, filled once and kept in the user's cache.
"""

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from app import db
from tests import factories

pytestmark = pytest.mark.slow

CLIENT = "nhost-js-sdk@2.3.4"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "doorward-tests"
SCRIPT = Path(__file__).with_name("nhost_sdk.cjs")
EMAIL, PASSWORD, NEW_PASSWORD = "ada@example.org", "gx2b7tq0w9z", "p4mzk81vh3d"
NEEDED = ("node", "npm", "zbarimg", "oathtool")


class Sdk:
    """One program that uses the SDK, and what it keeps in its storage."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.kept: dict[str, str] = {}
        self.signed_in: bool | None = None

    def __call__(self, name: str, *arguments: object) -> Any:
        """Call a method of the SDK; return what it says, or the status and message it failed by."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"call": name, "with": arguments}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        self.kept = answer["kept"]
        self.signed_in = answer.get("signedIn")
        db.session().rollback()  # look at what is there now, not when this test last looked
        if "status" in answer:
            return answer["status"], answer["said"]["message"]
        return answer["said"]


@pytest.fixture(scope="session")
def modules() -> Path:
    """Return the folder that the SDK and what it needs are installed in."""
    missing = [each for each in NEEDED if shutil.which(each) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")
    home = CACHE / CLIENT.replace("@", "-")
    if not home.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        _install(home)
    return home / "node_modules"


def _install(home: Path) -> None:
    """Fill the folder beside its place, and move it there whole: tests run side by side."""
    making = Path(tempfile.mkdtemp(dir=CACHE))
    quietly = ["--no-audit", "--no-fund", "--loglevel=error"]
    _run(["npm", "install", "--prefix", str(making), *quietly, CLIENT])
    try:
        making.rename(home)
    except OSError:  # somebody else was first
        shutil.rmtree(making)


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def sdk(modules: Path, base: str) -> Iterator[Sdk]:
    """Return the SDK, running."""
    with subprocess.Popen(
        ["node", str(SCRIPT), base],  # noqa: S607 (found by `modules`)
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "NODE_PATH": str(modules)},
    ) as process:
        yield Sdk(process)
        assert process.stdin
        process.stdin.close()


@pytest.fixture
def activated(sdk: Sdk) -> Sdk:
    """Return the SDK of somebody who has registered and activated."""
    sdk("register", EMAIL, PASSWORD, {"display_name": "Ada"})
    sdk("activate", factories.ticket_in("activation"))
    return sdk


def code_in(picture: str, tmp_path: Path) -> str:
    """Return the code that an app shows which has scanned the picture."""
    image = tmp_path / "qr.png"
    image.write_bytes(base64.b64decode(picture.partition(",")[2]))
    uri = _run(["zbarimg", "--quiet", "--raw", str(image)])
    [secret] = parse_qs(urlsplit(uri).query)["secret"]
    return _run(["oathtool", "--totp", "--base32", secret])


def test_it_registers_activates_and_signs_in(sdk: Sdk) -> None:
    assert sdk("register", EMAIL, PASSWORD) is None
    assert sdk("register", EMAIL, PASSWORD) == (400, "account already exists")
    assert sdk("login", EMAIL, PASSWORD) == (400, "Account is not activated.")
    ticket = factories.ticket_in("activation")

    assert sdk("activate", ticket) is None
    assert sdk("activate", ticket) == (401, "Invalid or expired ticket.")
    assert sdk("login", EMAIL, PASSWORD) == {}

    assert sdk.signed_in
    assert factories.sessions_open() == 1


def test_it_reads_the_claims_and_keeps_the_refresh_token(activated: Sdk) -> None:
    activated("login", EMAIL, PASSWORD)

    who = activated("getClaim", "x-hasura-user-id")

    assert len(who) == len(activated.kept["refresh_token"]) == 36
    assert activated("getClaim", "x-hasura-default-role") == "user"


def test_it_renews_its_tokens(activated: Sdk) -> None:
    activated("login", EMAIL, PASSWORD)
    tokens = [activated.kept["refresh_token"]]

    for _ in range(3):
        activated("refreshToken")
        tokens.append(activated.kept["refresh_token"])

    assert len(set(tokens)) == 4
    assert activated.signed_in
    assert factories.sessions_open() == 1


def test_it_signs_out(activated: Sdk) -> None:
    activated("login", EMAIL, PASSWORD)

    activated("logout")

    assert factories.sessions_open() == 0
    assert activated.kept == {}
    assert activated.signed_in is False


def test_it_signs_out_everywhere(activated: Sdk) -> None:
    activated("login", EMAIL, PASSWORD)
    activated("login", EMAIL, PASSWORD)

    activated("logout", True)  # noqa: FBT003 (the SDK's own)

    assert factories.sessions_open() == 0


def test_it_sets_up_an_app_signs_in_with_it_and_takes_it_away(
    activated: Sdk, tmp_path: Path
) -> None:
    activated("login", EMAIL, PASSWORD)

    code = code_in(activated("MFAGenerate")["image_url"], tmp_path)
    assert activated("MFAEnable", code) is None
    activated("logout")
    due = activated("login", EMAIL, PASSWORD)
    assert due["mfa"] is True
    assert factories.sessions_open() == 0
    assert activated("MFATotp", "abcdef", due["ticket"]) == (401, "Invalid two-factor code.")
    assert activated("MFATotp", code, due["ticket"]) is None
    assert factories.sessions_open() == 1
    assert activated("MFADisable", code) is None

    activated("logout")
    assert activated("login", EMAIL, PASSWORD) == {}


def test_it_changes_a_password_and_sets_a_forgotten_one(activated: Sdk) -> None:
    activated("login", EMAIL, PASSWORD)

    assert activated("changePassword", PASSWORD, NEW_PASSWORD) is None
    assert activated("login", EMAIL, PASSWORD) == (401, "Password does not match.")
    assert activated("changePasswordRequest", EMAIL) is None
    ticket = factories.ticket_in("reset")
    assert activated("changePasswordChange", PASSWORD, ticket) is None

    assert activated("login", EMAIL, PASSWORD) == {}


def test_it_is_told_of_a_wrong_password(activated: Sdk) -> None:
    assert activated("login", EMAIL, "wrong" + PASSWORD) == (401, "Password does not match.")

    assert factories.sessions_open() == 0
