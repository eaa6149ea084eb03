"""Signing out."""

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.operations import impersonation_ends, sessions
from app.pages import signed_in
from app.pages.visitor import visitor

pages = Blueprint("sign_out", __name__)


@pages.post("/sign-out")
def sign_out() -> Response:
    """End the session, here and in the database; known devices stay known.

    Who looks as somebody else ends both: that, and the own session.
    """
    row, looking = signed_in.own(), signed_in.looking()
    if looking is not None:
        impersonation_ends.stop(looking.id, visitor())
    if row is not None:
        sessions.end(row, visitor())
    signed_in.forget()
    flash(_("You are signed out."), "success")
    response = redirect(url_for("sign_in.password"), 303)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
