"""What every test can ask for: a portal with an empty database, and a clock that stands still."""

import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import insert, select

import app.clock
from app import config, db
from app.api import rate_limits
from app.config import Settings
from app.config.directory import Directory
from app.db import Base
from app.directory import reader
from app.factory import create_app
from app.models import AuditHead
from app.operations import even_time, password_census, signing_keys
from app.security import passwords
from tests import servers, slapd
from tests.slapd import Slapd

KEY = "a key for tests only: long enough: 0123456789"
BOTH = ["sqlite", "postgresql"]
ON_BOTH = ("tests.operations", "tests.models", "tests.mail")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:  # noqa: ARG001
    """Under CI nothing is left out quietly: a skipped test is a failed one."""
    report: pytest.TestReport = yield  # type: ignore[assignment]
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
    return report  # type: ignore[return-value]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what the portal does on both databases, what it shows on one."""
    if "engine" in metafunc.fixturenames:
        here = metafunc.module.__name__
        engines = (
            BOTH
            if here.startswith(("tests.operations", "tests.models", "tests.mail"))
            else BOTH[:1]
        )
        postgres = pytest.mark.postgres
        marked = [pytest.param(e, marks=[postgres] if e == BOTH[1] else []) for e in engines]
        metafunc.parametrize("engine", marked, scope="session")


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes() -> None:
    """Hash in a fraction of a millisecond; the real parameters have tests of their own."""
    passwords.hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="session", autouse=True)
def patient_database() -> None:
    """Let fifty at once have their turn on a slow machine, however long they may wait elsewhere."""
    db.BUSY_TIMEOUT_MS = 60_000
    db.POSTGRESQL_TIMEOUT_S = db.POOL_TIMEOUT_S = 60


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer at once; that answers are late alike has tests of its own."""
    monkeypatch.setattr(even_time, "floor", timedelta(0))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[servers.PostgreSql]:
    """Run a PostgreSQL of our own for this test process."""
    with (
        tempfile.TemporaryDirectory(prefix="doorward-postgresql-") as folder,
        servers.postgresql(Path(folder)) as running,
    ):
        yield running


@pytest.fixture(scope="session")
def database_url(
    engine: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> str:
    if engine == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'doorward.sqlite'}"
    running: servers.PostgreSql = request.getfixturevalue("postgresql")
    return running.new_database()


@pytest.fixture(scope="session")
def migrated(database_url: str) -> Iterator[Flask]:
    """Return a portal whose database was made by the migrations, once for each database."""
    made = create_app(Settings(secret_key=KEY, database_url=database_url))
    made.testing = True
    with made.app_context():
        upgrade(directory=str(Path(made.root_path) / "migrations"))
    yield made
    with made.app_context():
        db.db.engine.dispose()


@pytest.fixture
def portal(migrated: Flask, database_url: str) -> Iterator[Flask]:
    """Return the portal with an empty database, inside an application context."""
    config.use(Settings(secret_key=KEY, database_url=database_url))
    password_census.forget()
    signing_keys.forget()
    with migrated.app_context():
        rate_limits.forget()
        made_by_migrations = db.db.session.execute(select(AuditHead.__table__)).mappings().one()
        db.db.session.rollback()
        yield migrated
        db.db.session.rollback()
        for table in reversed(Base.metadata.sorted_tables):
            db.db.session.execute(table.delete())
        db.db.session.execute(insert(AuditHead), dict(made_by_migrations))
        db.db.session.commit()


@pytest.fixture
def client(portal: Flask) -> FlaskClient:
    return portal.test_client()


@pytest.fixture
def change_settings(portal: Flask) -> Callable[..., None]:  # noqa: ARG001 (it comes first)
    """Return a function that changes settings for the rest of the test."""

    def change(**changes: object) -> None:
        config.use(config.current().model_copy(update=changes))

    return change


class Clock:
    """Stands still until the test lets time pass."""

    def __init__(self) -> None:
        self.time = app.clock.now()

    def __call__(self) -> datetime:
        return self.time

    def advance(self, by: timedelta) -> None:
        self.time += by


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    standing = Clock()
    monkeypatch.setattr(app.clock, "source", standing)
    return standing


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    """Run a directory of 200 people for this test process."""
    with slapd.slapd(tmp_path_factory.mktemp("slapd")) as running:
        yield running


@pytest.fixture
def asks_directory(
    directory: Slapd, change_settings: Callable[..., None]
) -> Iterator[Callable[..., None]]:
    """Let the portal ask the directory; return a function that changes how."""

    def ask(**changes: object) -> None:
        change_settings(directory=_usual(directory).model_copy(update=changes))
        reader.forget()

    ask()
    yield ask
    reader.forget()


def _usual(running: Slapd) -> Directory:
    return Directory(
        url=(running.tls_url,),
        ca_file=running.ca_file,
        bind_dn=slapd.PORTAL,
        bind_password=slapd.PORTAL_PASSWORD,
        base_dn=slapd.BASE,
        timeout=30,  # for slow machines; where a directory has to be away, a test says how soon
    )
