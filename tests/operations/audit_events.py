"""What tests of the audit log do again and again: have events, tamper with them, verify."""

import uuid
from typing import Any

from sqlalchemy import text

from app import db
from app.operations import audit, audit_chain
from app.operations.audit_signatures import Checkpoint
from app.operations.visitor import Visitor
from tests.factories import VISITOR

Found = tuple[str, int, int]


def happen(times: int = 1, what: str = "signed_in", visitor: Visitor = VISITOR) -> None:
    """Let something happen so many times, each in a transaction of its own."""
    for number in range(times):
        with db.transaction():
            audit.record(what, visitor, account_id=uuid.uuid4(), number=number)


def tamper(*statements: str, **values: Any) -> None:
    """Change the database past the portal."""
    for statement in statements:
        db.session().execute(text(statement), values)
    db.session().commit()


def rows(statement: str, **values: Any) -> list[Any]:
    db.session().rollback()
    return list(db.session().execute(text(statement), values))


def faults(*given: Checkpoint, since: int = 0) -> list[Found]:
    steps = audit_chain.verify(given, since=since)
    return [(str(f.kind), f.first, f.last) for step in steps for f in step.faults]
