"""Everything that the portal keeps of an account, for its owner to take along.

`docs/your-data.md` describes the shape. What own_data_parts names is written, and nothing else. The
rows are read some at a time, and no connection is held while they travel.
"""

import json
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import tuple_

from app import config, db
from app.clock import now
from app.models import Account, Session
from app.operations import audit, sessions
from app.operations.own_data_parts import ACCOUNT, PARTS, Part
from app.operations.visitor import Visitor

FORMAT = "doorward-account/1"
BATCH = 200  # rows


def export(session: Session, visitor: Visitor) -> Iterator[str]:
    """Return the account's data as JSON, piece by piece; raises ProofRequired at once."""
    sessions.require_account_proof(session)
    account_id = session.account_id
    with db.transaction():
        audit.record("data_exported", visitor, account_id=account_id)
    return _document(account_id)


def _document(account_id: uuid.UUID) -> Iterator[str]:
    head = {
        "format": FORMAT,
        "portal": config.current().base_url,
        "exported_at": now(),
        "account": _account(account_id),
    }
    yield "{" + ",\n".join(f"{_json(name)}: {_json(value)}" for name, value in head.items())
    for part in PARTS:
        yield f",\n{_json(part.name)}: ["
        yield from _list(part, account_id)
        yield "]"
    yield "}\n"


def _account(account_id: uuid.UUID) -> dict[str, Any] | None:
    row = db.session().execute(ACCOUNT.where(Account.id == account_id)).mappings().first()
    db.session().rollback()
    return None if row is None else dict(row)


def _list(part: Part, account_id: uuid.UUID) -> Iterator[str]:
    separator = "\n"
    for row in _rows(part, account_id):
        yield separator + _json(row)
        separator = ",\n"


def _rows(part: Part, account_id: uuid.UUID) -> Iterator[dict[str, Any]]:
    """Yield what is shown of each row; the columns `key_0` and so on only keep the place."""
    keys = [key.label(f"key_{number}") for number, key in enumerate(part.keys)]
    mine = part.shown.add_columns(*keys).where(part.owner == account_id)
    rest, found = mine.order_by(*part.keys).limit(BATCH), BATCH
    while found == BATCH:
        rows = [dict(row) for row in db.session().execute(rest).mappings()]
        db.session().rollback()  # nothing stays open while the rows travel
        found = len(rows)
        for row in rows:
            last = tuple(row.pop(key.name) for key in keys)
            yield row
        if found:
            rest = mine.where(tuple_(*part.keys) > last).order_by(*part.keys).limit(BATCH)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
