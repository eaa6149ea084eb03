"""Opening the lock of a network, from the page of somebody whom it keeps out."""

import uuid

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.operations import authority, network_acts
from app.operations.rights import Action
from app.pages.admin.seat import acting, granted, pages
from app.pages.forms import TicketForm
from app.pages.visitor import visitor

HERE = "/cannot-sign-in/<uuid:account_id>/unlock-network"


@pages.get(HERE)
@granted(Action.UNLOCK_NETWORK)
def unlock_network_page(account_id: uuid.UUID) -> ResponseReturnValue:
    """Say what it will do, and whom else it concerns."""
    authority.require_fresh(acting(), Action.UNLOCK_NETWORK)
    about = authority.check(acting(), Action.UNLOCK_NETWORK, account_id)
    named = request.args.get("at", "")
    locks = network_acts.locked(acting(), account_id)
    found = next((each for each in locks if each.network == named), None)
    if found is None:
        return _nothing_to_do(account_id)
    return render_template(
        "admin/unlock_network.html", account=about, lock=found, form=TicketForm(formdata=None)
    )


@pages.post(HERE)
@granted(Action.UNLOCK_NETWORK)
def unlock_network(account_id: uuid.UUID) -> ResponseReturnValue:
    """Open it."""
    network = request.form.get("at", "")
    if not network_acts.unlock(acting(), account_id, network, visitor()):
        return _nothing_to_do(account_id)
    flash(_("The lock of the network is open."), "success")
    return _back(account_id)


def _nothing_to_do(account_id: uuid.UUID) -> Response:
    flash(_("There was nothing to do: it is so already."))
    return _back(account_id)


def _back(account_id: uuid.UUID) -> Response:
    return redirect(url_for(".verdict", account_id=account_id), 303)
