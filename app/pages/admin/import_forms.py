"""The forms of imports: a file, and what its columns are."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any, cast

from wtforms import FileField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired

from app.models import Role
from app.operations.import_mappings import COLUMNS, SYSTEMS, ColumnMapping
from app.operations.import_outline import Outline
from app.pages import roles
from app.pages.admin import import_words as words
from app.pages.forms import Form, stripped
from app.pages.forms import when_shown as _l

BY_ITSELF, LEFT_OUT = "auto", "none"


class UploadForm(Form):
    """A file to upload."""

    file = FileField(_l("File"), [InputRequired(_l("Choose one file."))])


class MappingForm(Form):
    """Whose file it is, which of its columns is which of ours, and what everybody gets."""

    system = RadioField(_l("Whose file is it?"))
    everybodys_role = SelectField(_l("Role for everybody whose row names none"))
    everybodys_organisation = StringField(
        _l("Organisation for everybody whose row names none"), filters=[stripped]
    )
    places: list[tuple[str, str]]
    asks_place = True

    def offer(self, outline: Outline, columns: Iterable[str], offered: Sequence[Role]) -> None:
        """Say which columns the file has, which of ours they may be, and which roles there are."""
        self._names = [column.name for column in outline.columns]
        self._ours = list(columns)
        self.system.choices = [(each, str(words.SYSTEMS[each])) for each in SYSTEMS]
        choices = [
            (BY_ITSELF, _l("Automatic")),
            (LEFT_OUT, _l("Nothing")),
        ]
        choices += [(str(at), shown(name)) for at, name in enumerate(self._names)]
        for ours in COLUMNS:
            if ours in self._ours:
                cast(SelectField, self[_field(ours)]).choices = choices
            else:
                del self[_field(ours)]
        self.everybodys_role.choices = [
            ("", _l("Nobody gets one by that")),
            *((role.slug, roles.name(role)) for role in offered),
        ]

    def place_among(self, places: list[tuple[uuid.UUID, str]], *, asks_place: bool) -> None:
        """Say which organisations there are; without them a UUID is typed."""
        self.places = [(str(place), name) for place, name in places]
        self.asks_place = asks_place

    @property
    def columns(self) -> list[Any]:
        """Return the fields that ask for a column each."""
        return [self[_field(ours)] for ours in words.COLUMNS if ours in self._ours]

    def chosen(self) -> ColumnMapping:
        """Return the mapping, once the form is valid."""
        columns = {}
        for ours in self._ours:
            typed = self[_field(ours)].data
            if typed != BY_ITSELF:
                columns[ours] = "" if typed == LEFT_OUT else self._names[int(typed)]
        everybody = {
            "role": self.everybodys_role.data or "",
            "organisation": (self.everybodys_organisation.data or "") if self.asks_place else "",
        }
        return ColumnMapping(
            self.system.data or "ours",
            columns,
            {name: each for name, each in everybody.items() if each},
        )


for _ours in COLUMNS:
    setattr(
        MappingForm,
        f"column_{_ours}",
        SelectField(cast(str, words.COLUMNS[_ours]), [InputRequired()]),
    )


def guesses(outline: Outline, usual: Role | None) -> dict[str, str]:
    """Return what a form begins with: what the columns seem to be, and the usual role."""
    names = [column.name for column in outline.columns]
    found = dict.fromkeys(map(_field, COLUMNS), BY_ITSELF)
    found |= {_field(ours): str(names.index(theirs)) for ours, theirs in outline.guessed.items()}
    lacks_role = "role" not in outline.guessed
    role = usual.slug if usual is not None and lacks_role else ""
    return {"system": outline.system, "everybodys_role": role, **found}


def _field(ours: str) -> str:
    return f"column_{ours}"


def shown(name: str) -> str:
    """Return a column's name without what no page can show."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in name)
