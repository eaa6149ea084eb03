"""Where one is signed in, through whichever page or API."""

import uuid
from dataclasses import dataclass

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from app.mail import devices
from app.models import Membership, Session
from app.operations import impersonation_ends, sessions
from app.operations.impersonation_ends import Told
from app.pages import signed_in
from app.pages.account import pages
from app.pages.visitor import visitor


@dataclass(frozen=True)
class Line:
    """What is told of one session."""

    session: Session
    device: str
    opened_by: str
    memberships: list[Membership]
    this: bool
    looker: Told | None  # of an administrator who looks as the account's owner


@pages.get("/account/sessions", endpoint="sessions")
def show() -> ResponseReturnValue:
    """Show every session of the account; not to somebody who holds a mere seat."""
    row = signed_in.required()
    sessions.require_to_look(row)
    lines = [_line(each, this=each.id == row.id) for each in sessions.all_of(row.account)]
    return render_template("account/sessions.html", lines=lines)


@pages.post("/account/sessions/<uuid:session_id>/end")
def end_session(session_id: uuid.UUID) -> Response:
    """End one session."""
    row = signed_in.required()
    sessions.require_account_proof(row)
    if impersonation_ends.is_one(session_id):
        impersonation_ends.end_by_person(row, session_id, visitor())
    else:
        sessions.end_one(row, session_id, visitor())
    flash(_("That session is ended."), "success")
    return redirect(url_for("account.sessions"), 303)


@pages.post("/account/sessions/end-others")
def end_other_sessions() -> Response:
    """End every session but this one."""
    row = signed_in.required()
    sessions.require_account_proof(row)
    ended = sessions.end_others(row, visitor())
    said = ngettext("%(num)s other session is ended.", "%(num)s other sessions are ended.", ended)
    flash(said, "success")
    return redirect(url_for("account.sessions"), 303)


def _line(row: Session, *, this: bool) -> Line:
    held = [seat.membership for seat in sessions.seats_of(row)]
    by = str(devices.OPENED_BY[row.interface])
    looker = impersonation_ends.told_of(row.impersonation) if row.impersonation else None
    return Line(row, devices.label(row.user_agent), by, held, this, looker)
