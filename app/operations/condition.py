"""How the portal itself is doing: its mail, its answers, its versions. For superusers alone.

Whatever is counted here is counted up to a bound: a queue of a million mails costs what one of a
thousand does.
"""

import platform
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib import metadata
from typing import Any

from sqlalchemy import Row, and_, func, select

from app import config, db
from app.clock import now
from app.models import OutgoingMail, RequestCount
from app.operations import authority, schema_state
from app.operations.authority import Administrator
from app.operations.rights import Action
from app.operations.schema_state import SchemaState

MOST_COUNTED = 1_000
FAILED_SINCE = timedelta(days=7)
REQUESTS_SINCE = timedelta(hours=24)
SHOWN = 5
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass(frozen=True)
class MailQueue:
    """What waits to be sent, since when; and why mails failed lately, the most frequent first.

    `waiting` and the failures are counted up to MOST_COUNTED.
    """

    waiting: int
    oldest: datetime | None
    failed: int
    reasons: list[tuple[str, int]]


@dataclass(frozen=True)
class Route:
    """How requests to one address went."""

    what: str
    requests: int
    failed: int
    busy: int
    limited: int
    mean_ms: int
    slowest_ms: int


@dataclass(frozen=True)
class Requests:
    """How requests went lately, and the addresses that were slowest and that failed most."""

    requests: int
    failed: int
    busy: int
    limited: int
    slowest: list[Route]
    failing: list[Route]


@dataclass(frozen=True)
class Versions:
    """What runs here. `doorward` is empty where nothing tells."""

    doorward: str
    python: str
    database: str
    schema: SchemaState


@dataclass(frozen=True)
class Condition:
    """All of it."""

    mail: MailQueue
    requests: Requests
    versions: Versions


def look(administrator: Administrator) -> Condition:
    """Return how the portal is doing; raise NotFound where that is not granted."""
    authority.require(administrator, Action.SEE_CONDITION)
    return Condition(_mail(), _requests(), _versions())


def _mail() -> MailQueue:
    row = OutgoingMail
    waits = and_(row.sent_at.is_(None), row.failed_at.is_(None))
    some = select(row.id).where(waits).limit(MOST_COUNTED).subquery()
    waiting = db.session().scalar(select(func.count()).select_from(some)) or 0
    oldest = select(row.created_at).where(waits).order_by(row.created_at).limit(1)
    since = row.failed_at.is_not(None), row.failed_at >= now() - FAILED_SINCE
    lately = select(row.last_error).where(*since).order_by(row.failed_at.desc())
    failed = db.session().scalars(lately.limit(MOST_COUNTED)).all()
    reasons = Counter(each or "" for each in failed).most_common(SHOWN)
    return MailQueue(waiting, db.session().scalar(oldest), len(failed), reasons)


def _requests() -> Requests:
    row = RequestCount
    sums = [func.sum(getattr(row, name)).label(name) for name in ("requests", "failed", "busy")]
    sums += [func.sum(row.limited).label("limited"), func.sum(row.total_ms).label("total_ms")]
    slowest = func.max(row.slowest_ms).label("slowest_ms")
    lately = select(row.what, *sums, slowest).where(row.hour > now() - REQUESTS_SINCE)
    routes = [_route(each) for each in db.session().execute(lately.group_by(row.what)).all()]
    failing = [each for each in routes if each.failed or each.busy]
    return Requests(
        sum(each.requests for each in routes),
        sum(each.failed for each in routes),
        sum(each.busy for each in routes),
        sum(each.limited for each in routes),
        sorted(routes, key=lambda each: (-each.mean_ms, each.what))[:SHOWN],
        sorted(failing, key=lambda each: (-each.failed - each.busy, each.what))[:SHOWN],
    )


def _route(row: Row[Any]) -> Route:
    requests, total = int(row.requests), int(row.total_ms)
    answers = int(row.failed), int(row.busy), int(row.limited)
    return Route(row.what, requests, *answers, round(total / requests), row.slowest_ms)


def _versions() -> Versions:
    dialect = db.db.engine.dialect
    numbers: Sequence[Any] = getattr(dialect, "server_version_info", None) or ()
    name = DATABASES.get(dialect.name, dialect.name)
    database = f"{name} {'.'.join(str(each) for each in numbers)}".strip()
    return Versions(_doorward(), platform.python_version(), database, schema_state.read())


@cache
def _doorward() -> str:
    """Return our own version: as installed, or as the checkout that we run from says."""
    try:
        return metadata.version("doorward")
    except metadata.PackageNotFoundError:
        project = config.CHECKOUT / "pyproject.toml"
    if not project.is_file():
        return ""
    return str(tomllib.loads(project.read_text())["project"]["version"])
