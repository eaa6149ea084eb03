"""What became of the rows of an import, for people to read and for spreadsheets to open."""

import uuid
from collections.abc import Callable, Iterator
from itertools import islice

from sqlalchemy import func, select

from app import db
from app.models import ImportRow, Outcome
from app.operations import import_inviting

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
    for row, accepted_by in _with_who_accepted(import_id):
        faults = row.faults or []
        yield (
            row.number,
            row.outcome.value,
            "; ".join(column for column, _ in faults),
            "; ".join(reason for _, reason in faults),
            " ".join(say(reason) for _, reason in faults),
            row.account_id or accepted_by,
            row.created,
            ", ".join(row.ignored or []),
            row.undone,
        )


def _with_who_accepted(import_id: uuid.UUID) -> Iterator[tuple[ImportRow, uuid.UUID | None]]:
    """Yield each row, and who accepted the invitation that it made; a statement more a page."""
    following = rows(import_id)
    while some := list(islice(following, PAGE)):
        ids = {row.invitation_id for row in some if row.invitation_id}
        accepted = import_inviting.accepted_by(ids) if ids else {}
        for row in some:
            yield row, accepted.get(row.invitation_id) if row.invitation_id else None


def _page(import_id: uuid.UUID, last: int, outcomes: tuple[Outcome, ...]) -> list[ImportRow]:
    following = select(ImportRow).where(ImportRow.import_id == import_id, ImportRow.number > last)
    if outcomes:
        following = following.where(ImportRow.outcome.in_(outcomes))
    return list(db.session().scalars(following.order_by(ImportRow.number).limit(PAGE)))
