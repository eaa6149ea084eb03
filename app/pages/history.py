"""What happened to one's account."""

from dataclasses import dataclass
from datetime import datetime

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.mail import devices
from app.models import AuditEvent
from app.operations import history, sessions
from app.operations.history import Happened, Kind
from app.pages import cursors, event_words, signed_in
from app.pages.account import pages

KINDS = {
    None: _l("Everything"),
    Kind.SIGN_INS: _l("Sign-ins"),
    Kind.CHANGES: _l("Changes"),
    Kind.ADMINISTRATORS: _l("By administrators"),
}


@dataclass(frozen=True)
class Line:
    """What is told of one event."""

    at: datetime
    sentence: str
    facts: list[str]
    device: str
    interface: str
    address: str
    by_administrator: bool
    failed: bool


@pages.get("/account/history", endpoint="history")
def show() -> ResponseReturnValue:
    """Show what happened, newest first; not to somebody who holds a mere seat."""
    row = signed_in.required()
    sessions.require_account(row)
    kind = _kind(request.args.get("kind"))
    scope = f"history {row.account_id} {kind or ''}"
    before = cursors.position(request.args.get("before"), scope)
    page = history.page(row.account, kind, before)
    return render_template(
        "account/history.html",
        lines=[_line(each) for each in page.events],
        kinds=KINDS,
        kind=kind,
        older=cursors.after(page.older, scope),
        newest=before is None,
    )


def _kind(asked: str | None) -> Kind | None:
    if asked is None:
        return None
    return Kind(asked) if asked in {each.value for each in Kind} else abort(400)


def _line(happened: Happened) -> Line:
    event = happened.event
    return Line(
        event.at,
        event_words.sentence(event),
        event_words.facts(event, happened.organisation),
        _device(event),
        str(devices.OPENED_BY[event.interface]),
        event.address,
        happened.by_administrator,
        event.what in {"sign_in_failed", "wrong_code", "confirmation_failed"},
    )


def _device(event: AuditEvent) -> str:
    agent = event.details.get("user_agent")
    return devices.label(str(agent)) if agent else ""
