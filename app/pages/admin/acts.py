"""Each act on an account: a page that says what it will do, and one button."""

import uuid
from typing import Any

from flask import abort, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.errors import NotFound, ProofRequired, Refusal
from app.models import Account
from app.operations import account_acts, authority
from app.operations.rights import Action
from app.pages import next_url, problems
from app.pages.admin import account
from app.pages.admin.act_words import WORDS
from app.pages.admin.seat import acting, granted, pages
from app.pages.forms import TicketForm
from app.pages.visitor import visitor


def _register(action: Action) -> None:
    """Give an act its address, for looking (GET) and for doing (POST)."""
    rule, name = f"/accounts/<uuid:account_id>/{WORDS[action].slug}", action.value

    @granted(action)
    def look(account_id: uuid.UUID) -> ResponseReturnValue:
        authority.require_fresh(acting(), action)
        return _page(action, authority.check(acting(), action, account_id))

    @granted(action)
    def do(account_id: uuid.UUID) -> ResponseReturnValue:
        return _do(action, account_id)

    pages.add_url_rule(rule, f"{name}_page", look, methods=["GET"])
    pages.add_url_rule(rule, name, do, methods=["POST"])


def _do(action: Action, account_id: uuid.UUID) -> ResponseReturnValue:
    try:
        changed = account_acts.do(acting(), action, account_id, visitor(), _at())
    except (NotFound, ProofRequired):
        raise
    except Refusal as refusal:
        seen = authority.see(acting(), account_id)
        return problems.answer(_page(action, seen, refusal), refusal)
    if changed:
        flash(WORDS[action].done, "success")
    else:
        flash(_("There was nothing to do: it is so already."))
    return account.back_to(account_id, _following())


def _page(action: Action, about: Account, refusal: Refusal | None = None) -> str:
    return render_template(
        "admin/act.html",
        words=WORDS[action],
        account=about,
        at=request.values.get("at", ""),
        following=_following(),
        refusal=problems.sentence(refusal) if refusal else None,
        form=TicketForm(formdata=None),
    )


def _following() -> str | None:
    """Return the page of ours that the act was asked for from, if it was not the account's own."""
    return next_url.safe(request.values.get("next"))


def _at() -> uuid.UUID | None:
    """Return the organisation that a superuser's act is about, if it is about one."""
    typed: Any = request.form.get("at")
    try:
        return uuid.UUID(typed) if typed else None
    except ValueError:
        abort(400)


for each in WORDS:
    _register(each)
