"""Who is signed in on the pages: Flask-Login over our own session rows.

Flask's signed cookie carries the bearer; everything else about the session is in its row, so
ending the row ends it everywhere. Flask-Login's `remember` is not used: its cookie could not be
revoked. *Keep me signed in* is a lifetime of the row.

An administrator who looks as somebody else keeps the own bearer there and has a second secret
beside it. Only both together open the other session; while the second one is there, the own
session is nobody's on these pages, so that nothing is done in it by mistake.
"""

import uuid
from typing import Any

from flask import Flask, redirect, request, session, url_for
from flask_login import LoginManager, current_user, login_user
from werkzeug.wrappers import Response

from app.errors import TicketRefused
from app.models import Account, Session
from app.operations import impersonation, sessions
from app.operations.impersonation import Started

# Flask-Login looks for a cookie of this name on each request and chokes on a forged one. No
# Cookie header can name a cookie so.
NO_COOKIE = "remember; never"
BEARER = "_user_id"  # as Flask-Login calls it
LOOKING_AS = "looking_as"


class Person:
    """Flask-Login's user: a live session."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, row: Session, bearer: str) -> None:
        self.session = row
        self.bearer = bearer

    @property
    def account(self) -> Account:
        """Whose session it is."""
        return self.session.account

    def get_id(self) -> str:
        """Return what finds this person again: the session's bearer."""
        return self.bearer


def init_app(app: Flask) -> None:
    """Teach Flask-Login our sessions."""
    app.config["REMEMBER_COOKIE_NAME"] = NO_COOKIE
    manager: Any = LoginManager()
    manager.session_protection = None  # would end sessions whenever an address changes
    manager.user_loader(_find)
    # Its own context processor asks the database even for pages that say it is away.
    manager.init_app(app, add_context_processor=False)


def remember(row: Session, bearer: str) -> None:
    """Let this browser present `bearer` from now on."""
    login_user(Person(row, bearer))


def current() -> Session | None:
    """Return the session of this request, if somebody is signed in."""
    person: Any = current_user
    return person.session if person.is_authenticated else None


def own() -> Session | None:
    """Return the session that this browser signed in with, also while it looks as somebody else."""
    try:
        return sessions.find(session.get(BEARER, ""))
    except TicketRefused:
        return None


def looks_as_somebody() -> bool:
    """Tell whether this browser looks as somebody else, or did until a moment ago."""
    return LOOKING_AS in session


def looking() -> Started | None:
    """Return what this browser presents to look as somebody else, if it does."""
    kept = session.get(LOOKING_AS)
    return Started(uuid.UUID(kept[0]), kept[1]) if kept else None


def look_as(started: Started) -> None:
    """Let this browser look as somebody else from the next request on."""
    session[LOOKING_AS] = [str(started.id), started.secret]


def look_as_oneself() -> None:
    """Let this browser be its own again from the next request on."""
    session.pop(LOOKING_AS, None)


def required() -> Session:
    """Return the session of this request; for views behind `turn_strangers_away`."""
    row = current()
    if row is None:
        raise TicketRefused
    return row


def turn_strangers_away() -> Response | None:
    """Send whoever is not signed in to the sign-in page, and back here afterwards."""
    if current() is not None:
        return None
    following = request.full_path.rstrip("?") if request.method == "GET" else None
    if request.endpoint in {"home.start", "home.index"}:
        following = None  # where one lands anyway
    return redirect(url_for("sign_in.password", next=following), 303)


def forget() -> None:
    """Leave nothing of anybody in this browser's session."""
    session.clear()


def _find(bearer: str) -> Person | None:
    try:
        row, other = sessions.find(bearer), looking()
        if other is not None:
            row = impersonation.find(row, other.id, other.secret)
        return Person(row, bearer)
    except TicketRefused:
        return None
