"""What became of the rows of an import, for people to read and for spreadsheets to open."""

import uuid
from collections.abc import Callable, Iterator

from sqlalchemy import func, select

from app import db
from app.models import ImportRow, Outcome

PAGE = 1_000  # rows held at once
HEADER = ("row", "outcome", "column", "reason", "why", "account_id", "created", "kept", "undone")

Say = Callable[[str], str]  # a fault's word made into a sentence


def rows(import_id: uuid.UUID, *outcomes: Outcome) -> Iterator[ImportRow]:
    """Yield an import's rows in their order, or those of some outcomes, a page at a time."""
    last = -1
    while page := _page(import_id, last, outcomes):
        yield from page
        last = page[-1].number


def kept(import_id: uuid.UUID) -> int:
    """Return how many rows said something of an account that was there and keeps what it had."""
    told = ImportRow.import_id == import_id, ImportRow.ignored.is_not(None)
    return db.session().scalar(select(func.count()).select_from(ImportRow).where(*told)) or 0


def table(import_id: uuid.UUID, say: Say) -> Iterator[tuple[object, ...]]:
    """Yield the result file row by row, its header first: every row of the import with its outcome.

    Where several columns are wrong they stand in one cell, in the same order as their reasons.
    `kept` names columns that an account which was there already kept as they were.
    """
    yield HEADER
    for row in rows(import_id):
        faults = row.faults or []
        yield (
            row.number,
            row.outcome.value,
            "; ".join(column for column, _ in faults),
            "; ".join(reason for _, reason in faults),
            " ".join(say(reason) for _, reason in faults),
            row.account_id,
            row.created,
            ", ".join(row.ignored or []),
            row.undone,
        )


def _page(import_id: uuid.UUID, last: int, outcomes: tuple[Outcome, ...]) -> list[ImportRow]:
    following = select(ImportRow).where(ImportRow.import_id == import_id, ImportRow.number > last)
    if outcomes:
        following = following.where(ImportRow.outcome.in_(outcomes))
    return list(db.session().scalars(following.order_by(ImportRow.number).limit(PAGE)))
