"""Memberships as seats: whose they are, where they stand, and what to do where one is not held."""

from flask import abort, flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.models import Membership
from app.operations import memberships
from app.pages import rules, signed_in


def membership(fits: rules.Fits) -> Membership:
    """Return the one of the account's memberships that fits; whatever else is not there."""
    ours = memberships.of(signed_in.required().account_id)
    found = next(filter(fits, ours), None)
    return found or abort(404)


def lead_to(membership: Membership) -> Response:
    """Lead to where a seat is taken that this session does not hold."""
    flash(_("You have not taken this seat yet. Switch to it here."), "warning")
    return redirect(url_for("home.index", _anchor=f"seat-{membership.id}"), 303)


def url_of(membership: Membership) -> str:
    """Return the address of a membership's seat."""
    if membership.organisation_id is None:
        return url_for("home.superuser")
    role = membership.role.slug
    return url_for("home.seat", organisation_id=membership.organisation_id, role=role)
