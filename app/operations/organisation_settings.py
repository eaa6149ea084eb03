"""Reading an organisation's settings as people type them: KEY=VALUE."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from app.clock import now
from app.errors import InvalidSetting
from app.models import Organisation, OrganisationSettings

_SWITCH = "true or false"
_FACTOR = "none, any or app"
MAY_BE = {
    "enableLti": _SWITCH,
    "mfaForStudents": _SWITCH,
    "mfaForTeachers": _SWITCH,
    "allowGenericUsers": _SWITCH,
    "defaultTratSettings": "a list of one to ten numbers from 0 to 100, such as [5, 3, 1, 0]",
    "maxFailedSignInAttempts": "a number from 1 to 100",
    "accountName": "at most 200 characters, or null",
    "isActive": _SWITCH,
    "isSuspended": _SWITCH,
    "isPaid": _SWITCH,
    "factorForStudents": _FACTOR,
    "factorForTeachers": _FACTOR,
    "factorForAccountAdmins": _FACTOR,
    "passwordMinLength": "a number from 6 to 128, or null",
    "lockMinutes": "a number from 1 to 1440",
    "pinAllowed": _SWITCH,
    "rememberDeviceDays": "a number from 0 to 90",
    "sessionHours": "a number from 1 to 720, or null",
}
Model = TypeVar("Model", bound=BaseModel)

_FACTS = {"isActive": "activated_at", "isSuspended": "suspended_at", "isPaid": "paid_at"}
_LONGEST_NAME = 200  # characters; the column's width


def rename(organisation: Organisation, name: str) -> None:
    """Give the organisation a name, blanks tidied; InvalidSetting where it is none or too long."""
    tidy = " ".join(name.split())
    if not 1 <= len(tidy) <= _LONGEST_NAME:
        raise InvalidSetting(f"The name needs 1 to {_LONGEST_NAME} characters.")
    organisation.name = tidy


def assign(organisation: Organisation, assignments: Mapping[str, str]) -> None:
    """Give the organisation these settings; raise InvalidSetting at the first wrong one.

    Values are read as JSON where they can be (true, 3, [5, 3]), else as text; 1 and 0 are good
    for true and false. Settings of contract 003 stay null until one of them is given.
    """
    for key, typed in assignments.items():
        if key not in MAY_BE:
            known = ", ".join(MAY_BE)
            raise InvalidSetting(f"{key} is no setting; the settings are {known}.")
        _assign_one(organisation, key, typed)


def _assign_one(organisation: Organisation, key: str, typed: str) -> None:
    if key == "accountName":
        organisation.account_name = _account_name(typed)
    elif key in _FACTS:
        moment: datetime | None = getattr(organisation, _FACTS[key])
        setattr(organisation, _FACTS[key], _fact(key, typed, moment))
    elif key in OrganisationSettings.model_fields:
        organisation.settings = _changed(organisation.effective_settings, key, typed)
    else:
        organisation.policy = _changed(organisation.policy, key, typed)


def _changed(model: Model, key: str, typed: str) -> Model:
    try:
        return model.model_validate({**model.model_dump(), key: _value(key, typed)})
    except ValidationError:
        raise _wrong(key, typed) from None


def _fact(key: str, typed: str, moment: datetime | None) -> datetime | None:
    value = _value(key, typed)
    if not isinstance(value, bool):
        raise _wrong(key, typed)
    return (moment or now()) if value else None


def _account_name(typed: str) -> str | None:
    if len(typed) > _LONGEST_NAME:
        raise _wrong("accountName", typed)
    return None if typed == "null" else typed


def _value(key: str, typed: str) -> Any:
    try:
        value = json.loads(typed)
    except ValueError:
        value = typed
    if MAY_BE[key] == _SWITCH and value in (0, 1):
        return bool(value)
    return value


def _wrong(key: str, typed: str) -> InvalidSetting:
    return InvalidSetting(f"{key} cannot be {typed}: it may be {MAY_BE[key]}.")
