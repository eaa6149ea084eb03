"""Who is signed in on the pages: Flask-Login over our own session rows.

Flask's signed cookie carries the bearer; everything else about the session is in its row, so
ending the row ends it everywhere. Flask-Login's `remember` is not used: its cookie could not be
revoked. *Keep me signed in* is a lifetime of the row.
"""

from typing import Any

from flask import Flask, redirect, request, session, url_for
from flask_login import LoginManager, current_user, login_user
from werkzeug.wrappers import Response

from app.errors import TicketRefused
from app.models import Account, Session
from app.operations import sessions

# Flask-Login looks for a cookie of this name on each request and chokes on a forged one. No
# Cookie header can name a cookie so.
NO_COOKIE = "remember; never"


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
        return Person(sessions.find(bearer), bearer)
    except TicketRefused:
        return None
