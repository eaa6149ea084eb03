"""Changing the account's address, and confirming the new one by the mail that went there."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.errors import AlreadyExists, InvalidAddress, TicketRefused
from app.operations import addresses, sessions
from app.pages import account, mailed, problems, signed_in
from app.pages.forms import CodeForm, NewAddressForm, TicketForm
from app.pages.visitor import visitor

pages = Blueprint("address", __name__)  # the link works in any browser, signed in or not
TICKET = "address"


@account.pages.get("/account/address", endpoint="address")
def show() -> ResponseReturnValue:
    """Ask for the new address, of somebody who proved lately who they are."""
    sessions.require_account_proof(signed_in.required())
    return _page(NewAddressForm())


@account.pages.post("/account/address")
def ask_for_address() -> ResponseReturnValue:
    """Mail the new address; the answer is the same whether or not it is taken."""
    form, row = NewAddressForm(), signed_in.required()
    sessions.require_account_proof(row)
    if not form.validate():
        return _page(form), 400
    try:
        addresses.ask(row, form.email.data or "", visitor())
    except InvalidAddress as refusal:
        form.email.errors = [problems.sentence(refusal)]
        return _page(form), 400
    except AlreadyExists as refusal:
        form.email.errors = [_("That is your address already.")]
        return problems.answer(_page(form), refusal)
    return redirect(url_for("account.address_mail"), 303)


@account.pages.get("/account/address/check-mail", endpoint="address_mail")
def check_mail() -> ResponseReturnValue:
    """Say where the mail went, and take its code."""
    row = signed_in.required()
    sessions.require_account(row)
    asked = addresses.asked_of(row.account)
    if asked is None:
        flash(_("No address waits to be confirmed. Too many mails may have been asked for."))
        return redirect(url_for("account.index"), 303)
    form = CodeForm(formdata=None, data={"identity": row.account.email or row.account.username})
    return render_template("account/address_mail.html", form=form, asked=asked)


@account.pages.post("/account/address/withdraw")
def withdraw_address() -> Response:
    """Leave the address as it is."""
    addresses.withdraw(signed_in.required(), visitor())
    flash(_("Your address stays as it is."), "success")
    return redirect(url_for("account.index"), 303)


@pages.get("/account/address/confirm")
def confirm() -> ResponseReturnValue:
    """Show the button that changes the address, or ask for the code."""
    if mailed.took_from_link(TICKET):
        return redirect(url_for("address.confirm"), 303)
    return _confirmation_page()


@pages.post("/account/address/confirm")
def change() -> ResponseReturnValue:
    """Change the address by the link's ticket, or by the code."""
    if "code" in request.form:
        return _change_by_code()
    try:
        return _change(mailed.held(TICKET) or "")
    except TicketRefused:
        return _refused()


def _change_by_code() -> ResponseReturnValue:
    form = CodeForm()
    if not form.validate():
        return _code_page(form), 400
    try:
        return _change(addresses.ticket_for_code(form.identity.data or "", form.code.data or ""))
    except TicketRefused:
        form.code.errors = [_("That code is not right, or too old.")]
        return _code_page(form), 400


def _change(ticket: str) -> Response:
    """Change the address of the ticket's account; only its own session hears of it as its own."""
    row = signed_in.current()
    bearer = addresses.confirm(ticket, visitor(), row)
    mailed.drop(TICKET)
    if row is None or bearer is None:
        flash(_("The address is changed. Sign in with it from now on."), "success")
        return redirect(url_for("sign_in.password") if row is None else url_for("home.index"), 303)
    signed_in.remember(row, bearer)
    flash(_("Your address is changed. Everywhere else you are signed out."), "success")
    return redirect(url_for("account.index"), 303)


def _page(form: NewAddressForm) -> str:
    mine = signed_in.required().account
    asked = addresses.asked_of(mine)
    return render_template("account/address.html", form=form, account=mine, asked=asked)


def _confirmation_page() -> ResponseReturnValue:
    held = mailed.held(TICKET)
    if held is None:
        return _code_page(_code_form())
    try:
        asked = addresses.change_of(held)
    except TicketRefused:
        return _refused()
    return render_template(
        "address/confirm.html",
        asked=asked,
        whose=addresses.shown(asked.account),
        form=TicketForm(formdata=None),
    )


def _refused() -> ResponseReturnValue:
    mailed.drop(TICKET)
    return _code_page(_code_form(), refused=True), 410


def _code_form() -> CodeForm:
    row = signed_in.current()
    known = row and (row.account.email or row.account.username)
    return CodeForm(formdata=None, data={"identity": known or ""})


def _code_page(form: CodeForm, *, refused: bool = False) -> str:
    return render_template("address/code.html", form=form, refused=refused)
