"""What holds in the end, and who set it: for one organisation, and for one account.

An organisation's value counts where it set one; else the portal's. For an account as a whole the
strictest of all its organisations counts, and this tells whose that is.
"""

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app import config
from app.models import (
    Account,
    Interface,
    Organisation,
    OrganisationPolicy,
    OrganisationSettings,
)
from app.operations import factors, memberships, new_passwords, remembered_devices, sessions

HOUR = timedelta(hours=1)


class SetBy(enum.Enum):
    """Who set a value."""

    ORGANISATION = "organisation"
    PORTAL = "portal"  # by a setting of the deployment
    USUAL = "usual"  # nobody: it is what holds unless somebody says otherwise


@dataclass(frozen=True)
class Effective:
    """One rule of an organisation: what it set itself, what holds, and who set that."""

    key: str
    own: Any
    value: Any
    by: SetBy


@dataclass(frozen=True)
class InReach:
    """One rule for an account as a whole, and the organisation that asks for it; None: nobody."""

    key: str
    value: Any
    asked_by: Organisation | None


def of_organisation(organisation: Organisation) -> list[Effective]:
    """Return every setting of an organisation with the value that holds."""
    settings = organisation.effective_settings.model_dump()
    usual = OrganisationSettings().model_dump()
    theirs = organisation.settings.model_dump() if organisation.settings else {}
    rules = [
        Effective(key, theirs.get(key), settings[key], _by(settings[key] != usual[key]))
        for key in OrganisationSettings.model_fields
    ]
    usual = OrganisationPolicy().model_dump()
    for key, own in organisation.policy.model_dump().items():
        rules.append(_of_policy(key, own, changed=own != usual[key]))
    return rules


def of_account(account: Account) -> list[InReach]:
    """Return the rules that hold for an account as a whole: the strictest of all in reach."""
    live = [m for m in memberships.of(account.id) if not m.suspended]
    places = [m.organisation for m in live if m.organisation]
    demand = factors.strictest_demand(live)
    asking = next((m.organisation for m in live if demand and m.demand is demand), None)
    return [
        InReach("factor", demand, asking),
        _least(places, "rememberDeviceDays", remembered_devices.days_allowed(account)),
        _most(places, "passwordMinLength", new_passwords.minimum_for(account)),
        _least(places, "sessionHours", _usual_hours()),
    ]


def _of_policy(key: str, own: Any, *, changed: bool) -> Effective:
    if key == "passwordMinLength":
        base = new_passwords.minimum_for(None)
        if own is not None and own > base:
            return Effective(key, own, own, SetBy.ORGANISATION)
        by_portal = config.current().password_min_length is not None
        return Effective(key, own, base, SetBy.PORTAL if by_portal else SetBy.USUAL)
    if key == "sessionHours" and own is None:
        return Effective(key, own, _usual_hours(), SetBy.USUAL)
    return Effective(key, own, own, _by(changed))


def _by(changed: bool) -> SetBy:  # noqa: FBT001 (the only thing it is told)
    return SetBy.ORGANISATION if changed else SetBy.USUAL


def _least(places: Iterable[Organisation], key: str, usual: int) -> InReach:
    return _strictest(places, key, usual, min)


def _most(places: Iterable[Organisation], key: str, usual: int) -> InReach:
    return _strictest(places, key, usual, max)


def _strictest(
    places: Iterable[Organisation], key: str, usual: int, pick: Callable[[int, int], int]
) -> InReach:
    value, asked_by = usual, None
    for place in places:
        own: int | None = getattr(place.policy, key)
        if own is not None and pick(own, value) == own and (asked_by is None or own != value):
            value, asked_by = own, place
    return InReach(key, value, asked_by)


def _usual_hours() -> int:
    return int(sessions.LIFETIMES[Interface.PAGES] / HOUR)
