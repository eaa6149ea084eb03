"""A forgotten password, and the live meter beside every new one."""

from flask import Blueprint, flash, jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import db
from app.errors import PasswordRefused, TicketRefused
from app.models import Account, Organisation, ResetTicket
from app.operations import new_passwords, passwords
from app.pages import mailed, problems, signed_in
from app.pages.forms import CodeForm, IdentityForm, NewPasswordForm
from app.pages.hashing import require_room
from app.pages.visitor import visitor
from app.security import password_rules

pages = Blueprint("passwords", __name__)
TICKET = "reset"
LONGEST_JUDGED = 128  # characters of a password or of a word that it may be made of


@pages.get("/forgotten")
def forgotten() -> ResponseReturnValue:
    """Ask whose password it is."""
    return render_template("passwords/forgotten.html", form=IdentityForm())


@pages.post("/forgotten")
def send_reset() -> ResponseReturnValue:
    """Mail a ticket where there is an account; say the same to everybody."""
    form = IdentityForm()
    if not form.validate():
        return render_template("passwords/forgotten.html", form=form), 400
    passwords.forgotten(form.identity.data or "", visitor())
    session["forgotten"] = form.identity.data
    return redirect(url_for("passwords.check_mail"), 303)


@pages.get("/forgotten/check-mail")
def check_mail() -> ResponseReturnValue:
    """Say that a mail is on its way, and take its code."""
    identity = session.get("forgotten")
    if identity is None:
        return redirect(url_for("passwords.forgotten"), 303)
    form = CodeForm(formdata=None, data={"identity": identity})
    return render_template("passwords/check_mail.html", form=form, identity=identity)


@pages.get("/reset")
def reset() -> ResponseReturnValue:
    """Ask for the new password, or for the mail's code."""
    if mailed.took_from_link(TICKET):
        return redirect(url_for("passwords.reset"), 303)
    return _page(NewPasswordForm())


@pages.post("/reset")
def set_password() -> ResponseReturnValue:
    """Set the new password; signing in is another matter."""
    if "code" in request.form:
        return _trade_code()
    require_room()
    form = NewPasswordForm()
    if not form.validate():
        return _page(form, 400)
    try:
        passwords.reset(mailed.held(TICKET) or "", form.password.data or "", visitor())
    except TicketRefused:
        mailed.drop(TICKET)
        return _code_page(CodeForm(formdata=None), refused=True), 410
    except PasswordRefused as refusal:
        form.refuse_password(refusal)
        return _page(form, 400)
    mailed.drop(TICKET)
    session.pop("forgotten", None)
    flash(_("Your password is changed. You can sign in with it now."), "success")
    return redirect(url_for("sign_in.password"), 303)


@pages.post("/password-strength")
def strength() -> ResponseReturnValue:
    """Judge a password while it is typed; nothing is kept."""
    require_room()
    account = _whose()
    words = [request.form.get(name, "")[:LONGEST_JUDGED] for name in ("email", "username", "name")]
    minimum = new_passwords.minimum_for(account)
    return judged(request.form.get("password", ""), minimum, words, account)


def judged(
    password: str, minimum: int, words: list[str], account: Account | None = None
) -> ResponseReturnValue:
    """Answer the meter: how good a password is, what it breaks, and what would help."""
    typed = password[:LONGEST_JUDGED]
    broken = password_rules.problems(typed, minimum, words)
    found = new_passwords.strength(typed, account, *words)
    said = [found.warning] if found.warning and not broken else []
    return jsonify(
        score=0 if broken else found.score,
        problems=[problems.password_sentence(each, minimum) for each in broken] + said,
        suggestions=found.suggestions,
    )


def _whose() -> Account | None:
    """Return whose new password is being typed, where that is known."""
    row, held = signed_in.current(), mailed.held(TICKET)
    if row is not None:
        return row.account
    try:
        return passwords.reset_of(held).account if held else None
    except TicketRefused:
        return None


def _trade_code() -> ResponseReturnValue:
    form = CodeForm()
    if not form.validate():
        return _code_page(form), 400
    try:
        ticket = passwords.ticket_for_code(form.identity.data or "", form.code.data or "")
    except TicketRefused:
        form.code.errors = [_("That code is not right, or too old.")]
        return _code_page(form), 400
    mailed.hold(TICKET, ticket)
    return redirect(url_for("passwords.reset"), 303)


def _page(form: NewPasswordForm, status: int = 200) -> ResponseReturnValue:
    held = mailed.held(TICKET)
    if held is None:
        return _code_page(CodeForm(formdata=None)), status
    try:
        return _password_page(form, passwords.reset_of(held)), status
    except TicketRefused:
        mailed.drop(TICKET)
        return _code_page(CodeForm(formdata=None), refused=True), 410


def _password_page(form: NewPasswordForm, ticket: ResetTicket) -> str:
    organisation = ticket.organisation_id and db.session().get(Organisation, ticket.organisation_id)
    return render_template(
        "passwords/reset.html",
        form=form,
        account=ticket.account,
        organisation=organisation,
        minimum=new_passwords.minimum_for(ticket.account),
    )


def _code_page(form: CodeForm, *, refused: bool = False) -> str:
    return render_template("passwords/code.html", form=form, refused=refused)
