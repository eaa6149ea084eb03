"""What holds at an organisation in the end, and who set it: itself, or else the portal."""

import enum
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app import config
from app.models import (
    Interface,
    Organisation,
    OrganisationPolicy,
    OrganisationSettings,
    Role,
)
from app.operations import new_passwords, opening

HOUR = timedelta(hours=1)


class SetBy(enum.Enum):
    """Who set a value."""

    ORGANISATION = "organisation"
    PERSON = "person"  # by setting up a second factor of their own
    PORTAL = "portal"  # by a setting of the deployment
    USUAL = "usual"  # nobody: it is what holds unless somebody says otherwise


@dataclass(frozen=True)
class Effective:
    """One rule of an organisation: what it set itself, what holds, and who set that."""

    key: str
    own: Any
    value: Any
    by: SetBy


DEMANDED_OF = {
    "factorForStudents": Role.STUDENT,
    "factorForTeachers": Role.TEACHER,
    "factorForAccountAdmins": Role.ACCOUNT_ADMIN,
}


def of_organisation(organisation: Organisation) -> list[Effective]:
    """Return every setting of an organisation with the value that holds.

    What is asked of a role is the stricter of contract 003's setting and our own.
    """
    settings = organisation.effective_settings.model_dump()
    usual = OrganisationSettings().model_dump()
    theirs = organisation.settings.model_dump() if organisation.settings else {}
    rules = [
        Effective(key, theirs.get(key), settings[key], _by(settings[key] != usual[key]))
        for key in OrganisationSettings.model_fields
    ]
    usual = OrganisationPolicy().model_dump()
    for key, own in organisation.policy.model_dump().items():
        if key in DEMANDED_OF:
            holds = organisation.demand_on(DEMANDED_OF[key]).name.lower()
            rules.append(Effective(key, own, holds, _by(holds != usual[key])))
        else:
            rules.append(_of_policy(key, own, changed=own != usual[key]))
    return rules


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


def _usual_hours() -> int:
    return int(opening.LIFETIMES[Interface.PAGES] / HOUR)
