"""The account: who one is, and its password. Its sessions are in sessions.py."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import config
from app.errors import PasswordRefused, ProofRequired, Refusal
from app.operations import (
    addresses,
    kept_elsewhere,
    memberships,
    new_passwords,
    passwords,
    sessions,
)
from app.pages import problems, signed_in
from app.pages.forms import ChangePasswordForm
from app.pages.hashing import require_room
from app.pages.visitor import visitor

pages = Blueprint("account", __name__)
pages.before_request(signed_in.turn_strangers_away)


@pages.get("/account")
def index() -> ResponseReturnValue:
    """Show who one is here."""
    account = signed_in.required().account
    places = memberships.of(account.id)
    asked = addresses.asked_of(account)
    kept = kept_elsewhere.is_kept(account.id)
    directory = config.current().directory
    return render_template(
        "account/index.html",
        account=account,
        memberships=places,
        asked=asked,
        kept=kept,
        directory=directory,
    )


@pages.get("/account/password")
def password() -> ResponseReturnValue:
    """Ask for the present password and the next, of somebody who proved lately who they are."""
    sessions.require_account_proof(signed_in.required())
    return _page(ChangePasswordForm())


@pages.post("/account/password")
def change_password() -> ResponseReturnValue:
    """Change the password; all other sessions end, and this one gets a new bearer."""
    require_room()
    form, row = ChangePasswordForm(), signed_in.required()
    sessions.require_account_proof(row)
    if not form.validate():
        return _page(form), 400
    try:
        present, new = form.current.data or "", form.password.data or ""
        bearer = passwords.change(row, present, new, visitor())
    except ProofRequired:
        raise
    except PasswordRefused as refusal:
        form.refuse_password(refusal)
        return _page(form), 400
    except Refusal as refusal:
        form.current.errors = [problems.sentence(refusal)]
        return problems.answer(_page(form), refusal)
    signed_in.remember(row, bearer)
    flash(_("Your password is changed. Everywhere else you are signed out."), "success")
    return redirect(url_for("account.index"), 303)


def _page(form: ChangePasswordForm) -> str:
    account = signed_in.required().account
    minimum = new_passwords.minimum_for(account)
    return render_template("account/password.html", form=form, account=account, minimum=minimum)
