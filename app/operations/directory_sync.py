"""Comparing every account that a directory has with the directory, whoever signs in or not."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select

from app import db
from app.directory import reader
from app.errors import DirectoryAway
from app.models import DirectoryEntry
from app.operations import directory_people
from app.operations.visitor import Visitor

SEARCHES = 60  # in one conversation, which has one deadline: each group is one more of them
FEW = 10  # people may go without a question
MOST_GONE = 0.2  # of all who were there: more are a mistake in the settings sooner than the truth


class TooManyGone(Exception):
    """So many people are not found any more that the settings may be wrong: nothing was done."""

    def __init__(self, gone: int, known: int) -> None:
        super().__init__(f"{gone} of {known}")
        self.gone = gone
        self.known = known


@dataclass
class Progress:
    """How far it is: of `known` people `looked_up` were looked for, and `gone` not found.

    `followed` are as in the directory by now, or out; `newly_gone` of them are out since just now.
    """

    known: int
    looked_up: int = 0
    gone: int = 0
    followed: int = 0
    newly_gone: int = 0


Known = tuple[uuid.UUID, str, bool]  # the account, its entry's key, whether that is there so far


def sync(visitor: Visitor, *, dry_run: bool = False, many: bool = False) -> Iterator[Progress]:
    """Look everybody up; then let names and roles follow, and out whoever is there no more.

    Yields after each batch; done again it finds what it left. `dry_run` only looks; `many` believes
    it, however many are gone. Raises DirectoryAway, and TooManyGone before anything is changed.
    """
    if not reader.in_use() or not reader.can_look_up():
        raise DirectoryAway
    progress = Progress(_count())
    lost: set[uuid.UUID] = set()
    for batch in _batches():
        there = reader.keys_there([key for _, key, _ in batch])
        progress.looked_up += len(batch)
        progress.gone += sum(key not in there for _, key, _ in batch)
        lost |= {account_id for account_id, key, so_far in batch if so_far and key not in there}
        yield progress
    so_far = progress.known - progress.gone + len(lost)
    if len(lost) > max(FEW, MOST_GONE * so_far) and not many:
        raise TooManyGone(len(lost), so_far)
    if not dry_run:
        for batch in _batches():
            _follow(batch, lost, visitor, progress)
            yield progress


def _follow(batch: list[Known], lost: set[uuid.UUID], visitor: Visitor, progress: Progress) -> None:
    """Let a batch follow; only who was `lost` when all were looked for goes."""
    found = reader.keys_found([key for _, key, _ in batch])
    for account_id, key, _ in batch:
        if key in found:
            directory_people.refresh(account_id, found[key], visitor)
        elif account_id in lost and directory_people.gone(account_id, visitor):
            progress.newly_gone += 1
    progress.followed += len(batch)


def _batches() -> Iterator[list[Known]]:
    size, last = max(1, SEARCHES // (1 + len(reader.settings().groups))), None
    row = DirectoryEntry
    while True:
        some = select(row.account_id, row.key, row.gone_at.is_(None))
        if last is not None:
            some = some.where(row.account_id > last)
        rows = db.session().execute(some.order_by(row.account_id).limit(size))
        batch = [(account_id, key, so_far) for account_id, key, so_far in rows]
        if not batch:
            return
        db.session().rollback()  # no connection waits for the directory
        yield batch
        last = batch[-1][0]


def _count() -> int:
    return db.session().scalar(select(func.count()).select_from(DirectoryEntry)) or 0
