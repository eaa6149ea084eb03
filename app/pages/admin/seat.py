"""Who acts, and from which seat: the ground that every page of administration stands on.

A page registers its views on `pages`, says with `granted` which action they are, and asks
`acting` for the administrator that its operations take. Inside these pages `url_for(".accounts")`
stays at the seat: under `/admin/` or under the organisation's own address.
"""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue
from structlog.stdlib import get_logger
from werkzeug.wrappers import Response

from app.errors import NotFound
from app.models import Organisation, Role, Session
from app.operations import authority
from app.operations.authority import Administrator
from app.operations.rights import Action
from app.pages import held_seats, signed_in
from app.pages.admin import places
from app.pages.visitor import visitor

PORTAL, ORGANISATION = "admin", "organisation_admin"
REFUSED = {403, 404}
PREFIXES = {PORTAL: "/admin", ORGANISATION: "/o/<uuid:organisation_id>/admin"}

pages = Blueprint(PORTAL, __name__)

log = get_logger("doorward.pages")

P = ParamSpec("P")
R = TypeVar("R")


def acting() -> Administrator:
    """Return who acts in this request."""
    who: Administrator = g.administrator
    return who


def organisation() -> Organisation | None:
    """Return the organisation that is administered; None for the portal."""
    place: Organisation | None = g.administered
    return place


def granted(action: Action) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Refuse a view, as if there were none, to a seat that the action is not granted to."""

    def guard(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            authority.require(acting(), action)
            return view(*args, **kwargs)

        return guarded

    return guard


def can(action: Action) -> bool:
    """Tell whether an action is granted to this seat; for what a page offers."""
    return authority.reach(acting(), action) is not None


@pages.url_value_preprocessor
def _take_place(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    g.place_administered = (values or {}).pop("organisation_id", None)


@pages.url_defaults
def _stay_in_place(endpoint: str, values: dict[str, Any]) -> None:
    place: uuid.UUID | None = g.get("place_administered")
    if place is not None and endpoint.startswith(f"{ORGANISATION}."):
        values.setdefault("organisation_id", place)


def is_held(session: Session | None) -> bool:
    """Tell whether a session holds the seat that a request is about, before it is let in."""
    try:
        return session is not None and bool(authority.administrator(session, g.place_administered))
    except NotFound:
        return False


@pages.before_request
def enter() -> ResponseReturnValue | None:
    """Let in who holds the seat; lead who only has it to where it is taken; hide from others."""
    if away := signed_in.turn_strangers_away():
        return away
    g.asking = signed_in.required().account_id  # noted now: later the row may be gone
    place: uuid.UUID | None = g.place_administered
    role = Role.SUPERUSER if place is None else Role.ACCOUNT_ADMIN
    membership = held_seats.membership(lambda m: (m.organisation_id, m.role) == (place, role))
    try:
        g.administrator = authority.administrator(signed_in.required(), place)
    except NotFound:
        return held_seats.lead_to(membership)
    g.administered = membership.organisation
    return None


@pages.after_request
def note_refusal(response: Response) -> Response:
    """Say in the log who was refused what: one line, and no row, for a flood must not fill it."""
    if response.status_code in REFUSED:
        looking = g.get("looking_as")  # then the gate has shut everything here
        who = looking.administrator_id if looking else g.get("asking")
        place = g.get("place_administered")
        log.info(
            "administration_refused",
            status=response.status_code,
            method=request.method,
            path=request.path,
            account=str(who) if who else None,
            organisation=str(place) if place else None,
            address=visitor().address,
        )
    return response


@pages.context_processor
def _for_every_page() -> dict[str, object]:
    if "administrator" not in g:
        return {}
    return {
        "administered": organisation(),
        "can": can,
        "Action": Action,
        "sections": places.open_to(can, of_portal=organisation() is None),
    }
