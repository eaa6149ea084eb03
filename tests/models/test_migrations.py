"""The migrations make what the models say, and can be taken back, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import func, inspect, select

from app.config import Settings
from app.db import Base, db, transaction
from app.factory import create_app
from app.models import Account, Membership, Password
from app.operations import audit
from tests import factories, servers
from tests.conftest import KEY
from tests.factories import VISITOR


@pytest.fixture
def empty(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """Return a portal whose database has no tables yet."""
    url = f"sqlite:///{tmp_path / 'empty.sqlite'}"
    if engine == "postgresql":
        running: servers.PostgreSql = request.getfixturevalue("postgresql")
        url = running.new_database()
    made = create_app(Settings(secret_key=KEY, database_url=url))
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


def tables() -> set[str]:
    return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


def test_up_makes_the_models_tables_and_down_takes_them_back(empty: Flask) -> None:
    folder = str(Path(empty.root_path) / "migrations")
    with empty.app_context():
        upgrade(directory=folder)
        check(directory=folder)
        assert tables() == set(Base.metadata.tables)

        downgrade(directory=folder, revision="base")
        assert tables() == set()

        upgrade(directory=folder)
        assert tables() == set(Base.metadata.tables)


def test_going_down_a_step_and_up_again_loses_nobody(empty: Flask) -> None:
    folder = str(Path(empty.root_path) / "migrations")
    with empty.app_context():
        upgrade(directory=folder)
        who = factories.account("ann@example.org")
        factories.membership(who)

        downgrade(directory=folder, revision="0001")
        upgrade(directory=folder)

        counted = {table: count(table) for table in (Account, Membership, Password)}
        assert counted == {Account: 1, Membership: 1, Password: 1}
        db.session.remove()


def test_going_up_tells_who_registered_from_whom_an_administrator_added(empty: Flask) -> None:
    folder = str(Path(empty.root_path) / "migrations")
    with empty.app_context():
        upgrade(directory=folder)
        registered, added = factories.account(), factories.account()
        for who, what in ((registered, "registered"), (added, "account_created")):
            with transaction():
                audit.record(what, VISITOR, account_id=who.id)

        downgrade(directory=folder, revision="0001")
        upgrade(directory=folder)

        marked = select(Account.id).where(Account.registered_at == Account.created_at)
        assert db.session.scalars(marked).all() == [registered.id]
        db.session.remove()
        db.engine.dispose()


def count(table: type[Base]) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0
