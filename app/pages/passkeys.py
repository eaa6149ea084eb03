"""The account's passkeys: adding one, giving it another name, taking it away."""

import uuid

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.errors import AlreadyExists, FactorDemanded, ProofRequired, Refusal
from app.mail import devices
from app.operations import factor_changes, passkeys, recovery_codes
from app.operations import sessions as account_sessions
from app.pages import passkey_options, problems, signed_in
from app.pages.account import pages
from app.pages.answer_forms import NewPasskeyForm, PasskeyNameForm
from app.pages.visitor import visitor

ROOT = "/account/second-factor/passkeys"


@pages.get(ROOT, endpoint="passkeys")
def show() -> ResponseReturnValue:
    """Show every passkey of the account; not to somebody who holds a mere seat."""
    mine = passkeys.of(signed_in.required())
    return render_template("account/passkeys.html", passkeys=mine, most=passkeys.MOST)


@pages.get(f"{ROOT}/add")
def new_passkey() -> ResponseReturnValue:
    """Ask what to call it, of somebody who proved lately who they are."""
    label = devices.label(request.user_agent.string)
    return _adding_page(NewPasskeyForm(formdata=None, data={"name": label}))


@pages.post(f"{ROOT}/add")
def add_passkey() -> ResponseReturnValue:
    """Keep the passkey that the browser made."""
    form, row = NewPasskeyForm(), signed_in.required()
    factor_changes.require_proof(row)
    if not form.validate():
        return _adding_page(form), 400
    try:
        bearer = passkeys.add(row, form.name.data or "", form.code.data or "", visitor())
    except ProofRequired:
        raise
    except Refusal as refusal:
        form.form_errors.append(_why_not(refusal))
        return problems.answer(_adding_page(form), refusal)
    if bearer is not None:
        signed_in.remember(row, bearer)
    flash(_("The passkey is added. Everywhere else you are signed out."), "success")
    fresh = recovery_codes.sheet_of(row)
    return redirect(url_for("account.recovery_codes" if fresh else "account.passkeys"), 303)


@pages.post(f"{ROOT}/add/options")
def options_for_new_passkey() -> ResponseReturnValue:
    """Tell the browser what kind of passkey to make, and for whom."""
    row = signed_in.required()
    return passkey_options.handed_out(lambda: passkeys.options(row))


@pages.get(f"{ROOT}/<uuid:passkey_id>/name")
def passkey_name(passkey_id: uuid.UUID) -> ResponseReturnValue:
    """Ask what to call it from now on."""
    found = passkeys.find(signed_in.required(), passkey_id)
    form = PasskeyNameForm(formdata=None, data={"name": found.name})
    return render_template("account/passkey_name.html", form=form, passkey=found)


@pages.post(f"{ROOT}/<uuid:passkey_id>/name")
def rename_passkey(passkey_id: uuid.UUID) -> ResponseReturnValue:
    """Call it something else."""
    form, row = PasskeyNameForm(), signed_in.required()
    found = passkeys.find(row, passkey_id)
    if not form.validate():
        return render_template("account/passkey_name.html", form=form, passkey=found), 400
    passkeys.rename(row, passkey_id, form.name.data or "", visitor())
    flash(_("The passkey has its new name."), "success")
    return _back()


@pages.get(f"{ROOT}/<uuid:passkey_id>/remove")
def ask_to_remove_passkey(passkey_id: uuid.UUID) -> ResponseReturnValue:
    """Ask whether it is meant."""
    row = signed_in.required()
    account_sessions.require_account_proof(row)
    found = passkeys.find(row, passkey_id)
    return render_template("account/passkey_remove.html", passkey=found)


@pages.post(f"{ROOT}/<uuid:passkey_id>/remove")
def remove_passkey(passkey_id: uuid.UUID) -> Response:
    """Take it away."""
    row = signed_in.required()
    try:
        bearer = passkeys.remove(row, passkey_id, visitor())
    except FactorDemanded as refusal:
        flash(problems.sentence(refusal), "warning")
        return _back()
    if bearer is not None:
        signed_in.remember(row, bearer)
    flash(_("The passkey is removed. Everywhere else you are signed out."), "success")
    return _back()


def _adding_page(form: NewPasskeyForm) -> str:
    factor_changes.require_proof(signed_in.required())
    return render_template("account/passkey_add.html", form=form)


def _why_not(refusal: Refusal) -> str:
    if isinstance(refusal, AlreadyExists):
        return _("An account has this passkey already. Make another one.")
    return passkey_options.sentence(refusal)


def _back() -> Response:
    return redirect(url_for("account.passkeys"), 303)
