"""Joining: register, read the mail, activate.

The browser keeps a secret from registering until the address is confirmed, so that the mail's link
and code need only a button there. Whoever follows them in another browser gives the password.
"""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app import config
from app.errors import (
    InvalidAddress,
    PasswordRefused,
    ProofRequired,
    Refusal,
    TicketRefused,
    WrongPassword,
)
from app.operations import new_passwords, registration
from app.operations.registration import Activation
from app.pages import mailed, passwords, problems
from app.pages.forms import CodeForm, ConfirmForm, RegistrationForm, TicketForm
from app.pages.hashing import require_room
from app.pages.visitor import visitor
from app.security.tokens import new_secret

pages = Blueprint("registration", __name__)
TICKET = "activation"
BROWSER = "registered_here"  # the session's key for the secret of this browser


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
    try:
        _register(form)
    except PasswordRefused as refusal:
        form.refuse_password(refusal)
        return _page(form), 400
    except InvalidAddress as refusal:
        form.email.errors = [problems.sentence(refusal)]
        return _page(form), 400
    except Refusal as refusal:
        form.refuse(refusal)
        return problems.answer(_page(form), refusal)
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
    """Show the button that confirms an address, or ask for the password or the code."""
    if mailed.took_from_link(TICKET):
        return redirect(url_for("registration.activate"), 303)
    return _activation_page()


@pages.post("/activate")
def confirm_address() -> ResponseReturnValue:
    """Confirm the address by the link's ticket or by the code, with the password if need be."""
    if "code" in request.form:
        return _activate_by_code()
    try:
        if "password" in request.form:
            return _activate_by_password()
        return _activate(mailed.held(TICKET) or "")
    except TicketRefused:
        return _refused()


def _register(form: RegistrationForm) -> None:
    email, name, typed = form.email.data or "", form.name.data or "", form.password.data or ""
    browser = new_secret()
    registration.register(email, name, typed, visitor(), browser=browser)
    session["registered"], session[BROWSER] = email, browser


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


def _activate_by_password() -> ResponseReturnValue:
    require_room()
    form, ticket = ConfirmForm(), mailed.held(TICKET) or ""
    if not form.validate():
        return _activation_page(form, 400)
    try:
        registration.activate_by_password(ticket, form.password.data or "", visitor())
    except WrongPassword as refusal:
        form.password.errors = [problems.sentence(refusal)]
        return _activation_page(form, problems.status(refusal))
    return _confirmed()


def _activate(ticket: str) -> Response:
    try:
        first = registration.activate_here(ticket, session.get(BROWSER), visitor())
    except ProofRequired:
        mailed.hold(TICKET, ticket)
        return redirect(url_for("registration.activate"), 303)
    return _confirmed(first)


def _confirmed(first: str | None = None) -> Response:
    """Lead on to signing in, or with a ticket for the `first` password to choosing it."""
    mailed.drop(TICKET)
    session.pop("registered", None)
    session.pop(BROWSER, None)
    if first is None:
        flash(_("Your address is confirmed. You can sign in now."), "success")
        return redirect(url_for("sign_in.password"), 303)
    mailed.hold(passwords.TICKET, first)
    flash(_("Your address is confirmed. Choose a password now."), "success")
    return redirect(url_for("passwords.reset"), 303)


def _page(form: RegistrationForm) -> str:
    if config.current().registration != "open":
        return render_template("registration/closed.html")
    minimum = new_passwords.minimum_for(None)
    return render_template("registration/register.html", form=form, minimum=minimum)


def _activation_page(form: ConfirmForm | None = None, status: int = 200) -> ResponseReturnValue:
    ticket = mailed.held(TICKET)
    if ticket is None:
        return _code_page(CodeForm(formdata=None)), status
    try:
        asked = registration.activation_of(ticket, session.get(BROWSER))
    except TicketRefused:
        return _refused()
    return _asking(asked, form), status


def _asking(asked: Activation, form: ConfirmForm | None) -> str:
    if asked.wants_password:
        form = form or ConfirmForm(formdata=None)
        return render_template("registration/password.html", account=asked.account, form=form)
    return render_template(
        "registration/activate.html", asked=asked, form=TicketForm(formdata=None)
    )


def _refused() -> ResponseReturnValue:
    mailed.drop(TICKET)
    return _code_page(CodeForm(formdata=None), refused=True), 410


def _code_page(form: CodeForm, *, refused: bool = False) -> str:
    return render_template("registration/code.html", form=form, refused=refused)
