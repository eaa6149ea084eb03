"""Giving somebody a role, changing it, and taking it away."""

import uuid
from typing import Any

from flask import flash, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.errors import AlreadyExists, NotFound, ProofRequired, Refusal
from app.models import Account, Role
from app.operations import authority, membership_acts, organisation_choice
from app.operations.rights import Action
from app.pages import problems, roles
from app.pages.admin import account, words
from app.pages.admin.forms import ChangeRoleForm, RoleForm
from app.pages.admin.seat import acting, granted, pages
from app.pages.forms import Form, TicketForm
from app.pages.visitor import visitor

ROLE_OF_ONE = "/accounts/<uuid:account_id>/roles/<uuid:membership_id>"


@pages.get("/accounts/<uuid:account_id>/roles/new")
@granted(Action.ADD_MEMBERSHIP)
def add_role_page(account_id: uuid.UUID) -> ResponseReturnValue:
    """Ask for the role, and of a superuser also where."""
    return _new_page(_reached(Action.ADD_MEMBERSHIP, account_id), _role_form())


@pages.post("/accounts/<uuid:account_id>/roles/new")
@granted(Action.ADD_MEMBERSHIP)
def add_role(account_id: uuid.UUID) -> ResponseReturnValue:
    """Give the role."""
    who, form = authority.see(acting(), account_id), _role_form()
    if not form.validate():
        return _new_page(who, form), 400
    try:
        role, at = form.chosen(), form.place()
        membership_acts.add(acting(), account_id, role, visitor(), at)
    except ProofRequired:
        raise
    except AlreadyExists as refusal:
        form.role.errors = [_("The person has this role there already.")]
        return problems.answer(_new_page(who, form), refusal)
    except Refusal as refusal:
        form.refuse(refusal)
        return problems.answer(_new_page(who, form), refusal)
    flash(_("The role is given."), "success")
    return account.back_to(account_id)


@pages.get(f"{ROLE_OF_ONE}/change")
@granted(Action.CHANGE_ROLE)
def change_role_page(account_id: uuid.UUID, membership_id: uuid.UUID) -> ResponseReturnValue:
    """Ask for the other role."""
    who = _reached(Action.CHANGE_ROLE, account_id)
    return _change_page(who, membership_id, _change_form())


@pages.post(f"{ROLE_OF_ONE}/change")
@granted(Action.CHANGE_ROLE)
def change_role(account_id: uuid.UUID, membership_id: uuid.UUID) -> ResponseReturnValue:
    """Put one role in the place of another."""
    who, form = authority.see(acting(), account_id), _change_form()
    if not form.validate():
        return _change_page(who, membership_id, form), 400
    try:
        role = form.chosen()
        membership_acts.change_role(acting(), account_id, membership_id, role, visitor())
    except (NotFound, ProofRequired):
        raise
    except Refusal as refusal:
        form.refuse(refusal)
        return problems.answer(_change_page(who, membership_id, form), refusal)
    flash(_("The role is changed."), "success")
    return account.back_to(account_id)


@pages.get(f"{ROLE_OF_ONE}/remove")
@granted(Action.REMOVE_MEMBERSHIP)
def remove_role_page(account_id: uuid.UUID, membership_id: uuid.UUID) -> ResponseReturnValue:
    """Show what goes with the role."""
    who = _reached(Action.REMOVE_MEMBERSHIP, account_id)
    return _remove_page(who, membership_id, TicketForm(formdata=None))


@pages.post(f"{ROLE_OF_ONE}/remove")
@granted(Action.REMOVE_MEMBERSHIP)
def remove_role(account_id: uuid.UUID, membership_id: uuid.UUID) -> ResponseReturnValue:
    """Take the role away."""
    who, form = authority.see(acting(), account_id), TicketForm()
    try:
        membership_acts.remove(acting(), account_id, membership_id, visitor())
    except (NotFound, ProofRequired):
        raise
    except Refusal as refusal:
        form.refuse(refusal)
        return problems.answer(_remove_page(who, membership_id, form), refusal)
    flash(_("The role is taken away."), "success")
    return account.back_to(account_id)


def _reached(action: Action, account_id: uuid.UUID) -> Account:
    authority.require_fresh(acting(), action)
    return authority.check(acting(), action, account_id)


def _role_form() -> RoleForm:
    form = RoleForm()
    form.offer(_grantable(), organisation_choice.by_name(), asks_place=acting().of_portal)
    return form


def _change_form() -> ChangeRoleForm:
    form = ChangeRoleForm()
    form.offer([role for role in _grantable() if role is not Role.SUPERUSER])
    return form


def _grantable() -> list[Role]:
    return [role for role in Role if authority.may_grant(acting(), role)]


def _new_page(who: Account, form: RoleForm) -> str:
    return render_template("admin/role_new.html", account=who, form=form, roles=roles)


def _change_page(who: Account, membership_id: uuid.UUID, form: ChangeRoleForm) -> str:
    return _page_of_one("admin/role_change.html", who, membership_id, form)


def _remove_page(who: Account, membership_id: uuid.UUID, form: TicketForm) -> str:
    return _page_of_one("admin/role_remove.html", who, membership_id, form)


def _page_of_one(template: str, who: Account, membership_id: uuid.UUID, form: Form) -> str:
    membership = membership_acts.seen(acting(), who.id, membership_id)
    shown: dict[str, Any] = {"membership": membership, "role_at": words.role_at(membership)}
    return render_template(template, account=who, form=form, **shown)
