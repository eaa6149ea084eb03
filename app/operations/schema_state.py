"""Which migration the database is at, and which one this Doorward knows as the last."""

import enum
from dataclasses import dataclass
from functools import cache

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from app import db


class Fit(enum.Enum):
    """How the database's tables fit this Doorward."""

    CURRENT = "current"
    MISSING = "missing"
    OLDER = "older"
    NEWER = "newer"


@dataclass(frozen=True)
class SchemaState:
    """The database's revision, or none; and how it fits."""

    revision: str
    fit: Fit


def read() -> SchemaState:
    """Return where the database is: one statement or two, the migrations are read but once."""
    with db.db.engine.connect() as connection:
        current = set(MigrationContext.configure(connection).get_current_heads())
    return SchemaState(", ".join(sorted(current)), _fit(current))


def _fit(current: set[str]) -> Fit:
    heads, known = _known(db.migrate.directory)
    if current == heads:
        return Fit.CURRENT
    if not current:
        return Fit.MISSING
    return Fit.OLDER if current <= known else Fit.NEWER


@cache
def _known(directory: str) -> tuple[set[str], set[str]]:
    scripts = ScriptDirectory(directory)
    return set(scripts.get_heads()), {each.revision for each in scripts.walk_revisions()}
