"""Comparing every account that a directory has with the directory, whoever signs in or not."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select

from app import db
from app.directory import reader
from app.directory.entries import Entry
from app.errors import DirectoryAway
from app.models import DirectoryEntry
from app.operations import directory_people
from app.operations.visitor import Visitor

BATCH = 20  # entries in one conversation, which has one deadline
FEW = 10  # people may go without a question
MOST_GONE = 0.2  # of all people: more are a mistake in the settings sooner than the truth


class TooManyGone(Exception):
    """So many people are not found any more that the settings may be wrong: nothing was done."""

    def __init__(self, gone: int, known: int) -> None:
        super().__init__(f"{gone} of {known}")
        self.gone = gone
        self.known = known


@dataclass
class Progress:
    """How far it is: of `known` people `looked_up` were looked for, and `gone` not found."""

    known: int
    looked_up: int = 0
    gone: int = 0
    newly_gone: int = 0


Known = tuple[uuid.UUID, str]


def sync(visitor: Visitor, *, dry_run: bool = False, many: bool = False) -> Iterator[Progress]:
    """Look everybody up; then let names and roles follow, and out whoever is there no more.

    Yields after each batch; done again it finds what it left. `dry_run` only looks; `many` believes
    it, however many are gone. Raises DirectoryAway, and TooManyGone before anything is changed.
    """
    if not reader.in_use() or not reader.can_look_up():
        raise DirectoryAway
    progress = Progress(_count())
    gone: list[uuid.UUID] = []
    for batch in _batches():
        found = _found(batch)
        gone += [account_id for account_id, key in batch if key not in found]
        progress.looked_up += len(batch)
        progress.gone = len(gone)
        yield progress
    if progress.gone > max(FEW, MOST_GONE * progress.known) and not many:
        raise TooManyGone(progress.gone, progress.known)
    if not dry_run:
        for batch in _batches():
            _follow(batch, visitor, progress)
            yield progress


def _follow(batch: list[Known], visitor: Visitor, progress: Progress) -> None:
    found = _found(batch)
    for account_id, key in batch:
        if key in found:
            directory_people.refresh(account_id, found[key], visitor)
        elif directory_people.gone(account_id, visitor):
            progress.newly_gone += 1


def _found(batch: list[Known]) -> dict[str, Entry]:
    db.session().rollback()  # no connection waits for the directory
    return reader.keys_found([key for _, key in batch])


def _batches() -> Iterator[list[Known]]:
    last = None
    while True:
        some = select(DirectoryEntry.account_id, DirectoryEntry.key)
        if last is not None:
            some = some.where(DirectoryEntry.account_id > last)
        rows = db.session().execute(some.order_by(DirectoryEntry.account_id).limit(BATCH))
        batch = [(account_id, key) for account_id, key in rows]
        if not batch:
            return
        yield batch
        last = batch[-1][0]


def _count() -> int:
    return db.session().scalar(select(func.count()).select_from(DirectoryEntry)) or 0
