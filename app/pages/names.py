"""Changing one's name and one's username."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.errors import AlreadyExists, InvalidUsername
from app.operations import names, sessions
from app.pages import problems, signed_in
from app.pages.account import pages
from app.pages.forms import NameForm, UsernameForm
from app.pages.visitor import visitor


@pages.get("/account/name", endpoint="name")
def name() -> ResponseReturnValue:
    """Ask for another name."""
    row = signed_in.required()
    sessions.require_account(row)
    return _name_page(NameForm(obj=row.account))


@pages.post("/account/name")
def change_name() -> ResponseReturnValue:
    """Change the name."""
    form, row = NameForm(), signed_in.required()
    sessions.require_account(row)
    if not form.validate():
        return _name_page(form), 400
    names.rename(row, form.name.data or "", visitor())
    flash(_("Your name is changed."), "success")
    return redirect(url_for("account.index"), 303)


@pages.get("/account/username", endpoint="username")
def username() -> ResponseReturnValue:
    """Ask for another username, of somebody who proved lately who they are."""
    row = signed_in.required()
    sessions.require_account_proof(row)
    return _username_page(UsernameForm(obj=row.account))


@pages.post("/account/username")
def change_username() -> ResponseReturnValue:
    """Change the username, or say why it cannot be had."""
    form, row = UsernameForm(), signed_in.required()
    sessions.require_account_proof(row)
    if not form.validate():
        return _username_page(form), 400
    try:
        names.change_username(row, form.username.data or "", visitor())
    except AlreadyExists as refusal:
        form.username.errors = [_("Somebody has this username already. Choose another.")]
        return problems.answer(_username_page(form), refusal)
    except InvalidUsername as refusal:
        form.username.errors = [problems.sentence(refusal)]
        return problems.answer(_username_page(form), refusal)
    flash(_changed(row.account.username), "success")
    return redirect(url_for("account.index"), 303)


def _changed(username: str | None) -> str:
    if username is None:
        return _("You have no username any more. Sign in by your address.")
    return _("Your username is %(username)s. Sign in by it from now on.", username=username)


def _name_page(form: NameForm) -> str:
    return render_template("account/name.html", form=form)


def _username_page(form: UsernameForm) -> str:
    account = signed_in.required().account
    return render_template("account/username.html", form=form, account=account)
