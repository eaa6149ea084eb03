"""Opening a lock by mail."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.errors import TicketRefused
from app.operations import unlocking
from app.pages import mailed
from app.pages.forms import CodeForm, IdentityForm, TicketForm
from app.pages.visitor import visitor

pages = Blueprint("unlocking", __name__)
TICKET = "unlock"


@pages.get("/unlock")
def unlock() -> ResponseReturnValue:
    """Show the button that opens the lock, or ask for the code."""
    if mailed.took_from_link(TICKET):
        return redirect(url_for("unlocking.unlock"), 303)
    return _page()


@pages.post("/unlock")
def open_lock() -> ResponseReturnValue:
    """Open the lock by the link's ticket, or by the code."""
    if "code" in request.form:
        return _open_by_code()
    try:
        return _open(mailed.held(TICKET) or "")
    except TicketRefused:
        mailed.drop(TICKET)
        return _code_page(refused=True), 410


@pages.post("/unlock/send")
def send() -> ResponseReturnValue:
    """Mail a ticket where there is an account; say the same to everybody."""
    form = _send_form()
    if not form.validate():
        return _code_page(send_form=form), 400
    unlocking.send(form.identity.data or "", visitor())
    flash(_("If there is such an account, a mail to its address is on its way. It opens the lock."))
    return redirect(url_for("unlocking.unlock"), 303)


def _open_by_code() -> ResponseReturnValue:
    form = CodeForm()
    if not form.validate():
        return _code_page(form), 400
    try:
        return _open(unlocking.ticket_for_code(form.identity.data or "", form.code.data or ""))
    except TicketRefused:
        form.code.errors = [_("That code is not right, or too old.")]
        return _code_page(form), 400


def _open(ticket: str) -> Response:
    unlocking.unlock(ticket, visitor())
    mailed.drop(TICKET)
    flash(_("The lock is open. You can sign in now."), "success")
    return redirect(url_for("sign_in.password"), 303)


def _page() -> ResponseReturnValue:
    held = mailed.held(TICKET)
    if held is None:
        return _code_page()
    try:
        account = unlocking.lock_of(held)
    except TicketRefused:
        mailed.drop(TICKET)
        return _code_page(refused=True), 410
    form = TicketForm(formdata=None)
    return render_template("unlocking/unlock.html", account=account, form=form)


def _code_page(
    form: CodeForm | None = None,
    *,
    send_form: IdentityForm | None = None,
    refused: bool = False,
) -> str:
    return render_template(
        "unlocking/code.html",
        form=form or CodeForm(formdata=None),
        send_form=send_form or _send_form(),
        refused=refused,
    )


def _send_form() -> IdentityForm:
    form = IdentityForm()
    form.identity.id = "send-identity"  # two forms stand on the page
    return form
