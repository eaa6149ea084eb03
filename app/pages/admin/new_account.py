"""Adding an account: its owner activates it by mail, and chooses a password then."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.errors import AlreadyExists, ProofRequired, Refusal
from app.models import Role
from app.operations import account_creation, authority, organisation_choice
from app.operations.account_creation import Newcomer
from app.operations.rights import Action
from app.pages import problems
from app.pages.admin.forms import NOWHERE, NewAccountForm
from app.pages.admin.seat import acting, granted, pages
from app.pages.visitor import visitor


@pages.get("/accounts/new")
@granted(Action.CREATE_ACCOUNT)
def new_account() -> ResponseReturnValue:
    """Ask who it is."""
    authority.require_fresh(acting(), Action.CREATE_ACCOUNT)
    return _page(_form())


@pages.post("/accounts/new")
@granted(Action.CREATE_ACCOUNT)
def create_account() -> ResponseReturnValue:
    """Add the account, and mail its activation."""
    form = _form()
    if not form.validate():
        return _page(form), 400
    try:
        made = account_creation.create(acting(), _newcomer(form), visitor())
    except ProofRequired:
        raise
    except AlreadyExists as refusal:
        form.email.errors = [_taken()]
        return problems.answer(_page(form), refusal)
    except Refusal as refusal:
        form.refuse(refusal)
        return problems.answer(_page(form), refusal)
    flash(_("The account is there, and a mail to its owner on its way."), "success")
    return redirect(url_for(".account", account_id=made.id), 303)


def _form() -> NewAccountForm:
    form = NewAccountForm()
    granted_roles = [role for role in Role if authority.may_grant(acting(), role)]
    form.offer(granted_roles, organisation_choice.by_name(), asks_place=acting().of_portal)
    return form


def _newcomer(form: NewAccountForm) -> Newcomer:
    return Newcomer(
        email=form.email.data or "",
        name=form.name.data or "",
        username=form.username.data or None,
        role=None if form.role.data == NOWHERE else form.chosen(),
        organisation_id=form.place(),
    )


def _taken() -> str:
    return _("There is an account with this address or username already. Look for it under People.")


def _page(form: NewAccountForm) -> str:
    return render_template("admin/account_new.html", form=form)
