"""Proving again who one is, before anything dangerous."""

from flask import Blueprint, render_template, session
from flask.typing import ResponseReturnValue

from app.errors import Locked, Refusal
from app.operations import seats
from app.pages import next_url, problems, signed_in, steps
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


def _page(form: ConfirmForm, locked: object = None) -> str:
    account = signed_in.required().account
    return render_template(
        "account/confirm.html",
        form=form,
        account=account,
        locked=locked,
        by_mail=bool(session.get("confirm_by_mail")),
    )
