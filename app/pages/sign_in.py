"""The sign-in pages: password, then organisation; the PIN is in pin.py."""

import uuid

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app.errors import Locked, Refusal, TicketRefused, UnknownAccount
from app.operations import sign_in
from app.operations.ways_in import Verified
from app.pages import cards, cookies, next_url, problems, signed_in, steps
from app.pages.forms import AnotherPasswordForm, ChoiceForm, SignInForm
from app.pages.hashing import require_room
from app.pages.visitor import visitor

pages = Blueprint("sign_in", __name__)

# All of these get one sentence and one status: the page tells nobody what accounts there are.
TOLD_ALIKE = {
    "unknown_account",
    "wrong_password",
    "not_activated",
    "account_suspended",
    "no_way_in",
    "membership_locked",
}


@pages.errorhandler(TicketRefused)
def start_again(_refusal: TicketRefused) -> Response:
    """Send someone back whose verification or handle is over."""
    return steps.start_again()


@pages.get("/sign-in")
def password() -> ResponseReturnValue:
    """Ask who it is."""
    next_url.remember()
    if signed_in.current() is not None:
        return redirect(next_url.take(), 303)
    return password_page(SignInForm())


@pages.post("/sign-in")
def check_password() -> ResponseReturnValue:
    """Go straight on, or let a person with several ways in choose one."""
    require_room()
    form = SignInForm()
    if not form.validate():
        return password_page(form), 400
    try:
        return _verify(form)
    except TicketRefused:
        raise
    except Refusal as refusal:
        return _refused(form, refusal)


@pages.get("/sign-in/organisation")
def organisation() -> ResponseReturnValue:
    """Show every way in with its verdict."""
    return _organisation_page()


@pages.post("/sign-in/organisation")
def choose() -> ResponseReturnValue:
    """Go on with the chosen way in, or with the password that it has of its own."""
    if "password" in request.form:
        return _try_another_password()
    form = ChoiceForm()
    if not form.validate():
        raise TicketRefused
    return _remember_choice(steps.go_on(form.handle.data or ""), form.membership.data)


def _verify(form: SignInForm) -> Response:
    identity, typed = form.identity.data or "", form.password.data or ""
    kept = bool(form.keep.data)
    verified = sign_in.verify_password(identity, typed, visitor(), keep=kept)
    return lead_on(verified, keep=kept)


def lead_on(verified: Verified, *, keep: bool) -> Response:
    """Go on with the one way in, or let a person with several choose."""
    session["verification"], session["keep"] = verified.secret, keep
    if verified.refused or len(verified.offers) > 1:
        return redirect(url_for("sign_in.organisation"), 303)
    return steps.go_on(verified.offers[0].handle)


def _refused(form: SignInForm, refusal: Refusal) -> ResponseReturnValue:
    told = UnknownAccount() if refusal.reason in TOLD_ALIKE else refusal
    form.refuse(told)
    locked = told.until if isinstance(told, Locked) else None
    return problems.answer(password_page(form, locked=locked), told)


def password_page(form: SignInForm, locked: object = None) -> str:
    """Return the page that asks who it is, for a password or a passkey."""
    return render_template("sign_in/password.html", form=form, locked=locked)


def _try_another_password() -> ResponseReturnValue:
    require_room()
    form = AnotherPasswordForm()
    if not form.validate():
        return _organisation_page(form), 400
    try:
        offer = sign_in.verify_another_password(
            _secret(), membership_id(form), form.password.data or "", visitor()
        )
    except TicketRefused:
        raise
    except Refusal as refusal:
        form.password.errors = [problems.sentence(refusal)]
        return problems.answer(_organisation_page(form), refusal)
    return _remember_choice(steps.go_on(offer.handle), form.membership.data)


def membership_id(form: AnotherPasswordForm) -> uuid.UUID:
    """Return the membership that a password is meant for, or raise TicketRefused."""
    try:
        return uuid.UUID(form.membership.data)
    except ValueError:
        raise TicketRefused from None


def _organisation_page(wrong: AnotherPasswordForm | None = None) -> str:
    verified = sign_in.look_again(_secret(), visitor())
    last = cookies.read(cookies.CHOICE)
    ways = cards.last_choice_first(cards.of_verified(verified, wrong), last)
    account = verified.account
    return render_template(
        "sign_in/organisation.html",
        cards=ways,
        last=last,
        wrong=wrong,
        identity=account.email or account.username,
    )


def _secret() -> str:
    secret: str = session.get("verification", "")
    return secret


def _remember_choice(response: Response, chosen: str | None) -> Response:
    try:
        cookies.keep(response, cookies.CHOICE, str(uuid.UUID(chosen or "")))
    except ValueError:
        return response  # the account as a whole, which is no membership
    return response
