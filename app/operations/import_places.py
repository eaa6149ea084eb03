"""Finding the organisations that rows name, by UUID or by a name that only one has."""

import uuid

from sqlalchemy import ColumnElement, select

from app import db
from app.models import Organisation
from app.operations.import_faults import Fault

REMEMBERED = 10_000  # names; a file rarely has more


class Places:
    """The organisations of one file. Those beyond `allowed` (None: all) are as if they were not."""

    def __init__(self, allowed: frozenset[uuid.UUID] | None) -> None:
        self._allowed = allowed
        self._found: dict[str, uuid.UUID | Fault] = {}

    def find(self, name: str) -> uuid.UUID | Fault:
        """Return the one organisation that is meant, or why there is none."""
        if name not in self._found:
            if len(self._found) >= REMEMBERED:
                self._found.clear()
            self._found[name] = self._look(name)
        return self._found[name]

    def _look(self, name: str) -> uuid.UUID | Fault:
        named = select(Organisation.id).where(_is_called(name)).limit(2)
        if self._allowed is not None:
            named = named.where(Organisation.id.in_(self._allowed))
        found = list(db.session().scalars(named))
        if not found:
            return Fault.UNKNOWN_ORGANISATION
        return found[0] if len(found) == 1 else Fault.SEVERAL_ORGANISATIONS


def _is_called(name: str) -> ColumnElement[bool]:
    try:
        return Organisation.id == uuid.UUID(name)
    except ValueError:
        return Organisation.name == name
