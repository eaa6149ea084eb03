"""An invitation: who invites, to what, as what; then one button, or a name and a password.

Its link brings this page and nothing more: neither accepting nor anything else here signs in.
"""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.errors import AlreadyExists, NotActivated, PasswordRefused, Refusal, TicketRefused
from app.models import Invitation
from app.operations import joining
from app.operations.joining import Invited
from app.pages import mailed, passwords, problems, roles, signed_in
from app.pages.forms import Form, JoiningForm, TicketForm
from app.pages.hashing import require_room
from app.pages.visitor import visitor

pages = Blueprint("invitation", __name__)
TICKET = "invitation"


@pages.get("/invitation")
def invitation() -> ResponseReturnValue:
    """Show the invitation, and ask what it asks."""
    if mailed.took_from_link(TICKET):
        return _back()
    if mailed.held(TICKET) is None:
        return render_template("invitation/none.html", refused=False)
    try:
        return _page(_held())
    except TicketRefused:
        return _refused()


@pages.post("/invitation")
def accept() -> ResponseReturnValue:
    """Accept it, with a name and a password where the address has no account in use."""
    try:
        return _join() if "password" in request.form else _accept()
    except TicketRefused:
        return _refused()
    except (AlreadyExists, NotActivated):
        return _back()  # the account was made, or went, meanwhile: the page asks otherwise now


@pages.post("/invitation/password-strength")
def strength() -> ResponseReturnValue:
    """Judge a password while it is typed; nothing is kept."""
    require_room()
    try:
        invited = _held()
    except TicketRefused:
        return _refused()
    typed_name = request.form.get("name", "")[: passwords.LONGEST_JUDGED]
    words = [invited.invitation.email, typed_name, invited.invitation.organisation.name]
    return passwords.judged(request.form.get("password", ""), invited.minimum, words)


def _accept() -> ResponseReturnValue:
    form = TicketForm()
    if not form.validate():
        return _page(_held(), form), 400
    try:
        accepted = joining.accept_existing(mailed.held(TICKET) or "", visitor())
    except (TicketRefused, NotActivated):
        raise
    except Refusal as refusal:
        form.refuse(refusal)
        return problems.answer(_page(_held(), form), refusal)
    return _accepted(accepted)


def _join() -> ResponseReturnValue:
    require_room()
    form = JoiningForm()
    if not form.validate():
        return _page(_held(), form), 400
    ticket, name, password = mailed.held(TICKET) or "", form.name.data, form.password.data
    try:
        accepted = joining.accept_new(ticket, name or "", password or "", visitor())
    except (TicketRefused, AlreadyExists):
        raise
    except PasswordRefused as refusal:
        form.refuse_password(refusal)
        return _page(_held(), form), 400
    except Refusal as refusal:
        form.refuse(refusal)
        return problems.answer(_page(_held(), form), refusal)
    return _accepted(accepted)


def _accepted(accepted: Invitation) -> Response:
    """Lead to signing in: the link proves an address, and no more than that."""
    mailed.drop(TICKET)
    role, place = roles.name(accepted.role), accepted.organisation.name
    told = _(
        "The invitation is accepted: %(address)s is %(role)s at %(place)s now.",
        address=accepted.email,
        role=role,
        place=place,
    )
    flash(told, "success")
    return redirect(url_for("sign_in.password"), 303)


def _held() -> Invited:
    return joining.found(mailed.held(TICKET) or "")


def _page(invited: Invited, form: Form | None = None) -> str:
    row = signed_in.current()
    own = row is not None and row.account_id == (invited.account and invited.account.id)
    makes = invited.makes_account
    shown = form or _first_form(invited)
    if makes != isinstance(shown, JoiningForm):
        shown = _first_form(invited)  # what it asks has changed since the form was shown
    return render_template(
        "invitation/join.html" if makes else "invitation/accept.html",
        invited=invited,
        organisation=invited.invitation.organisation,
        form=shown,
        meaning=roles.meaning(invited.invitation.role),
        somebody_else=None if row is None or own else row.account.shown_name,
    )


def _first_form(invited: Invited) -> Form:
    if not invited.makes_account:
        return TicketForm(formdata=None)
    return JoiningForm(formdata=None, data={"name": invited.invitation.name})


def _back() -> Response:
    return redirect(url_for("invitation.invitation"), 303)


def _refused() -> ResponseReturnValue:
    mailed.drop(TICKET)
    return render_template("invitation/none.html", refused=True), 410
