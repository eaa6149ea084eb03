"""One account: all that this seat may know of it."""

import uuid

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.mail import devices
from app.operations import account_view, session_acts
from app.operations.account_view import View
from app.operations.rights import Action
from app.pages import event_words
from app.pages.admin import words
from app.pages.admin.act_words import LOOK_AS, WORDS, Words
from app.pages.admin.seat import acting, granted, pages
from app.pages.visitor import visitor


@pages.get("/accounts/<uuid:account_id>")
@granted(Action.SEE_ACCOUNTS)
def account(account_id: uuid.UUID) -> ResponseReturnValue:
    """Show one account."""
    view = account_view.of(acting(), account_id)
    until = max((lock.until for lock in view.locks), default=None)
    state = words.state_of(view.account, until)
    return render_template(
        "admin/account.html",
        view=view,
        state=words.STATES[state],
        tone=words.TONES[state],
        acts=sorted(_acts(view), key=lambda act: act[1].kind == "danger"),
        words=words,
        event_name=event_words.sentence,
        opened_by=devices.OPENED_BY,
        device=devices.label,
    )


@pages.post("/accounts/<uuid:account_id>/sessions/<uuid:session_id>/end")
@granted(Action.END_SEATS)
def end_session(account_id: uuid.UUID, session_id: uuid.UUID) -> Response:
    """End one session, or what it holds at this organisation."""
    session_acts.end_one(acting(), account_id, session_id, visitor())
    flash(_("That session is ended."), "success")
    return back_to(account_id)


def back_to(account_id: uuid.UUID, following: str | None = None) -> Response:
    """Lead back to the account, or on to `following`.

    Home where somebody acted on themselves, and may be out.
    """
    if account_id == acting().account_id:
        return redirect(url_for("home.index"), 303)
    return redirect(following or url_for(".account", account_id=account_id), 303)


def _acts(view: View) -> list[tuple[str, Words]]:
    """Return the view and the words of each act that is offered."""
    offered = [(f".{action.value}", WORDS[action]) for action in WORDS if action in view.offers]
    if Action.IMPERSONATE in view.offers:
        offered.append((".look_as_page", LOOK_AS))
    return offered
