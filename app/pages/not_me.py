"""Saying "this was not me" by the link of a mail."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.errors import TicketRefused
from app.mail import devices
from app.operations import not_me, undoing
from app.pages import mailed, passwords
from app.pages.forms import TicketForm
from app.pages.visitor import visitor

pages = Blueprint("not_me", __name__)
TICKET = "not_me"


@pages.get("/not-me")
def ask() -> ResponseReturnValue:
    """Say what will happen, beside the button that does it."""
    if mailed.took_from_link(TICKET):
        return redirect(url_for("not_me.ask"), 303)
    held = mailed.held(TICKET)
    if held is None:
        return render_template("not_me/over.html", refused=False)
    try:
        taken_back = undoing.by(held)
    except TicketRefused:
        return _over()
    named = [devices.label(each.user_agent) for each in taken_back.sessions or ()]
    form = TicketForm(formdata=None)
    return render_template("not_me/ask.html", form=form, undoing=taken_back, devices=named)


@pages.post("/not-me")
def report() -> ResponseReturnValue:
    """Take it back, and lead on to a new password."""
    try:
        ticket = not_me.report(mailed.held(TICKET) or "", visitor())
    except TicketRefused:
        return _over()
    mailed.drop(TICKET)
    if not ticket:
        flash(_("Done. Now change your password in your organisation's directory."), "success")
        return redirect(url_for("sign_in.password"), 303)
    mailed.hold(passwords.TICKET, ticket)
    flash(_("Done. Now set a new password: whoever it was may know the old one."), "success")
    return redirect(url_for("passwords.reset"), 303)


def _over() -> ResponseReturnValue:
    mailed.drop(TICKET)
    return render_template("not_me/over.html", refused=True), 410
