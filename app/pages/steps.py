"""From one step of the sign-in to the next, for every page that takes part in it.

Flask's signed cookie carries what this browser is in the middle of: `verification` (the proven
password's secret), `handle` (the chosen way in), `keep`, `next`.
"""

from flask import flash, redirect, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.models import Session
from app.operations import sessions, sign_in
from app.pages import cookies, next_url, signed_in
from app.pages.visitor import visitor

UNDER_WAY = ("verification", "handle", "keep")


def go_on(handle: str) -> Response:
    """Go on with the chosen way in: to the PIN, or in."""
    before = signed_in.current()
    match sign_in.proceed(handle, visitor()):
        case sign_in.PinWanted():
            session["handle"] = handle
            return redirect(url_for("sign_in.pin"), 303)
        case sign_in.SignedIn() as done:
            return welcome(done, before)


def welcome(done: sign_in.SignedIn, before: Session | None) -> Response:
    """Let somebody in who has done everything; `before` is the session they came with.

    A new session starts with nothing of what this browser held; one that gained a seat keeps the
    rest of it, so that forms in other tabs stay good.
    """
    following = next_url.take()
    kept = session.get("keep", session.permanent)
    if before is None or before.id != done.session.id:
        _leave(before)
    forget_steps()
    session.permanent = kept
    signed_in.remember(done.session, done.bearer)
    response = redirect(following, 303)
    cookies.keep(response, cookies.DEVICE, done.device)
    return response


def start_again() -> Response:
    """Send somebody whose handle or verification is over back to where they came from."""
    forget_steps()
    if signed_in.current() is not None:
        flash(_("That took too long. Start again."))
        return redirect(url_for("home.index"), 303)
    flash(_("That took too long. Sign in again."))
    return redirect(url_for("sign_in.password"), 303)


def forget_steps() -> None:
    """Forget what this browser was in the middle of."""
    for name in UNDER_WAY:
        session.pop(name, None)


def _leave(before: Session | None) -> None:
    if before is not None:
        sessions.end(before, visitor())
    signed_in.forget()
