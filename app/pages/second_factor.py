"""Everything about the second step: what one has, PINs by mail, and devices that are trusted.

The authenticator app is in app_setup.py, recovery codes in recovery_codes.py.
"""

import uuid
from collections.abc import Callable

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.errors import InvalidAddress
from app.models import Account, Demand, Organisation, RememberedDevice, Session
from app.operations import (
    chosen_pin,
    factor_changes,
    factors,
    memberships,
    recovery_codes,
    remembered_devices,
    second_factor,
    sessions,
)
from app.operations.visitor import Visitor
from app.pages import devices, signed_in
from app.pages.account import pages
from app.pages.visitor import visitor


@pages.get("/account/second-factor", endpoint="second_factor")
def show() -> ResponseReturnValue:
    """Show which factors one has, and what is asked of one."""
    row = signed_in.required()
    sessions.require_account(row)
    account = row.account
    return render_template(
        "account/second_factor.html",
        account=account,
        held=factors.of(account),
        app=second_factor.device_of(account),
        codes_left=recovery_codes.left(account),
        few=recovery_codes.FEW,
        trusted=_trusted(account),
        trust_days=remembered_devices.days_allowed(account),
        demanding=_demanding(account),
    )


@pages.post("/account/second-factor/pin")
def choose_pin() -> Response:
    """Have a PIN mailed at each sign-in; of whoever has no factor yet, one is asked before that."""
    factor_changes.require_proof(signed_in.required())
    try:
        _change(chosen_pin.choose)
    except InvalidAddress:
        flash(_("There is no address that a PIN could be sent to. Add one first."), "warning")
    else:
        flash(_("From now on a PIN is mailed whenever you sign in."), "success")
    return _back()


@pages.post("/account/second-factor/pin/leave")
def leave_pin() -> Response:
    """Have none mailed any more."""
    _change(chosen_pin.leave)
    flash(_("No PIN is mailed any more, unless an organisation asks for one."), "success")
    return _back()


@pages.post("/account/second-factor/devices/<uuid:device_id>/forget")
def forget_device(device_id: uuid.UUID) -> Response:
    """Trust one device no longer."""
    remembered_devices.forget(signed_in.required(), device_id, visitor())
    flash(_("That device is forgotten: the second step is asked there again."), "success")
    return _back()


def _change(act: Callable[[Session, Visitor], str | None]) -> None:
    row = signed_in.required()
    bearer = act(row, visitor())
    if bearer is not None:
        signed_in.remember(row, bearer)


def _trusted(account: Account) -> list[tuple[RememberedDevice, str]]:
    """Return the devices that are trusted, and what to call each."""
    return [(each, devices.label(each.user_agent)) for each in remembered_devices.of(account)]


def _demanding(account: Account) -> list[tuple[str, bool]]:
    """Return which organisations ask for a second factor, and whether a PIN is too little there.

    Of somebody who has several roles at one, the strictest.
    """
    asked: dict[Organisation, Demand] = {}
    for membership in memberships.of(account.id):
        place = membership.organisation
        if place is not None and not membership.suspended:
            asked[place] = max(membership.demand, asked.get(place, Demand.NONE))
    return [(place.name, demand is Demand.APP) for place, demand in asked.items() if demand]


def _back() -> Response:
    return redirect(url_for("account.second_factor"), 303)
