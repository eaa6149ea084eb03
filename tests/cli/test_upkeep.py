"""purge, demo, and what every command does where something is wrong."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy.exc
from flask import Flask
from sqlalchemy import text

from app import db
from app.cli import sentences
from app.config import Settings
from app.errors import Refusal
from app.factory import create_app
from app.models import Verification
from app.operations import demonstration, sign_in
from tests import factories
from tests.cli.conftest import Run
from tests.conftest import KEY, Clock
from tests.factories import PASSWORD, VISITOR


def test_purging_says_what_went(run: Run, clock: Clock) -> None:
    sign_in.verify_password(factories.account().email or "", PASSWORD, VISITOR)
    clock.advance(Verification.LIFETIME + timedelta(seconds=1))

    done = run("purge")

    assert done.exit_code == 0
    assert "verifications: 1" in done.stdout
    assert "sessions: 0" in done.stdout


def test_demo_data_is_for_demonstrations_only(run: Run) -> None:
    done = run("demo")

    assert done.exit_code == 1
    assert "DOORWARD_DEMO has to be on" in done.stderr
    assert demonstration.empty()


def test_demo_says_whom_to_sign_in_as(run: Run, change_settings: Callable[..., None]) -> None:
    change_settings(demo=True)

    done = run("demo")

    assert done.exit_code == 0
    assert all(person.identity in done.stdout for person in demonstration.PEOPLE)
    assert demonstration.PASSWORD in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_demo_leaves_a_portal_with_accounts_alone(
    run: Run, change_settings: Callable[..., None]
) -> None:
    change_settings(demo=True)
    factories.account()

    done = run("demo", "--if-empty")

    assert done.stdout == "There are accounts already: nothing is added.\n"


COMMANDS = [
    "accounts add",
    "accounts suspend",
    "accounts reactivate",
    "accounts unlock",
    "accounts import",
    "accounts export",
    "organisations add",
    "organisations set",
    "organisations suspend",
    "organisations reactivate",
    "memberships add",
    "memberships remove",
    "outbox deliver",
    "purge",
    "audit verify",
    "audit checkpoint",
    "statistics rebuild",
    "demo",
    "serve",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, run: Run) -> None:
    done = run(*command.split(), "--help")

    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) > 4


@pytest.mark.parametrize("refusal", Refusal.__subclasses__())
def test_every_refusal_has_a_sentence(refusal: type[Refusal]) -> None:
    own = {"invalid_setting", "password_refused", "locked", "too_many_codes"}

    assert refusal.reason in own | sentences.REFUSALS.keys()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Callable[[str], Flask]:
    """Return a function that makes a portal on another database."""

    def made(url: str) -> Flask:
        return create_app(Settings(secret_key=KEY, database_url=url.format(tmp_path)))

    return made


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("sqlite:///{}/empty.sqlite", sentences.UNPREPARED),
        ("sqlite:///{}/no/such/folder.sqlite", sentences.UNREACHABLE),
        ("postgresql+psycopg://nobody@127.0.0.1:1/none", sentences.UNREACHABLE),
    ],
)
def test_a_database_that_does_not_serve_is_said(
    url: str, sentence: str, elsewhere: Callable[[str], Flask]
) -> None:
    done = elsewhere(url).test_cli_runner().invoke(args=["accounts", "suspend", "ana@example.org"])

    assert (done.exit_code, done.stderr) == (1, f"Error: {sentence}\n")


@pytest.fixture
def no_patience(migrated: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let nobody wait for SQLite's writer, on connections of this test alone."""
    monkeypatch.setattr(db, "BUSY_TIMEOUT_MS", 0)
    with migrated.app_context():
        db.db.engine.dispose()
        yield
        db.db.engine.dispose()


@pytest.mark.usefixtures("no_patience")
def test_a_database_that_is_locked_is_said(run: Run) -> None:
    with db.db.engine.connect() as other:
        other.execute(text("ROLLBACK"))
        other.execute(text("BEGIN IMMEDIATE"))

        done = run("organisations", "add", "Cy")

    assert (done.exit_code, done.stderr) == (1, f"Error: {sentences.BUSY}\n")
    assert run("organisations", "add", "Cy").exit_code == 0


def test_our_own_mistakes_are_not_hidden() -> None:
    mistake = sqlalchemy.exc.ProgrammingError("SELEC", {}, Exception("syntax error"))

    assert sentences.of_database(mistake) is None
