"""Running migrations, for `flask db …`, against the portal's own engine."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import context
from flask import current_app
from sqlalchemy import Connection, Enum

from app import models  # noqa: F401 (fills Base.metadata)
from app.db import Base, UtcDateTime
from app.models.organisation import Validated

engine = current_app.extensions["migrate"].db.engine
configure = current_app.extensions["migrate"].configure_args


def plainly(kind: str, item: object, _autogen: object) -> str | bool:
    """Write column types into a migration as what the database sees, not as our classes."""
    if kind != "type":
        return False
    match item:
        case UtcDateTime():
            return "sa.DateTime(timezone=True)"
        case Validated():
            return "sa.JSON()"
        case Enum():
            return f"sa.String({item.length})"
    return False


@contextmanager
def without_cascades(connection: Connection) -> Iterator[None]:
    """Keep SQLite from emptying the tables that point at one which is made anew.

    Changing a column there means a new table and dropping the old one, which deletes its rows; with
    foreign keys on, that cascades. The pragma counts only outside a transaction.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    raw = connection.connection.driver_connection
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
        broken = raw.execute("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise SystemExit(f"The migration left rows that point at nothing: {broken[:5]}")
    finally:
        raw.execute("PRAGMA foreign_keys=ON")


def run() -> None:
    """Migrate in one transaction where the database can, in short steps where it cannot."""
    with engine.connect() as connection, without_cascades(connection):
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_item=plainly,
            **configure,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


if context.is_offline_mode():
    raise SystemExit("Migrations need a database: run them online.")
run()
