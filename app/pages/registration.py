"""Joining: register, read the mail, activate."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app import config
from app.errors import (
    InvalidAddress,
    PasswordRefused,
    Refusal,
    TicketRefused,
)
from app.operations import new_passwords, registration
from app.pages import mailed, problems
from app.pages.forms import CodeForm, RegistrationForm, TicketForm
from app.pages.hashing import require_room
from app.pages.visitor import visitor

pages = Blueprint("registration", __name__)
TICKET = "activation"


@pages.get("/register")
def register() -> ResponseReturnValue:
    """Ask for an address, a name and a password, or say how people join."""
    return _page(RegistrationForm())


@pages.post("/register")
def send_registration() -> ResponseReturnValue:
    """Register; the answer is the same whether or not the address is taken."""
    require_room()
    form = RegistrationForm()
    if not form.validate():
        return _page(form), 400
    email, name, typed = form.email.data or "", form.name.data or "", form.password.data or ""
    try:
        registration.register(email, name, typed, visitor())
    except PasswordRefused as refusal:
        form.refuse_password(refusal)
        return _page(form), 400
    except InvalidAddress as refusal:
        form.email.errors = [problems.sentence(refusal)]
        return _page(form), 400
    except Refusal as refusal:
        form.refuse(refusal)
        return problems.answer(_page(form), refusal)
    session["registered"] = email
    return redirect(url_for("registration.check_mail"), 303)


@pages.get("/register/check-mail")
def check_mail() -> ResponseReturnValue:
    """Say where the mail went, and take its code."""
    address = session.get("registered")
    if address is None:
        return redirect(url_for("registration.register"), 303)
    form = CodeForm(formdata=None, data={"identity": address})
    return render_template("registration/check_mail.html", form=form, address=address)


@pages.get("/activate")
def activate() -> ResponseReturnValue:
    """Show the button that confirms an address, or ask for the code."""
    if mailed.took_from_link(TICKET):
        return redirect(url_for("registration.activate"), 303)
    return _activation_page(CodeForm())


@pages.post("/activate")
def confirm_address() -> ResponseReturnValue:
    """Confirm the address by the link's ticket, or by the code."""
    if "code" in request.form:
        return _activate_by_code()
    try:
        return _activate(mailed.held(TICKET) or "")
    except TicketRefused:
        return _activation_page(CodeForm(formdata=None), refused=True)


def _activate_by_code() -> ResponseReturnValue:
    form = CodeForm()
    if not form.validate():
        return _code_page(form), 400
    try:
        ticket = registration.ticket_for_code(form.identity.data or "", form.code.data or "")
        return _activate(ticket)
    except TicketRefused:
        form.code.errors = [_("That code is not right, or too old.")]
        return _code_page(form), 400


def _activate(ticket: str) -> Response:
    registration.activate(ticket, visitor())
    mailed.drop(TICKET)
    session.pop("registered", None)
    flash(_("Your address is confirmed. You can sign in now."), "success")
    return redirect(url_for("sign_in.password"), 303)


def _page(form: RegistrationForm) -> str:
    if config.current().registration != "open":
        return render_template("registration/closed.html")
    minimum = new_passwords.minimum_for(None)
    return render_template("registration/register.html", form=form, minimum=minimum)


def _activation_page(form: CodeForm, *, refused: bool = False) -> ResponseReturnValue:
    ticket = mailed.held(TICKET)
    try:
        if ticket is not None:
            account = registration.activation_of(ticket)
            button = TicketForm(formdata=None)
            return render_template("registration/activate.html", account=account, form=button)
    except TicketRefused:
        mailed.drop(TICKET)
        refused = True
    return _code_page(form, refused=refused), 410 if refused else 200


def _code_page(form: CodeForm, *, refused: bool = False) -> str:
    return render_template("registration/code.html", form=form, refused=refused)
