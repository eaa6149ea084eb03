"""Proving again who one is, before anything dangerous."""

from flask import Blueprint, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app.errors import Locked, Refusal
from app.operations import factors, passkey_step, seats
from app.pages import next_url, passkey_options, problems, signed_in, steps
from app.pages.answer_forms import PasskeyForm
from app.pages.forms import ConfirmForm
from app.pages.hashing import require_room
from app.pages.visitor import visitor

pages = Blueprint("confirm", __name__)
pages.before_request(signed_in.turn_strangers_away)


@pages.get("/confirm")
def confirm() -> ResponseReturnValue:
    """Ask for the account's password."""
    next_url.remember()
    return _page(ConfirmForm())


@pages.post("/confirm")
def check() -> ResponseReturnValue:
    """Go on to the second step, or back to where one was."""
    require_room()
    form, row = ConfirmForm(), signed_in.required()
    if not form.validate():
        return _page(form), 400
    try:
        by_mail = bool(session.get("confirm_by_mail"))
        offer = seats.verify_again(row, form.password.data or "", visitor(), by_mail=by_mail)
        return steps.go_on(offer.handle)
    except Refusal as refusal:
        form.password.errors = [problems.sentence(refusal)]
        locked = refusal.until if isinstance(refusal, Locked) else None
        return problems.answer(_page(form, locked), refusal)


@pages.get("/confirm/passkey")
def passkey() -> Response:
    """Lead a reload of a refused form back to where the form stands."""
    return redirect(url_for("confirm.confirm"), 303)


@pages.post("/confirm/passkey")
def check_passkey() -> ResponseReturnValue:
    """Take a passkey for password and second step, and go back to where one was."""
    form, shown, row = PasskeyForm(), ConfirmForm(formdata=None), signed_in.required()
    if not form.validate():
        shown.form_errors.extend(form.errors["code"])
        return _page(shown), 400
    try:
        offer = passkey_step.verify_passkey_again(row, form.code.data or "", visitor())
        return steps.go_on(offer.handle)
    except Refusal as refusal:
        shown.form_errors.append(passkey_options.sentence(refusal))
        return problems.answer(_page(shown), refusal)


@pages.post("/confirm/passkey/options")
def ask_for_passkey() -> ResponseReturnValue:
    """Tell the browser which passkeys may answer."""
    row = signed_in.required()
    return passkey_options.handed_out(lambda: passkey_step.options_to_confirm(row))


def _page(form: ConfirmForm, locked: object = None) -> str:
    account = signed_in.required().account
    return render_template(
        "account/confirm.html",
        form=form,
        account=account,
        locked=locked,
        by_mail=bool(session.get("confirm_by_mail")),
        passkey=factors.of(account).passkey,
    )
