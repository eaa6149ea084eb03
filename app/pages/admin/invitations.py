"""Inviting people to an organisation: one, or a list; the invitations that were sent."""

import uuid
from collections import Counter
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from app.errors import NotFound, ProofRequired, Refusal
from app.models import Organisation, Role
from app.operations import authority, invitation_list, invitations, invitees
from app.operations.invitation_list import State
from app.operations.invitations import Told, Verdict
from app.operations.invitees import Invitee
from app.operations.rights import Action
from app.pages import next_url, problems
from app.pages.admin import cursors, exports
from app.pages.admin import invitation_words as words
from app.pages.admin.invitation_forms import InviteForm, InviteListForm
from app.pages.admin.seat import acting, granted, pages
from app.pages.visitor import visitor

ROOM_FOR_A_LIST = 512 * 1024  # bytes: 500 long names and addresses, percent-encoded
INVITATIONS = "/organisations/<uuid:place_id>/invitations"
ONE = f"{INVITATIONS}/<uuid:invitation_id>"


@pages.get(INVITATIONS)
@granted(Action.SEE_INVITATIONS)
def invitations_of(place_id: uuid.UUID) -> ResponseReturnValue:
    """Show one page of them, of one state if it is named."""
    place, state = authority.organisation(acting(), place_id), _state(request.args.get("state"))
    good_for = ("invitations", place_id, state)
    after = cursors.read(request.args.get("after"), invitation_list.ORDER, *good_for)
    found = invitation_list.find(acting(), place_id, state, after)
    unbacked = invitation_list.unbacked(found.rows)
    return render_template(
        "admin/invitations.html",
        place=place,
        state=state,
        states=[(each.value, words.STATES[each]) for each in State],
        rows=[words.Line.of(each, backed=each.id not in unbacked) for each in found.rows],
        following=cursors.written(found.next, *good_for),
        delimiters=exports.delimiters(),
    )


@pages.post(f"{INVITATIONS}/export")
@granted(Action.EXPORT_INVITATIONS)
def export_invitations(place_id: uuid.UUID) -> ResponseReturnValue:
    """Send those of one state, or all, as a file, once it is recorded that they are taken."""
    state = _state(request.form.get("state"))
    found = invitation_list.begin_export(acting(), place_id, state, visitor())
    return exports.download("invitations", words.header(), words.fields(found))


@pages.get(f"{INVITATIONS}/new")
@granted(Action.INVITE)
def new_invitation(place_id: uuid.UUID) -> ResponseReturnValue:
    """Ask who is to be invited, and as what; a link may say that already."""
    place, form = _fresh(place_id), _one_form()
    role = Role.of_slug(request.args.get("role", ""))
    if role in _grantable():
        form.role.data = role.slug
    return _form_page(place, form)


@pages.post(f"{INVITATIONS}/new")
@granted(Action.INVITE)
def invite(place_id: uuid.UUID) -> ResponseReturnValue:
    """Invite somebody; whoever cannot be is told beside the address."""
    place, form = authority.organisation(acting(), place_id), _one_form()
    if not form.validate():
        return _form_page(place, form), 400
    invitee = Invitee(form.email.data or "", form.name.data or "")
    try:
        verdict = invitations.invite(acting(), place_id, form.chosen(), invitee, visitor())
    except (NotFound, ProofRequired):
        raise
    except Refusal as refusal:
        form.refuse(refusal)
        return problems.answer(_form_page(place, form), refusal)
    if verdict is not Verdict.INVITED:
        form.email.errors = [str(words.VERDICTS[verdict])]
        return _form_page(place, form), 400
    flash(_("The invitation is on its way."), "success")
    return _back(place_id)


@pages.get(f"{INVITATIONS}/list")
@granted(Action.INVITE)
def new_invitation_list(place_id: uuid.UUID) -> ResponseReturnValue:
    """Ask for a list of people, and as what they are invited."""
    return _list_page(_fresh(place_id), _list_form())


@pages.post(f"{INVITATIONS}/list")
@granted(Action.INVITE)
def invite_list(place_id: uuid.UUID) -> ResponseReturnValue:
    """Invite everybody on the list; where somebody cannot be, tell of each line what became of it.

    What is left in the form is what may be tried again.
    """
    place, form = authority.organisation(acting(), place_id), _list_form()
    if not form.validate():
        return _list_page(place, form), 400
    people = form.people.data or ""
    try:
        told = invitations.invite_many(acting(), place_id, form.chosen(), people, visitor())
    except (NotFound, ProofRequired):
        raise
    except Refusal as refusal:
        form.refuse(refusal)
        return problems.answer(_list_page(place, form), refusal)
    if any(each.verdict is not Verdict.INVITED for each in told):
        left = [each.invitee for each in told if each.verdict in words.WORTH_ANOTHER_TRY]
        form.people.data = "\n".join(map(invitees.written, left))
        return _list_page(place, form, told), 400
    flash(_sent(len(told)), "success")
    return _back(place_id)


@pages.post(f"{ONE}/again")
@granted(Action.INVITE)
def send_invitation_again(place_id: uuid.UUID, invitation_id: uuid.UUID) -> Response:
    """Mail it once more, with a new link."""
    try:
        invitations.send_again(acting(), place_id, invitation_id, visitor())
    except (NotFound, ProofRequired):
        raise
    except Refusal as refusal:
        flash(problems.sentence(refusal), "warning")
    else:
        flash(_("The invitation is on its way again. The earlier link no longer works."), "success")
    following = next_url.safe(request.form.get("next"))
    return redirect(following, 303) if following else _back(place_id)


@pages.get(f"{ONE}/withdraw")
@granted(Action.WITHDRAW_INVITATION)
def ask_to_withdraw_invitation(place_id: uuid.UUID, invitation_id: uuid.UUID) -> str:
    """Ask whether it is meant."""
    authority.require_fresh(acting(), Action.WITHDRAW_INVITATION)
    found = invitation_list.one(acting(), place_id, invitation_id)
    return render_template(
        "admin/invitation_withdraw.html", place=found.organisation, invitation=found
    )


@pages.post(f"{ONE}/withdraw")
@granted(Action.WITHDRAW_INVITATION)
def withdraw_invitation(place_id: uuid.UUID, invitation_id: uuid.UUID) -> Response:
    """Let its link open nothing from now on."""
    try:
        invitations.withdraw(acting(), place_id, invitation_id, visitor())
    except (NotFound, ProofRequired):
        raise
    except Refusal as refusal:
        flash(problems.sentence(refusal), "warning")
    else:
        flash(_("The invitation is withdrawn: its link opens nothing any more."), "success")
    return _back(place_id)


@pages.url_value_preprocessor
def _make_room(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let a list be longer than other forms are: first of all, before anything is read."""
    if (endpoint or "").endswith(".invite_list"):
        request.max_content_length = request.max_form_memory_size = ROOM_FOR_A_LIST


def _state(typed: str | None) -> State | None:
    try:
        return State(typed) if typed else None
    except ValueError:
        abort(400)


def _fresh(place_id: uuid.UUID) -> Organisation:
    """Return the place, once it is sure who is about to type much: a proof comes first."""
    authority.require_fresh(acting(), Action.INVITE)
    return authority.organisation(acting(), place_id)


def _one_form() -> InviteForm:
    form = InviteForm()
    form.offer(_grantable())
    return form


def _list_form() -> InviteListForm:
    form = InviteListForm()
    form.offer(_grantable())
    return form


def _grantable() -> list[Role]:
    """Return the roles that this seat may give at an organisation, the most frequent first."""
    here = [role for role in Role if role is not Role.SUPERUSER]
    return [role for role in reversed(here) if authority.may_grant(acting(), role)]


def _sent(count: int) -> str:
    return ngettext(
        "%(num)s invitation is on its way.", "%(num)s invitations are on their way.", count
    )


def _form_page(place: Organisation, form: InviteForm) -> str:
    return render_template("admin/invitation_new.html", place=place, form=form)


def _list_page(place: Organisation, form: InviteListForm, told: list[Told] | None = None) -> str:
    sent = Counter(each.verdict for each in told or [])[Verdict.INVITED]
    return render_template(
        "admin/invitation_list.html",
        place=place,
        form=form,
        most=invitations.MOST_LINES,
        told=told or [],
        words=words,
        sent=_sent(sent) if sent else "",
    )


def _back(place_id: uuid.UUID) -> Response:
    return redirect(url_for(".invitations_of", place_id=place_id), 303)
