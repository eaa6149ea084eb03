"""The account's authenticator app: setting one up, replacing it, taking it away."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.errors import FactorDemanded, ProofRequired, Refusal, SecretNotSet
from app.models import Account, Organisation
from app.operations import factor_changes, memberships, second_factor, totp_setup
from app.operations import sessions as account_sessions
from app.pages import problems, secrets_shown, signed_in
from app.pages.account import pages
from app.pages.answer_forms import AppCodeForm
from app.pages.forms import TicketForm
from app.pages.visitor import visitor


@pages.get("/account/second-factor/app")
def app() -> ResponseReturnValue:
    """Show what the app has to know, or the button that makes it."""
    return _page(AppCodeForm(formdata=None))


@pages.post("/account/second-factor/app/begin")
def begin_app() -> Response:
    """Make a new secret; an app that is there goes on working until the new one is proven."""
    totp_setup.begin(signed_in.required())
    return redirect(url_for("account.app"), 303)


@pages.post("/account/second-factor/app")
def confirm_app() -> ResponseReturnValue:
    """Check the app's first code."""
    form, row = AppCodeForm(), signed_in.required()
    factor_changes.require_proof(row)
    if not form.validate():
        return _page(form), 400
    try:
        bearer = totp_setup.confirm(row, form.code.data or "", visitor())
    except ProofRequired:
        raise
    except SecretNotSet:
        flash(_("That took too long. Start again."))
        return redirect(url_for("account.app"), 303)
    except Refusal as refusal:
        form.code.errors = [problems.sentence(refusal)]
        return problems.answer(_page(form), refusal)
    if bearer is not None:
        signed_in.remember(row, bearer)
    flash(_("The app is set up. Everywhere else you are signed out."), "success")
    return redirect(url_for("account.recovery_codes"), 303)


@pages.get("/account/second-factor/app/remove")
def ask_to_remove_app() -> ResponseReturnValue:
    """Ask whether it is meant."""
    row = signed_in.required()
    account_sessions.require_account_proof(row)
    if second_factor.device_of(row.account) is None:
        return redirect(url_for("account.second_factor"), 303)
    return render_template("account/app_remove.html", form=TicketForm(formdata=None))


@pages.post("/account/second-factor/app/remove")
def remove_app() -> ResponseReturnValue:
    """Take it away."""
    row = signed_in.required()
    try:
        bearer = totp_setup.remove(row, visitor())
    except FactorDemanded as refusal:
        flash(problems.sentence(refusal), "warning")
        return redirect(url_for("account.second_factor"), 303)
    if bearer is not None:
        signed_in.remember(row, bearer)
    flash(_("The authenticator app is removed. Everywhere else you are signed out."), "success")
    return redirect(url_for("account.second_factor"), 303)


def _page(form: AppCodeForm) -> str:
    row = signed_in.required()
    secret = totp_setup.waiting(row)
    replacing = second_factor.device_of(row.account) is not None
    if secret is None:
        return render_template("account/app.html", form=form, picture=None, replacing=replacing)
    shown = secrets_shown.by_app(totp_setup.uri(row.account, secret, _place(row.account)), secret)
    return render_template("account/app.html", form=form, replacing=replacing, **shown)


def _place(account: Account) -> Organisation | None:
    """Return the one organisation that somebody belongs to; with several, none is named."""
    places = {m.organisation_id: m.organisation for m in memberships.of(account.id)}
    return next(iter(places.values())) if len(places) == 1 else None
