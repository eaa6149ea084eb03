"""One act on the accounts chosen in a list: a look at whom it reaches, then one button."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app.operations import authority, bulk
from app.operations.bulk import Outcome
from app.operations.rights import Action
from app.pages import problems
from app.pages.admin import act_words, words
from app.pages.admin.act_words import WORDS
from app.pages.admin.seat import acting, granted, pages
from app.pages.forms import TicketForm
from app.pages.visitor import visitor

ACTIONS = {WORDS[each].slug: each for each in act_words.BULK}


@pages.get("/accounts/selected")
@granted(Action.SEE_ACCOUNTS)
def selected() -> ResponseReturnValue:
    """Show who of the chosen would be acted upon, who not and why. Changes nothing."""
    action, chosen = _asked(request.args)
    if action is None or not chosen:
        flash(_("Choose at least one account, and what to do with it."), "warning")
        return redirect(url_for(".accounts"), 303)
    authority.require_fresh(acting(), action)
    verdicts = bulk.preview(acting(), action, chosen)
    return render_template(
        "admin/selected.html",
        words=WORDS[action],
        going=[each for each in verdicts if each.goes],
        staying=[(each, _why(each)) for each in verdicts if not each.goes],
        missing=len(set(chosen)) - len(verdicts),
        role_at=words.role_at,
        form=TicketForm(formdata=None),
    )


@pages.post("/accounts/selected")
@granted(Action.SEE_ACCOUNTS)
def act_on_selected() -> Response:
    """Do it, account by account, and tell how it went."""
    action, chosen = _asked(request.form)
    if action is None or not chosen:
        abort(400)
    _tell(WORDS[action], bulk.do(acting(), action, chosen, visitor()))
    return redirect(url_for(".accounts"), 303)


def _asked(values: MultiDict[str, str]) -> tuple[Action | None, list[str]]:
    """Return the act and the accounts' short ids; 400 for an act that there is none of."""
    slug = values.get("act")
    if slug and slug not in ACTIONS:
        abort(400)
    chosen = values.getlist("who")
    if len(chosen) > bulk.MOST:
        abort(400)
    return ACTIONS.get(slug or ""), chosen


def _why(verdict: bulk.Verdict) -> str:
    if verdict.refusal is not None:
        return problems.sentence(verdict.refusal)
    return _("There is nothing to do for this account.")


def _tell(said: act_words.Words, outcome: Outcome) -> None:
    done = ngettext(
        "“%(act)s”: done for %(num)s account.",
        "“%(act)s”: done for %(num)s accounts.",
        outcome.done,
        act=said.button,
    )
    flash(done, "success" if outcome.done else "warning")
    for sentence in dict.fromkeys(problems.sentence(each) for each in outcome.refusals):
        flash(_("At least one account was left as it was: %(why)s", why=sentence), "warning")
