"""An administrator who looks as somebody else: what is open then, the banner, and the way back.

The browser keeps the administrator's own bearer and, beside it, what opens the other session
(signed_in). While it does, every request comes by `gate` before anything else: only what is
listed here is open, so a page that is new is shut until somebody lists it.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Flask, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from app.models import Impersonation, Session
from app.operations import impersonation_ends
from app.operations.impersonation_ends import Ended, How
from app.pages import error_pages, signed_in
from app.pages.visitor import visitor

pages = Blueprint("looking_as", __name__)

SIGN_OUT = "sign_out.sign_out"
# Pages that show no secret and change nothing of the person's; taking a seat decides for itself.
OPEN = frozenset(
    {
        "home.start",
        "home.index",
        "home.seat",
        "home.switch",
        "account.index",
        "account.history",
        "account.sessions",
        "logos.logo",
        "docs.index",
        "docs.contract",
        "docs.static",
        "looking_as.stop",
        SIGN_OUT,
    }
)
# What looks at no cookie, and so knows of nobody: files, and the contracts, whose bearers are found
# by operations that never find this kind of session.
READS_NO_COOKIE = frozenset({"static", "bootstrap", "api", "openapi"})

TITLE = _l("Not as somebody else")
CONFIRMING = _l(
    "Only the person can prove who they are. While you look as somebody else, nothing is "
    "confirmed and nothing of their account is changed. Stop first."
)
SHUT = _l("This is not open while you look as somebody else. Stop first.")
HOW = {
    How.STOPPED: _l("You no longer look as somebody else."),
    How.EXPIRED: _l("The fifteen minutes are over: you no longer look as somebody else."),
    How.WITHDRAWN: _l("It was ended, or no longer allowed: you no longer look as somebody else."),
}


@dataclass(frozen=True)
class Looking:
    """What the banner on each page says."""

    administrator_id: uuid.UUID | None
    name: str
    reason: str
    until: datetime


def init_app(app: Flask) -> None:
    """Let every request come by the gate."""
    app.before_request(gate)
    app.context_processor(_for_every_page)


def gate() -> ResponseReturnValue | None:
    """Let through what is open to an administrator who looks as somebody else, and no more."""
    if _asks_for_no_page() or not signed_in.looks_as_somebody():
        return None
    row = signed_in.current()
    if row is None or row.impersonation is None:
        return None if request.endpoint == SIGN_OUT else _over()
    g.looking_as = _looking(row, row.impersonation)
    if request.endpoint is None or request.endpoint in OPEN:
        return None
    confirming = request.blueprint == "confirm"
    return error_pages.forbidden(str(CONFIRMING if confirming else SHUT), str(TITLE))


@pages.post("/looking-as/stop")
def stop() -> Response:
    """Go back to being oneself, on the page where it began."""
    looking = signed_in.looking()
    if looking is None:
        return redirect(url_for("home.index"), 303)
    return _lead_back(impersonation_ends.stop(looking.id, visitor()))


def is_open(endpoint: str) -> bool:
    """Tell whether a page is open to whoever looks at this one."""
    return g.get("looking_as") is None or endpoint in OPEN


def _asks_for_no_page() -> bool:
    return (request.endpoint or "").partition(".")[0] in READS_NO_COOKIE


def _looking(row: Session, by: Impersonation) -> Looking:
    return Looking(by.administrator_id, row.account.shown_name, by.reason, row.expires_at)


def _over() -> Response:
    """Lead back whoever is not let look any longer; the request itself comes to nothing."""
    looking = signed_in.looking()
    return _lead_back(impersonation_ends.note_end(looking.id, visitor()) if looking else None)


def _lead_back(ended: Ended | None) -> Response:
    signed_in.look_as_oneself()
    flash(str(HOW[ended.how if ended else How.WITHDRAWN]), "info")
    if ended is None or not ended.seat_held:
        return redirect(url_for("home.index"), 303)
    where: dict[str, Any] = {"account_id": ended.account_id}
    if ended.organisation_id is None:
        return redirect(url_for("admin.account", **where), 303)
    where["organisation_id"] = ended.organisation_id
    return redirect(url_for("organisation_admin.account", **where), 303)


def _for_every_page() -> dict[str, object]:
    return {"looking_as": g.get("looking_as"), "is_open": is_open}
