"""Signing in by a passkey alone: it stands for the password and for the second step."""

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.errors import Refusal
from app.operations import passkey_answers, sign_in
from app.pages import passkey_options, problems
from app.pages.answer_forms import PasskeySignInForm
from app.pages.forms import SignInForm
from app.pages.sign_in import TOLD_ALIKE, lead_on, pages, password_page
from app.pages.visitor import visitor


@pages.get("/sign-in/by-passkey")
def by_passkey() -> Response:
    """Lead a reload of a refused form back to where the form stands."""
    return redirect(url_for("sign_in.password"), 303)


@pages.post("/sign-in/by-passkey")
def check_sign_in_by_passkey() -> ResponseReturnValue:
    """Go straight on, or let a person with several ways in choose one."""
    form = PasskeySignInForm()
    if not form.validate():
        return _refused([said for found in form.errors.values() for said in found]), 400
    keep = bool(form.keep.data)
    try:
        verified = sign_in.verify_passkey(form.code.data or "", visitor(), keep=keep)
    except Refusal as refusal:
        return problems.answer(_refused([_sentence(refusal)]), refusal)
    return lead_on(verified, keep=keep)


@pages.post("/sign-in/by-passkey/options")
def ask_for_any_passkey() -> ResponseReturnValue:
    """Tell the browser that whatever passkey it has for us may answer."""
    return passkey_options.handed_out(lambda: passkey_answers.options_for_anybody(visitor()))


def _sentence(refusal: Refusal) -> str:
    """Say the same whether the passkey, the account or every way in is refused."""
    if refusal.reason in TOLD_ALIKE | {"wrong_code"}:
        return _("This passkey opens nothing here. Sign in with your password instead.")
    return passkey_options.sentence(refusal)


def _refused(sentences: list[str]) -> str:
    form = SignInForm(formdata=None)
    form.form_errors.extend(sentences)
    return password_page(form)
