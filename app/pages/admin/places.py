"""The side list of administration: which pages there are, for the seats that may open them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from app.operations.authority import Action


@dataclass(frozen=True)
class Place:
    """One entry: the view it leads to, its icon, its name, and what one does there.

    `action` is what has to be granted to see it; None for what every administrator may. `also`
    names views that belong to it, so that it stays marked while one is there.
    """

    endpoint: str
    icon: str
    name: Any
    about: Any = ""
    action: Action | None = None
    also: tuple[str, ...] = ()

    def holds(self, endpoint: str) -> bool:
        """Tell whether a view, with its blueprint's name or without, is this place or in it."""
        return endpoint.rpartition(".")[2] in {self.endpoint, *self.also}


PLACES = [
    Place("overview", "home", _l("Overview")),
]


def open_to(can: Callable[[Action], bool]) -> list[Place]:
    """Return the places that a seat may open."""
    return [place for place in PLACES if place.action is None or can(place.action)]
