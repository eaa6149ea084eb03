"""The database: its tables' parent, the context's session, and one unit of work."""

import enum
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, DateTime, Dialect, Enum, MetaData, String, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator, TypeEngine

from app import config
from app.errors import Busy

BUSY_TIMEOUT_MS = 5_000  # how long SQLite waits for another writer before we say 503
POSTGRESQL_TIMEOUT_S = 3  # to connect, and for each statement
POOL_TIMEOUT_S = 1  # then 503, rather than a queue nobody sees
QUIET = {"hide_parameters": True}  # errors end in logs; a password's hash must not
WRITES = "doorward_writes"
_writer = threading.Lock()


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time; SQLite forgets the zone, so we put it back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """What a value is; SQLAlchemy would say no more than `object`."""
        return datetime

    def process_bind_param(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 (SQLAlchemy's signature)
    ) -> datetime | None:
        """Keep UTC, whatever zone it came in."""
        return value and value.astimezone(UTC)

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 (SQLAlchemy's signature)
    ) -> datetime | None:
        """Mark what came from the database as UTC."""
        if value is None or value.tzinfo is not None:
            return value and value.astimezone(UTC)
        return value.replace(tzinfo=UTC)


def key_text(length: int) -> TypeEngine[str]:
    """Return the column type for a normal form: compared and sorted by code points.

    On SQLite text is so anyway. On PostgreSQL the collation "C" lets one index serve what equals,
    what starts with, and the order.
    """
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def words(kind: type[enum.StrEnum]) -> Enum:
    """Return the column type for one of a few words, kept as the word itself."""
    return Enum(kind, native_enum=False, length=30, values_callable=_values)


def _values(kind: type[enum.StrEnum]) -> list[str]:
    return [each.value for each in kind]


class Base(DeclarativeBase):
    """Every table's parent."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime}
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(metadata=Base.metadata)
migrate = Migrate(render_as_batch=True)


def init_app(app: Flask, url: str, migrations: str) -> None:
    """Give the application an engine opened for safety, and its migrations."""
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = _engine_options(url)
    db.init_app(app)
    migrate.init_app(app, db, directory=migrations)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", _open_sqlite_safely)
            event.listen(db.engine, "begin", _begin_sqlite)


def session() -> Session:
    """Return the session of this request, or of this command."""
    return db.session()


@contextmanager
def transaction() -> Iterator[Session]:
    """Do one unit of work that writes: commit what the block did, or undo all of it.

    SQLite takes its write lock at the start (BEGIN IMMEDIATE), so what the block reads is
    still true when it writes; otherwise two readers that both write lose an update.
    """
    current = session()
    if current.info.get(WRITES):
        raise RuntimeError("a unit of work inside another would undo it")
    current.rollback()  # end the read transaction, if one is open: nothing unsaved stays
    with _alone_where_there_is_one_writer():
        current.info[WRITES] = True
        try:
            current.connection(execution_options={WRITES: True})
            yield current
            current.commit()
        except BaseException:
            current.rollback()
            raise
        finally:
            current.info.pop(WRITES)


@contextmanager
def _alone_where_there_is_one_writer() -> Iterator[None]:
    """Let this process's threads wait for SQLite's one writer in a line, rather than poll for it.

    SQLite's own waiting is a sleep and a look; with many threads some starve. Raises Busy.
    """
    if db.engine.dialect.name != "sqlite":
        yield
        return
    if not _writer.acquire(timeout=BUSY_TIMEOUT_MS / 1000):
        raise Busy(1)
    try:
        yield
    finally:
        _writer.release()


def upsert(table: type[Base]) -> Any:
    """Return an INSERT on `table` that has `on_conflict_do_update`, in this dialect."""
    target = table.__table__
    if not isinstance(target, Table):  # pragma: no cover (all of our models are tables)
        raise TypeError(table)
    is_sqlite = db.engine.dialect.name == "sqlite"
    return sqlite.insert(target) if is_sqlite else postgresql.insert(target)


def _engine_options(url: str) -> dict[str, Any]:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if Path(parsed.database or "").parent == config.INSTANCE:
            config.INSTANCE.mkdir(mode=0o700, exist_ok=True)
        return {"connect_args": {"timeout": BUSY_TIMEOUT_MS / 1000}, **QUIET}
    milliseconds = POSTGRESQL_TIMEOUT_S * 1000
    options = f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}"
    return {
        "connect_args": {"connect_timeout": POSTGRESQL_TIMEOUT_S, "options": options},
        **QUIET,
        "pool_pre_ping": True,
        "pool_timeout": POOL_TIMEOUT_S,
        "pool_size": 10,
        "max_overflow": 10,
    }


def _open_sqlite_safely(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, in _begin_sqlite
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
