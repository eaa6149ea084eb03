"""The migrations make what the models say, and can be taken back, on both databases."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import func, inspect, select

from app.config import Settings
from app.db import Base, db, transaction
from app.factory import create_app
from app.models import Account, Impersonation, Membership, Password, Session
from app.operations import audit, audit_chain, impersonation
from tests import factories, servers
from tests.conftest import KEY
from tests.factories import VISITOR
from tests.operations.administrators import superuser
from tests.operations.audit_events import faults, happen, rows, tamper

CHAIN = "SELECT position, hash FROM audit_events ORDER BY position"


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


def test_going_down_takes_nobody_for_the_person_whom_an_administrator_looks_as(
    empty: Flask,
) -> None:
    folder = str(Path(empty.root_path) / "migrations")
    with empty.app_context():
        upgrade(directory=folder)
        chief, other = superuser(), factories.account()
        role = factories.membership(other)
        begun = impersonation.start(chief, other.id, "They called and asked.", VISITOR)
        row = impersonation.find(chief.session, begun.id, begun.secret)
        impersonation.take_seat(row, role.id, VISITOR)
        other_id = other.id
        db.session.remove()

        downgrade(directory=folder, revision="0009")
        upgrade(directory=folder)

        theirs = select(Session).where(Session.account_id == other_id)
        assert db.session.scalars(theirs).all() == []
        assert (count(Session), count(Impersonation)) == (1, 0)
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


def test_going_up_chains_what_was_recorded_before(empty: Flask) -> None:
    folder = str(Path(empty.root_path) / "migrations")
    with empty.app_context():
        upgrade(directory=folder)
        for number in range(2_500):
            audit.record("signed_in", VISITOR, account_id=uuid.uuid4(), name="Zoë", number=number)
        audit.record("settings_changed", VISITOR, organisation_id=uuid.uuid4(), nothing=None)
        db.session.commit()
        chained = rows(CHAIN)
        db.session.remove()
        downgrade(directory=folder, revision="0001")
        upgrade(directory=folder)

        assert rows(CHAIN) == chained
        assert faults() == []
        happen(2)
        assert audit_chain.extent().last == 2_503
        assert faults() == []
        db.session.remove()


def test_going_up_closes_the_gaps_that_ids_may_have(empty: Flask) -> None:
    folder = str(Path(empty.root_path) / "migrations")
    with empty.app_context():
        upgrade(directory=folder)
        happen(5)
        downgrade(directory=folder, revision="0001")
        tamper("DELETE FROM audit_events WHERE id IN (1, 4)")
        upgrade(directory=folder)

        assert audit_chain.extent() == audit_chain.Extent(1, 3)
        assert faults() == []
        db.session.remove()


def test_going_down_lets_the_older_portal_go_on_writing(empty: Flask) -> None:
    folder = str(Path(empty.root_path) / "migrations")
    with empty.app_context():
        upgrade(directory=folder)
        happen(3)
        downgrade(directory=folder, revision="0001")
        tamper(
            "INSERT INTO audit_events (at, what, interface, address, details)"
            " SELECT at, 'later', interface, address, details FROM audit_events WHERE id = 1"
        )

        assert [row.id for row in rows("SELECT id FROM audit_events ORDER BY id")] == [1, 2, 3, 4]
        db.session.remove()


def count(table: type[Base]) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0
