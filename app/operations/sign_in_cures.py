"""What mends what keeps somebody out: the acts of administration that help against each obstacle.

Only acts that there are anyway, and only those that the administrator may do to this account.
"""

import uuid
from dataclasses import dataclass

from app.errors import Refusal
from app.operations import account_acts, authority
from app.operations.authority import Administrator
from app.operations.rights import Action
from app.operations.sign_in_examination import Examination
from app.operations.sign_in_verdicts import Way

# For each reason of a refusal. Where nothing helps but waiting, there is nothing.
AGAINST = {
    "locked": (Action.UNLOCK,),
    "too_many_codes": (Action.UNLOCK,),
    "account_suspended": (Action.REACTIVATE,),
    "not_activated": (Action.SEND_ACTIVATION,),
    "wrong_password": (Action.SEND_RESET,),
    "no_way_in": (),
    "membership_locked": (Action.UNLOCK_HERE, Action.UNLOCK),
    "organisation_suspended": (Action.SUSPEND_ORGANISATION,),
    "generic_not_allowed": (Action.CHANGE_ORGANISATION,),
    "resend_too_soon": (),
    "unknown_account": (),
    "kept_in_directory": (),
}
OF_ORGANISATIONS = {Action.SUSPEND_ORGANISATION, Action.CHANGE_ORGANISATION}


@dataclass(frozen=True)
class Cure:
    """One act; `at` is the organisation that it is about, where it is about one."""

    action: Action
    at: uuid.UUID | None = None


def against(
    refusal: Refusal, seen: Examination, administrator: Administrator, way: Way | None = None
) -> Cure | None:
    """Return the first act against a refusal that this administrator may do, if there is one."""
    if way is not None and way.membership is None and refusal.reason == "membership_locked":
        return None  # with its roles, which have cures of their own
    for action in AGAINST[refusal.reason]:
        if found := offered(action, seen, administrator, way):
            return found
    return None


def offered(
    action: Action, seen: Examination, administrator: Administrator, way: Way | None = None
) -> Cure | None:
    """Return an act where this administrator may do it, for one way in or for the whole account."""
    place = way.membership.organisation_id if way and way.membership else None
    if action in OF_ORGANISATIONS:
        may = authority.reach(administrator, action) is not None
        return Cure(action, place) if may and place else None
    if action not in account_acts.ABOUT_ONE_PLACE:
        return Cure(action) if action in seen.offers else None
    if place is None:
        return None
    return Cure(action, place) if _may_there(action, seen, administrator, way) else None


def _may_there(
    action: Action, seen: Examination, administrator: Administrator, way: Way | None
) -> bool:
    """Tell whether an act about one organisation is offered for a way in there.

    Those of a superuser are about whichever organisation is named, and offers name none.
    """
    if not administrator.of_portal:
        return action in seen.offers
    if action is Action.SEND_RESET_HERE:
        own = way is not None and way.password is not None and way.password.own
        return own and Action.SEND_RESET in seen.offers
    return True
