"""The side list of administration: which pages there are, for the seats that may open them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import lazy_gettext as _l

from app.operations.rights import Action


@dataclass(frozen=True)
class Place:
    """One entry: the view it leads to, its icon, its name, and what one does there.

    `action` is what has to be granted to see it; None for what every administrator may. It stays
    marked on every page whose address, after the seat's own, starts with `under`.
    """

    endpoint: str
    icon: str
    name: Any
    about: Any = ""
    action: Action | None = None
    under: str | None = None

    def holds(self, endpoint: str, path: str) -> bool:
        """Tell whether a page is this place, or in it."""
        inside = self.under is not None and f"/admin/{self.under}/" in f"{path}/"
        return inside or endpoint.rpartition(".")[2] == self.endpoint


PLACES = [
    Place("overview", "home", _l("Overview"), action=Action.SEE_DASHBOARD),
    Place(
        "accounts",
        "people",
        _l("People"),
        _l("Who is here: search, look closely, help whoever cannot get in, export."),
        Action.SEE_ACCOUNTS,
        under="accounts",
    ),
    Place(
        "cannot_sign_in",
        "key",
        _l("Can't sign in?"),
        _l("Name somebody, see what keeps them out, and mend it."),
        Action.SEE_WAYS_IN,
        under="cannot-sign-in",
    ),
    Place(
        "imports",
        "upload",
        _l("Imports"),
        _l("Bring in people from a file or another system, with a check of every row first."),
        Action.SEE_IMPORTS,
        under="imports",
    ),
    Place(
        "organisations",
        "building",
        _l("Organisations"),
        _l("Their rules and who set them, names and looks, open or shut."),
        Action.SEE_ORGANISATION,
        under="organisations",
    ),
    Place(
        "mail",
        "mail",
        _l("Mail"),
        _l("What waits, what was refused and why, what was sent; never what it says."),
        Action.SEE_MAIL,
        under="mail",
    ),
    Place(
        "audit",
        "clock",
        _l("Audit log"),
        _l("Who did what to whom, when and from where; exported and verified."),
        Action.SEE_AUDIT,
        under="audit",
    ),
    Place(
        "directory",
        "key",
        _l("Directory"),
        _l("Whether its servers answer, whom a name finds, whether a password is right."),
        Action.SEE_DIRECTORY,
        under="directory",
    ),
    Place(
        "everybody",
        "sign-out",
        _l("Sign everybody out"),
        _l("End every session of the portal at once, after something has gone badly wrong."),
        Action.END_EVERYBODY,
    ),
]


def open_to(can: Callable[[Action], bool], *, of_portal: bool) -> list[Place]:
    """Return the places that a seat may open, named as that seat knows them."""
    opened = [place for place in PLACES if place.action is None or can(place.action)]
    return opened if of_portal else [_of_one(place) for place in opened]


def _of_one(place: Place) -> Place:
    """Return a place as a seat knows it that looks after one organisation alone."""
    if place.endpoint != "organisations":
        return place
    about = _l("Its rules and who set them, its name and looks.")
    return replace(place, name=_l("Organisation"), about=about)
