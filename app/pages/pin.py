"""The PIN that was mailed."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.clock import now
from app.errors import ResendTooSoon
from app.operations import sign_in
from app.pages import problems, steps
from app.pages.answer_forms import PinForm
from app.pages.sign_in import pages
from app.pages.visitor import visitor


@pages.get("/sign-in/pin")
def pin() -> ResponseReturnValue:
    """Ask for the six digits, and say where they went."""
    return _page(PinForm())


@pages.post("/sign-in/pin")
def check_pin() -> ResponseReturnValue:
    """Check the digits, or send others."""
    if "again" in request.form:
        return _send_again()
    return steps.check(PinForm(), _page)


def _send_again() -> ResponseReturnValue:
    try:
        sign_in.resend(steps.handle(), visitor())
    except ResendTooSoon as refusal:
        form = PinForm(formdata=None)
        form.refuse(refusal)
        return problems.answer(_page(form), refusal)
    flash(_("A new PIN is on its way. The old one no longer works."), "success")
    return redirect(url_for("sign_in.pin"), 303)


def _page(form: PinForm) -> str:
    wanted = steps.waiting(sign_in.PinWanted)
    wait = max(0, round((wanted.resend_at - now()).total_seconds()))
    return render_template(
        "sign_in/pin.html",
        form=form,
        wanted=wanted,
        organisation=wanted.organisation,
        wait=wait,
        **steps.beside(),
    )
