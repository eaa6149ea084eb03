"""Signing everybody out: for the day on which something has gone badly wrong."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from app.operations import authority, session_acts
from app.operations.rights import Action
from app.pages.admin.forms import EverybodyForm, phrase
from app.pages.admin.seat import acting, granted, pages
from app.pages.visitor import visitor


@pages.get("/sign-everybody-out")
@granted(Action.END_EVERYBODY)
def everybody() -> ResponseReturnValue:
    """Say what it will do, and ask for the words."""
    authority.require_fresh(acting(), Action.END_EVERYBODY)
    return _page(EverybodyForm(formdata=None))


@pages.post("/sign-everybody-out")
@granted(Action.END_EVERYBODY)
def end_everybody() -> ResponseReturnValue:
    """End every session but this one, where the words are right."""
    form = EverybodyForm()
    if not form.validate():
        return _page(form), 400
    ended = session_acts.end_everybody(acting(), visitor())
    said = ngettext("%(num)s session is ended.", "%(num)s sessions are ended.", ended)
    flash(said, "success")
    return redirect(url_for(".overview"), 303)


def _page(form: EverybodyForm) -> str:
    return render_template("admin/everybody.html", form=form, phrase=phrase())
