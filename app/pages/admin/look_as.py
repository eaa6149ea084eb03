"""Looking at the portal as somebody else does: why, and what will happen, before it begins."""

import uuid

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.errors import NotFound, ProofRequired, Refusal
from app.models import Account
from app.operations import authority, impersonation
from app.operations.rights import Action
from app.pages import problems, signed_in
from app.pages.admin.forms import ReasonForm
from app.pages.admin.seat import acting, granted, pages
from app.pages.visitor import visitor

MINUTES = int(impersonation.LIFETIME.total_seconds()) // 60
REFUSED = {
    "out_of_reach": _l(
        "You cannot look as this person: their role is not below yours, or they belong to another "
        "organisation too."
    ),
    "already_exists": _l(
        "You look as somebody already, in another window or browser. Stop there first, or wait "
        "until its fifteen minutes are over."
    ),
    "resend_too_soon": _l(
        "This person was sent so many of these mails that another would not go out, and nobody "
        "is looked at who is not told. Try again later."
    ),
}


@pages.get("/accounts/<uuid:account_id>/look-as")
@granted(Action.IMPERSONATE)
def look_as_page(account_id: uuid.UUID) -> ResponseReturnValue:
    """Say what will happen, and ask for the reason."""
    authority.require_fresh(acting(), Action.IMPERSONATE)
    form = ReasonForm()
    try:
        return _page(impersonation.check(acting(), account_id), form)
    except NotFound:
        raise
    except Refusal as refusal:
        return _refused(account_id, form, refusal)


@pages.post("/accounts/<uuid:account_id>/look-as")
@granted(Action.IMPERSONATE)
def look_as(account_id: uuid.UUID) -> ResponseReturnValue:
    """Begin; from the next page on, this browser looks as the person."""
    who, form = authority.see(acting(), account_id), ReasonForm()
    if not form.validate():
        return _page(who, form), 400
    try:
        started = impersonation.start(acting(), account_id, form.reason.data or "", visitor())
    except (NotFound, ProofRequired):
        raise
    except Refusal as refusal:
        return _refused(account_id, form, refusal)
    signed_in.look_as(started)
    return redirect(url_for("home.index"), 303)


def _refused(account_id: uuid.UUID, form: ReasonForm, refusal: Refusal) -> ResponseReturnValue:
    said = REFUSED.get(refusal.reason) or problems.sentence(refusal)
    form.form_errors.append(str(said))
    return problems.answer(_page(authority.see(acting(), account_id), form), refusal)


def _page(account: Account, form: ReasonForm) -> str:
    return render_template("admin/look_as.html", account=account, form=form, minutes=MINUTES)
