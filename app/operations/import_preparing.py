"""Looking at each row before a transaction begins: by itself, and among the others of its file."""

import uuid
from collections.abc import Iterator
from contextlib import closing
from typing import BinaryIO

from app.operations import import_reading
from app.operations.import_authority import Authority
from app.operations.import_deciding import Placed
from app.operations.import_entries import Entry, entry
from app.operations.import_faults import Fault, Faults
from app.operations.import_mappings import ColumnMapping
from app.operations.import_people import People
from app.operations.import_places import Places
from app.operations.import_reading import Record


def prepared(stream: BinaryIO, mapping: ColumnMapping, authority: Authority) -> Iterator[Placed]:
    """Yield each row of a file, read and placed, with all that is wrong with it so far."""
    with closing(People()) as people:
        file = _File(mapping, authority, people)
        for record in import_reading.read(stream):
            yield file.placed(record)


class _File:
    """What is known of a file while its rows go by."""

    def __init__(self, mapping: ColumnMapping, authority: Authority, people: People) -> None:
        self._mapping, self._authority, self._people = mapping, authority, people
        self._places = Places(authority.organisations)

    def placed(self, record: Record) -> Placed:
        """Return where a row stands."""
        if record.fault is not None:
            return Placed(Entry(record.number), record.number, None, [("", record.fault)])
        said = entry(record.number, self._mapping.cells(record.cells))
        at, unknown = self._organisation(said)
        beyond = self._authority.restrain(said, at)
        faults = [*said.faults, *unknown, *beyond]
        place = self._people.place(said, at, sound=not faults)
        return Placed(said, place.first, at, _one_a_column([*faults, *place.faults]))

    def _organisation(self, said: Entry) -> tuple[uuid.UUID | None, Faults]:
        if said.organisation is None:
            return None, []
        found = self._places.find(said.organisation)
        if isinstance(found, Fault):
            return None, [("organisation", found)]
        return found, []


def _one_a_column(faults: Faults) -> Faults:
    """Leave the first that is wrong with each column: what follows it often follows from it."""
    first: dict[str, Fault] = {}
    for column, fault in faults:
        first.setdefault(column, fault)
    return list(first.items())
