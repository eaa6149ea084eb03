"""What tests of imports do again and again: make a file, bring it in, look at the rows."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from app import db
from app.models import Account, Import, ImportRow, Interface
from app.operations import accounts, importing
from app.operations.import_authority import EVERYTHING
from app.operations.import_caller import Caller
from app.operations.import_mappings import ColumnMapping
from app.operations.importing import File, Progress
from app.operations.visitor import Visitor

CALLER = Caller(Visitor(Interface.COMMAND, ""), EVERYTHING)


def csv_of(*rows: Mapping[str, object]) -> bytes:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def people(count: int, **cells: object) -> list[dict[str, object]]:
    return [{"email": f"crowd{number}@example.org", **cells} for number in range(count)]


def file_of(*rows: Mapping[str, object], mapping: ColumnMapping | None = None) -> File:
    return importing.survey("people.csv", io.BytesIO(csv_of(*rows)), mapping or ColumnMapping())


def bring_in(
    *rows: Mapping[str, object],
    caller: Caller = CALLER,
    dry_run: bool = False,
    progress: Progress = lambda _done, _rows: None,
) -> Import:
    return importing.run(file_of(*rows), caller, dry_run=dry_run, progress=progress)


def rows_of(done: Import) -> list[ImportRow]:
    own = select(ImportRow).where(ImportRow.import_id == done.id)
    return list(db.session().scalars(own.order_by(ImportRow.number)))


def outcomes(done: Import) -> list[str]:
    return [row.outcome.value for row in rows_of(done)]


def faults(done: Import) -> list[tuple[int, str, str]]:
    """Return row number, column and reason of everything that was refused."""
    return [
        (row.number, column, reason) for row in rows_of(done) for column, reason in row.faults or []
    ]


def found(identity: str) -> Account:
    account = accounts.find(identity)
    assert account is not None, identity
    return account


def count(table: type[db.Base], **which: Any) -> int:
    db.session().rollback()
    counted = select(func.count()).select_from(table).filter_by(**which)
    return db.session().scalar(counted) or 0
