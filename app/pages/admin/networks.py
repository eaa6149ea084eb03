"""Opening the lock of a network: from where all are listed, or for the sake of somebody."""

import uuid

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app.models import Account
from app.operations import authority, network_acts
from app.operations.rights import Action
from app.pages.admin import filters
from app.pages.admin.seat import acting, granted, pages
from app.pages.forms import TicketForm
from app.pages.visitor import visitor

HERE = "/cannot-sign-in/unlock-network"


@pages.get(HERE)
@granted(Action.UNLOCK_NETWORK)
def unlock_network_page() -> ResponseReturnValue:
    """Say what it will do, and whom else it concerns."""
    authority.require_fresh(acting(), Action.UNLOCK_NETWORK)
    network, who = _asked(request.args)
    if not network_acts.is_locked(network):
        return _nothing_to_do(who)
    return render_template(
        "admin/unlock_network.html",
        account=who,
        network=network,
        back=_where(who),
        form=TicketForm(formdata=None),
    )


@pages.post(HERE)
@granted(Action.UNLOCK_NETWORK)
def unlock_network() -> ResponseReturnValue:
    """Open it."""
    network, who = _asked(request.form)
    if not network_acts.unlock(acting(), network, visitor(), who.id if who else None):
        return _nothing_to_do(who)
    flash(_("The lock of the network is open."), "success")
    return redirect(_where(who), 303)


def _asked(values: MultiDict[str, str]) -> tuple[str, Account | None]:
    """Return which network it is, and for whose sake; 400 for what no page of ours asks."""
    network, who = filters.text(values.get("at", "")), filters.one(values, "who", uuid.UUID)
    return network, authority.see(acting(), who) if who else None


def _nothing_to_do(who: Account | None) -> Response:
    flash(_("There was nothing to do: it is so already."))
    return redirect(_where(who), 303)


def _where(who: Account | None) -> str:
    if who is None:
        return url_for(".cannot_sign_in")
    return url_for(".verdict", account_id=who.id)
