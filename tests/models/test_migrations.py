"""The migrations make what the models say, and can be taken back, on both databases."""

from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import inspect

from app.config import Settings
from app.db import Base, db
from app.factory import create_app
from tests import servers
from tests.conftest import KEY


@pytest.fixture
def empty(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Flask:
    """Return a portal whose database has no tables yet."""
    url = f"sqlite:///{tmp_path / 'empty.sqlite'}"
    if engine == "postgresql":
        running: servers.PostgreSql = request.getfixturevalue("postgresql")
        url = running.new_database()
    return create_app(Settings(secret_key=KEY, database_url=url))


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
        db.engine.dispose()
