"""Why can't they sign in? Somebody is named, and what keeps them out is told, with what mends it.

What is typed comes in a form, not in an address: from there on, the account's id names them.
"""

import uuid

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.models import Invitation
from app.operations import invitation_list, network_acts, sign_in_examination
from app.operations.rights import Action
from app.pages.admin import invitation_words, verdict_lines, verdict_words, words
from app.pages.admin.forms import WhoForm
from app.pages.admin.seat import acting, can, granted, pages

HERE = "/cannot-sign-in"


@pages.get(HERE)
@granted(Action.SEE_WAYS_IN)
def cannot_sign_in() -> ResponseReturnValue:
    """Ask who it is."""
    return _page(WhoForm(formdata=None))


@pages.post(HERE)
@granted(Action.SEE_WAYS_IN)
def examine() -> ResponseReturnValue:
    """Lead to who was named; of somebody who is not here, tell no more than that."""
    form = WhoForm()
    if not form.validate():
        return _page(form), 400
    identity = form.identity.data or ""
    found = sign_in_examination.find(acting(), identity)
    if found is not None:
        return redirect(url_for(".verdict", account_id=found), 303)
    invited = sign_in_examination.invitations_to(acting(), identity)
    return _page(form, nobody=True, invited=invited), 404


@pages.get(f"{HERE}/<uuid:account_id>")
@granted(Action.SEE_WAYS_IN)
def verdict(account_id: uuid.UUID) -> ResponseReturnValue:
    """Show each way in with its verdict, and what is known besides."""
    seen = sign_in_examination.of(acting(), account_id)
    return render_template(
        "admin/verdict.html",
        seen=seen,
        invited=_lines(seen.invitations),
        shown=verdict_lines.of(seen, acting()),
        words=words,
        said=verdict_words,
    )


def _page(form: WhoForm, *, nobody: bool = False, invited: list[Invitation] | None = None) -> str:
    return render_template(
        "admin/cannot_sign_in.html",
        form=form,
        nobody=nobody,
        invited=_lines(invited or []),
        networks=network_acts.locked(acting()) if can(Action.UNLOCK_NETWORK) else [],
        words=words,
        said=verdict_words,
    )


def _lines(invitations: list[Invitation]) -> list[invitation_words.Line]:
    unbacked = invitation_list.unbacked(invitations)
    return [invitation_words.Line.of(each, backed=each.id not in unbacked) for each in invitations]
