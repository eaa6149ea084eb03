"""Removing one's account, with a week to change one's mind."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.errors import LastAdministrator, LastSuperuser
from app.models import Account
from app.operations import removal, sessions
from app.pages import problems, signed_in
from app.pages.account import pages
from app.pages.forms import RemovalForm
from app.pages.visitor import visitor
from app.security.identities import identity_key


@pages.get("/account/remove", endpoint="remove")
def show() -> ResponseReturnValue:
    """Say what goes and when, and ask whether it really shall; or let it be kept."""
    sessions.require_account_proof(signed_in.required())
    return _page(RemovalForm(formdata=None))


@pages.post("/account/remove")
def schedule() -> ResponseReturnValue:
    """Have the account removed in a week, if its owner typed what it is called."""
    form, row = RemovalForm(), signed_in.required()
    sessions.require_account_proof(row)
    if not form.validate():
        return _page(form), 400
    if not _names(form.identity.data or "", row.account):
        form.identity.errors = [_("That is not what this account is called.")]
        return _page(form), 400
    try:
        removal.schedule(row, visitor())
    except (LastSuperuser, LastAdministrator) as refusal:
        form.refuse(refusal)
        return problems.answer(_page(form), refusal)
    return redirect(url_for("account.remove"), 303)


@pages.post("/account/keep")
def keep() -> Response:
    """Keep the account that was to be removed."""
    removal.keep(signed_in.required(), visitor())
    flash(_("Your account stays."), "success")
    return redirect(url_for("account.index"), 303)


def _names(typed: str, account: Account) -> bool:
    return identity_key(typed) == (account.email_key or account.username_key)


def _page(form: RemovalForm) -> str:
    return render_template("account/remove.html", form=form, account=signed_in.required().account)
