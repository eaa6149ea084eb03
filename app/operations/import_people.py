"""Who was named in a file so far: which rows are of one person, and which say a thing again.

Kept in a database of its own that SQLite holds in a temporary file once it grows: a file may name
millions. It keeps digests, and nothing of what the rows say.
"""

import hashlib
import json
import sqlite3
import uuid
from dataclasses import dataclass

from app.operations.import_entries import ACCOUNTS_OWN, Entry
from app.operations.import_faults import Fault, Faults

DIGEST_BYTES = 16


@dataclass(frozen=True)
class Place:
    """Where a row stands among the others of its file.

    `first` is the first row of the same person, or the row itself; `faults` is why this one cannot
    be one of theirs.
    """

    first: int
    faults: Faults


class People:
    """The people of one file. Give it every row, in order, once."""

    def __init__(self) -> None:
        self._rows = sqlite3.connect("", isolation_level=None)
        self._rows.execute("CREATE TABLE named (key BLOB PRIMARY KEY, first INT) WITHOUT ROWID")
        self._rows.execute("CREATE TABLE said (first INTEGER PRIMARY KEY, digests TEXT)")
        self._rows.execute("BEGIN")  # and never committed: it is gone with this object

    def close(self) -> None:
        """Forget everybody."""
        self._rows.close()

    def place(self, entry: Entry, organisation_id: uuid.UUID | None, *, sound: bool) -> Place:
        """Return where a row stands, and remember it.

        The membership of a row that is not `sound` may well come again in a better one.
        """
        firsts = {column: self._find(column, key) for column, key in entry.keys.items()}
        known = {first for first in firsts.values() if first is not None}
        if not known:
            self._meet(entry)
            first, faults = entry.number, []
        else:
            first = min(known)
            faults = [(column, Fault.DIFFERS) for column, at in firsts.items() if at != first]
            faults += self._other_words(entry, first)
        if sound and not faults and self._repeats(entry, first, organisation_id):
            faults = [("", Fault.REPEATED)]
        return Place(first, faults)

    def _meet(self, entry: Entry) -> None:
        for column, key in entry.keys.items():
            self._remember(entry.number, column, key)
        digests = json.dumps(_digests(entry))
        self._rows.execute("INSERT INTO said VALUES (?, ?)", (entry.number, digests))

    def _other_words(self, entry: Entry, first: int) -> Faults:
        """Return what a later row says of the account as the first did not."""
        [kept] = self._rows.execute("SELECT digests FROM said WHERE first = ?", (first,)).fetchone()
        before = json.loads(kept)
        now = _digests(entry)
        return [(column, Fault.DIFFERS) for column in now if now[column] != before.get(column)]

    def _repeats(self, entry: Entry, first: int, at: uuid.UUID | None) -> bool:
        """Tell whether a row adds nothing to those before; remember what it adds."""
        if at is None or entry.role is None:
            return first != entry.number
        key = f"{first} {at} {entry.role.value}"
        if self._find("membership", key) is not None:
            return True
        self._remember(first, "membership", key)
        return False

    def _find(self, kind: str, key: str) -> int | None:
        found = self._rows.execute(
            "SELECT first FROM named WHERE key = ?", (_digest(kind, key),)
        ).fetchone()
        return found and int(found[0])

    def _remember(self, first: int, kind: str, key: str) -> None:
        self._rows.execute("INSERT INTO named VALUES (?, ?)", (_digest(kind, key), first))


def _digests(entry: Entry) -> dict[str, str]:
    own = {column: entry.given[column] for column in ACCOUNTS_OWN if column in entry.given}
    return {column: _digest(column, text).hex() for column, text in own.items()}


def _digest(kind: str, text: str) -> bytes:
    said = f"{kind} {text}".encode()
    return hashlib.blake2b(said, digest_size=DIGEST_BYTES).digest()
