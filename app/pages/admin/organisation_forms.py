"""The forms of an organisation's rules, name and looks."""

import json
from typing import Any

from wtforms import (
    BooleanField,
    ColorField,
    FileField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # types lag behind
from wtforms.validators import (
    DataRequired,
    InputRequired,
    Length,
    NumberRange,
    Optional,
    ValidationError,
)

from app.models import Organisation
from app.pages.forms import Form
from app.pages.forms import when_shown as _l

LONGEST_NAME = 200
MOST_POINTS = 100


NO_POINTS = _l("Enter one to ten numbers from 0 to 100, such as 5, 3, 1, 0.")


def _whole(label: str, least: int, most: int, *, optional: bool = False) -> IntegerField:
    message = _l("Enter a number from %(least)s to %(most)s.", least=least, most=most)
    first = Optional() if optional else InputRequired(message)
    return IntegerField(label, [first, NumberRange(least, most, message)])


def _factor(label: str) -> SelectField:
    choices = [
        ("none", _l("A password is enough")),
        ("any", _l("A PIN by e-mail, or better")),
        ("app", _l("An authenticator app or a passkey")),
    ]
    return SelectField(label, choices=[SelectChoice(*each) for each in choices])


class NameForm(Form):
    """What an organisation is called."""

    name = StringField(
        _l("Name"),
        [
            DataRequired(_l("Enter a name.")),
            Length(max=LONGEST_NAME, message=_l("This is too long.")),
        ],
    )


class SettingsForm(Form):
    """Every rule of an organisation: contract 003's settings, and our own beside them."""

    factorForStudents = _factor(_l("Students"))  # noqa: N815 (as it is kept and served)
    factorForTeachers = _factor(_l("Teachers"))  # noqa: N815
    factorForAccountAdmins = _factor(_l("Account administrators"))  # noqa: N815
    mfaForStudents = BooleanField(_l("Students answer a second step (mfaForStudents)"))  # noqa: N815
    mfaForTeachers = BooleanField(_l("Teachers answer a second step (mfaForTeachers)"))  # noqa: N815
    pinAllowed = BooleanField(_l("An e-mailed PIN counts as a second step"))  # noqa: N815
    rememberDeviceDays = _whole(_l("Days for which a device may be trusted"), 0, 90)  # noqa: N815
    maxFailedSignInAttempts = _whole(_l("Wrong passwords before a lock"), 1, 100)  # noqa: N815
    lockMinutes = _whole(_l("Minutes that a lock lasts"), 1, 1440)  # noqa: N815
    passwordMinLength = _whole(  # noqa: N815
        _l("Fewest characters of a new password"), 6, 128, optional=True
    )
    sessionHours = _whole(  # noqa: N815
        _l("Hours that somebody stays signed in at most"), 1, 720, optional=True
    )
    allowGenericUsers = BooleanField(  # noqa: N815
        _l("Accounts without an address are let in (allowGenericUsers)")
    )
    enableLti = BooleanField(_l("LTI (enableLti)"))  # noqa: N815
    defaultTratSettings = StringField(  # noqa: N815
        _l("Points of tRATs (defaultTratSettings)"), [InputRequired(NO_POINTS)]
    )
    confirmed = HiddenField()

    def validate_defaultTratSettings(self, field: StringField) -> None:  # noqa: N802
        """Take one to ten numbers from 0 to 100."""
        points = _points(field.data or "")
        if not points or len(points) > 10 or max(points) > MOST_POINTS:  # noqa: PLR2004 (as kept)
            raise ValidationError(NO_POINTS)

    def changes(self, organisation: Organisation) -> dict[str, str]:
        """Return what differs from the settings as they are, in the spelling they are read in."""
        typed = {name: self._typed(name) for name in values_of(organisation)}
        was = values_of(organisation)
        return {name: json.dumps(now) for name, now in typed.items() if now != was[name]}

    def _typed(self, name: str) -> Any:
        data = self[name].data
        return _points(data) if name == "defaultTratSettings" else data


def values_of(organisation: Organisation) -> dict[str, Any]:
    """Return an organisation's settings by name, as they are set now."""
    return {**organisation.effective_settings.model_dump(), **organisation.policy.model_dump()}


def filled(organisation: Organisation) -> SettingsForm:
    """Return the form with an organisation's settings in it."""
    values = values_of(organisation)
    points = ", ".join(map(str, values.pop("defaultTratSettings")))
    return SettingsForm(formdata=None, data={**values, "defaultTratSettings": points})


class ColourForm(Form):
    """An organisation's colour."""

    colour = ColorField(_l("Colour"), [Optional(), Length(max=7)])


class LogoForm(Form):
    """A picture to upload."""

    logo = FileField(_l("Logo"))


class MarksForm(Form):
    """What contract 003 serves of an organisation, which only the portal says."""

    accountName = StringField(_l("Name of the account (accountName)"), [Length(max=LONGEST_NAME)])  # noqa: N815
    isActive = BooleanField(_l("Active (isActive)"))  # noqa: N815
    isPaid = BooleanField(_l("Paid (isPaid)"))  # noqa: N815


def _points(text: str) -> list[int]:
    parts = [part.strip() for part in text.strip("[] ").split(",")]
    return [int(part) for part in parts] if all(p.isascii() and p.isdigit() for p in parts) else []
