"""An organisation's rules in words: what each is called, what its values mean, who set it."""

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.operations.effective_rules import Effective, SetBy

NAMES = {
    "factorForStudents": _l("Second step for students"),
    "factorForTeachers": _l("Second step for teachers"),
    "factorForAccountAdmins": _l("Second step for account administrators"),
    "mfaForStudents": _l("Students answer a second step (mfaForStudents)"),
    "mfaForTeachers": _l("Teachers answer a second step (mfaForTeachers)"),
    "pinAllowed": _l("An e-mailed PIN counts as a second step"),
    "rememberDeviceDays": _l("A device may be trusted"),
    "maxFailedSignInAttempts": _l("Wrong passwords before a lock (maxFailedSignInAttempts)"),
    "lockMinutes": _l("A lock lasts"),
    "passwordMinLength": _l("A new password has at least"),
    "sessionHours": _l("Signed in at most"),
    "allowGenericUsers": _l("Accounts without an address are let in (allowGenericUsers)"),
    "enableLti": _l("LTI, kept for programs (enableLti)"),
    "defaultTratSettings": _l("Points of tRATs, kept for programs (defaultTratSettings)"),
}
FACTORS = {
    "none": _l("A password is enough"),
    "any": _l("A PIN by e-mail, or better"),
    "app": _l("An authenticator app or a passkey"),
}
BY = {
    SetBy.ORGANISATION: _l("This organisation"),
    SetBy.PERSON: _l("The person's own choice"),
    SetBy.PORTAL: _l("The portal's settings"),
    SetBy.USUAL: _l("The portal's usual rule"),
}


@dataclass(frozen=True)
class Line:
    """One rule as a page shows it."""

    name: str
    value: str
    by: str
    own: bool

    @classmethod
    def of(cls, rule: Effective) -> "Line":
        """Return a rule in words."""
        own = rule.by is SetBy.ORGANISATION
        return cls(name(rule.key), value(rule.key, rule.value), str(BY[rule.by]), own)


def lines(rules: list[Effective]) -> list[Line]:
    """Return rules in words, those that people meet first, first; those for programs last."""
    order = list(NAMES)
    return [Line.of(each) for each in sorted(rules, key=lambda rule: order.index(rule.key))]


def name(key: str) -> str:
    """Return what a rule is called."""
    return str(NAMES[key])


def value(key: str, held: Any) -> str:
    """Return a rule's value in words."""
    if isinstance(held, bool):
        return _("Yes") if held else _("No")
    if isinstance(held, list):
        return ", ".join(map(str, held))
    if isinstance(held, str):
        return str(FACTORS[held])
    return _counted(key, held)


def _counted(key: str, number: int) -> str:
    if key == "rememberDeviceDays":
        return ngettext("%(num)s day", "%(num)s days", number) if number else _("Never")
    if key == "lockMinutes":
        return ngettext("%(num)s minute", "%(num)s minutes", number)
    if key == "passwordMinLength":
        return ngettext("%(num)s character", "%(num)s characters", number)
    if key == "sessionHours":
        return ngettext("%(num)s hour", "%(num)s hours", number)
    return str(number)
