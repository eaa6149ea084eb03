"""The organisations of the portal: listed, searched, added, exported."""

from collections.abc import Iterable, Iterator

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from app.operations import organisation_acts, organisation_list
from app.operations.organisation_list import Line
from app.operations.rights import Action
from app.pages.admin import cursors, exports
from app.pages.admin import organisation_forms as forms
from app.pages.admin.seat import acting, granted, pages
from app.pages.visitor import visitor

LONGEST_SEARCH = 200


@pages.get("/organisations")
@granted(Action.SEE_ORGANISATION)
def organisations() -> ResponseReturnValue:
    """Show one page of them, by name; from an organisation's own seat, lead to that one."""
    own = acting().organisation_id
    if own is not None:
        return redirect(url_for(".one_organisation", place_id=own), 303)
    return _page(forms.NameForm(formdata=None))


@pages.post("/organisations")
@granted(Action.CREATE_ORGANISATION)
def create_organisation() -> ResponseReturnValue:
    """Add one, with the usual rules."""
    form = forms.NameForm()
    if not form.validate():
        return _page(form), 400
    place = organisation_acts.create(acting(), form.name.data or "", visitor())
    flash(_("The organisation is added. Set its rules, then invite its people."), "success")
    return redirect(url_for(".one_organisation", place_id=place.id), 303)


@pages.post("/organisations/export")
@granted(Action.EXPORT_ORGANISATIONS)
def export_organisations() -> ResponseReturnValue:
    """Send what the search finds as a file, once it is recorded that it is taken."""
    lines = organisation_list.begin_export(acting(), _typed(request.form), visitor())
    return exports.download("organisations", _header(), _fields(lines))


def _page(form: forms.NameForm) -> str:
    typed = _typed(request.args)
    order = organisation_list.ORDER
    after = cursors.read(request.args.get("after"), order, "organisations", typed)
    found = organisation_list.find(acting(), typed, after)
    following = cursors.written(found.next, "organisations", typed)
    return render_template(
        "admin/organisations.html",
        form=form,
        typed=typed,
        found=found,
        following=following,
        counts=organisation_list.member_counts(found.rows),
        delimiters=exports.delimiters(),
    )


def _typed(values: MultiDict[str, str]) -> str:
    return values.get("q", "").strip()[:LONGEST_SEARCH]


def _header() -> list[str]:
    return [_("Name"), _("Roles given"), _("Suspended since"), _("Added"), _("Identifier")]


def _fields(lines: Iterable[Line]) -> Iterator[list[str]]:
    for line in lines:
        place = line.organisation
        yield [
            place.name,
            str(line.members),
            exports.moment(place.suspended_at),
            exports.moment(place.created_at),
            str(place.id),
        ]
