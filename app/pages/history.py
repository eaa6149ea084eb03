"""What happened to one's account."""

from dataclasses import dataclass
from datetime import datetime

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.mail import devices
from app.models import AuditEvent
from app.operations import history, impersonation_ends, sessions
from app.operations.history import Happened, Kind
from app.operations.impersonation_ends import Told
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
    """Show what happened, newest first; not to somebody who holds a mere seat.

    An organisation's administrator who looks as somebody sees nothing of where they were before.
    """
    row = signed_in.required()
    sessions.require_to_look(row)
    kind = _kind(request.args.get("kind"))
    scope = f"history {row.account_id} {kind or ''}"
    before = cursors.position(request.args.get("before"), scope)
    within = row.impersonation.organisation_id if row.impersonation else None
    page = history.page(row.account, kind, before, within=within)
    return render_template(
        "account/history.html",
        lines=_lines(page.events),
        kinds=KINDS,
        kind=kind,
        older=cursors.after(page.older, scope),
        newest=before is None,
    )


def _kind(asked: str | None) -> Kind | None:
    if asked is None:
        return None
    return Kind(asked) if asked in {each.value for each in Kind} else abort(400)


def _lines(events: list[Happened]) -> list[Line]:
    told = impersonation_ends.told([each.event for each in events])
    return [_line(each, told.get(str(each.event.details.get("impersonation")))) for each in events]


def _line(happened: Happened, looked: Told | None) -> Line:
    event = happened.event
    return Line(
        event.at,
        event_words.sentence(event),
        [*event_words.facts(event, happened.organisation), *_of_looking(looked)],
        _device(event),
        str(devices.OPENED_BY[event.interface]),
        event.address,
        happened.by_administrator,
        event.what in {"sign_in_failed", "wrong_code", "confirmation_failed"},
    )


def _of_looking(looked: Told | None) -> list[str]:
    """Return who looked as the account's owner, and why."""
    if looked is None:
        return []
    by = looked.administrator or _("an administrator whose account is gone")
    return [_("It was %(name)s", name=by), _("Reason given: %(reason)s", reason=looked.reason)]


def _device(event: AuditEvent) -> str:
    agent = event.details.get("user_agent")
    return devices.label(str(agent)) if agent else ""
