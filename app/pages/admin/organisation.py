"""One organisation: its name, its rules with who set them, its looks, and whether it is open."""

import uuid
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.errors import InvalidSetting
from app.models import Organisation
from app.operations import (
    authority,
    branding,
    effective_rules,
    organisation_acts,
    organisation_people,
    rule_changes,
)
from app.operations.rights import Action
from app.operations.rule_changes import Affected
from app.pages.admin import organisation_forms as forms
from app.pages.admin import rule_words
from app.pages.admin.seat import acting, can, granted, pages
from app.pages.forms import Form
from app.pages.visitor import visitor
from app.security.pictures import MOST_UPLOADED

ROOM_BESIDE = 1024 * 1024  # bytes beside the picture: what is a little too large gets a sentence


@pages.get("/organisations/<uuid:place_id>")
@granted(Action.SEE_ORGANISATION)
def one_organisation(place_id: uuid.UUID) -> ResponseReturnValue:
    """Show one organisation."""
    place = authority.organisation(acting(), place_id)
    return _page(place)


@pages.get("/organisations/<uuid:place_id>/rules")
@granted(Action.CHANGE_ORGANISATION)
def rules(place_id: uuid.UUID) -> ResponseReturnValue:
    """Ask for the rules."""
    place = authority.organisation(acting(), place_id)
    return _rules_page(place, forms.filled(place))


@pages.post("/organisations/<uuid:place_id>/rules")
@granted(Action.CHANGE_ORGANISATION)
def change_rules(place_id: uuid.UUID) -> ResponseReturnValue:
    """Change the rules; where that affects people, tell whom first and ask once more."""
    place, form = authority.organisation(acting(), place_id), forms.SettingsForm()
    if not form.validate():
        return _rules_page(place, form), 400
    changes = form.changes(place)
    told = rule_changes.affected(place, changes)
    if told and form.confirmed.data != "yes":
        form.confirmed.data = "yes"
        return _rules_page(place, form, told, list(changes)), 409
    if changes:
        organisation_acts.change_settings(acting(), place_id, changes, visitor())
        flash(_("The rules are changed. They hold from now on."), "success")
    return _back(place_id)


@pages.post("/organisations/<uuid:place_id>/name")
@granted(Action.CHANGE_ORGANISATION)
def rename_organisation(place_id: uuid.UUID) -> ResponseReturnValue:
    """Change the name."""
    place, form = authority.organisation(acting(), place_id), forms.NameForm()
    if not form.validate():
        return _page(place, name_form=form), 400
    organisation_acts.rename(acting(), place_id, form.name.data or "", visitor())
    flash(_("The name is changed."), "success")
    return _back(place_id)


@pages.post("/organisations/<uuid:place_id>/marks")
@granted(Action.MARK_ORGANISATION)
def mark_organisation(place_id: uuid.UUID) -> ResponseReturnValue:
    """Change what contract 003 serves of the organisation itself."""
    form = forms.MarksForm()
    if not form.validate():
        return _page(authority.organisation(acting(), place_id), marks_form=form), 400
    changes = {
        "accountName": form.accountName.data or "null",
        "isActive": "true" if form.isActive.data else "false",
        "isPaid": "true" if form.isPaid.data else "false",
    }
    organisation_acts.change_settings(acting(), place_id, changes, visitor())
    flash(_("That is changed."), "success")
    return _back(place_id)


@pages.post("/organisations/<uuid:place_id>/colour")
@granted(Action.CHANGE_ORGANISATION)
def change_colour(place_id: uuid.UUID) -> ResponseReturnValue:
    """Change the colour."""
    form = forms.ColourForm()
    try:
        branding.change_colour(acting(), place_id, form.colour.data or "", visitor())
    except InvalidSetting:
        form.colour.errors = [_("A colour is written as # and six digits or letters a to f.")]
        return _page(authority.organisation(acting(), place_id), colour_form=form), 400
    flash(_("The colour is changed."), "success")
    return _back(place_id)


@pages.post("/organisations/<uuid:place_id>/logo")
@granted(Action.CHANGE_ORGANISATION)
def change_logo(place_id: uuid.UUID) -> ResponseReturnValue:
    """Take an uploaded logo."""
    form = forms.LogoForm()
    try:
        branding.change_logo(acting(), place_id, _uploaded(), visitor())
    except InvalidSetting:
        form.logo.errors = [_("Choose a PNG or JPEG picture of at most 2 MB.")]
        return _page(authority.organisation(acting(), place_id), logo_form=form), 400
    flash(_("The logo is changed."), "success")
    return _back(place_id)


@pages.post("/organisations/<uuid:place_id>/logo/remove")
@granted(Action.CHANGE_ORGANISATION)
def remove_logo(place_id: uuid.UUID) -> Response:
    """Take the logo away."""
    branding.remove_logo(acting(), place_id, visitor())
    flash(_("The logo is removed."), "success")
    return _back(place_id)


@pages.get("/organisations/<uuid:place_id>/suspend")
@granted(Action.SUSPEND_ORGANISATION)
def ask_to_suspend_organisation(place_id: uuid.UUID) -> ResponseReturnValue:
    """Ask whether it is meant."""
    place = authority.organisation(acting(), place_id)
    members = organisation_acts.members_by_role(place_id)
    return render_template(
        "admin/organisation_suspend.html", place=place, members=sum(members.values())
    )


@pages.post("/organisations/<uuid:place_id>/suspend")
@granted(Action.SUSPEND_ORGANISATION)
def suspend_organisation(place_id: uuid.UUID) -> Response:
    """Let nobody in from now on."""
    organisation_acts.suspend(acting(), place_id, visitor())
    flash(_("The organisation is suspended, and nobody is signed in there."), "success")
    return _back(place_id)


@pages.post("/organisations/<uuid:place_id>/reactivate")
@granted(Action.SUSPEND_ORGANISATION)
def reactivate_organisation(place_id: uuid.UUID) -> Response:
    """Let members in again."""
    organisation_acts.reactivate(acting(), place_id, visitor())
    flash(_("The organisation is open again."), "success")
    return _back(place_id)


@pages.url_value_preprocessor
def _make_room(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let a picture be larger than other forms are: first of all, before anything is read."""
    if (endpoint or "").endswith(".change_logo"):
        request.max_content_length = MOST_UPLOADED + ROOM_BESIDE
        request.max_form_memory_size = ROOM_BESIDE  # Werkzeug reads in pieces, and counts those


def _uploaded() -> bytes:
    sent = request.files.get("logo")
    if sent is None:
        return b""
    with sent.stream as stream:
        return bytes(stream.read(MOST_UPLOADED + 1))


def _back(place_id: uuid.UUID) -> Response:
    return redirect(url_for(".one_organisation", place_id=place_id), 303)


def _page(place: Organisation, **wrong: Form) -> str:
    marks = {
        "accountName": place.account_name,
        "isActive": place.activated_at is not None,
        "isPaid": place.paid_at is not None,
    }
    usual = {
        "name_form": forms.NameForm(formdata=None, data={"name": place.name}),
        "colour_form": forms.ColourForm(formdata=None, data={"colour": place.colour or "#0b5560"}),
        "logo_form": forms.LogoForm(formdata=None),
        "marks_form": forms.MarksForm(formdata=None, data=marks),
    }
    return render_template(
        "admin/organisation.html",
        place=place,
        members=organisation_acts.members_by_role(place.id),
        own_passwords=organisation_people.own_passwords(acting(), place.id),
        chiefs=organisation_people.account_admins(acting(), place.id),
        most_chiefs=organisation_people.MOST,
        rules=rule_words.lines(effective_rules.of_organisation(place)),
        logo=branding.logo_version(place.id),
        may_change=can(Action.CHANGE_ORGANISATION),
        **{**usual, **wrong},
    )


def _rules_page(
    place: Organisation,
    form: forms.SettingsForm,
    told: Affected | None = None,
    changed: list[str] | None = None,
) -> str:
    return render_template(
        "admin/organisation_rules.html",
        place=place,
        form=form,
        told=told,
        changed=[rule_words.name(key) for key in changed or []],
    )
