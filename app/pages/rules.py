"""Which rules hold for a seat, and why, in words."""

from collections.abc import Callable
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext

from app.models import Demand, Membership, Organisation, Role
from app.operations import new_passwords
from app.pages import roles

Fits = Callable[[Membership], bool]


@dataclass(frozen=True)
class Rule:
    """What holds, and who asked for it."""

    what: str
    why: str


def of(membership: Membership) -> list[Rule]:
    """Return the rules for one membership, the one met first at sign-in first."""
    place = membership.organisation
    if place is None:
        return [Rule(_("Your account's password opens this seat."), _("The portal's own rule."))]
    return [
        _factor(place, membership.role),
        _trust(place, membership.role),
        _lock(place),
        _session(place),
        _length(place),
    ]


def _factor(place: Organisation, role: Role) -> Rule:
    by_organisation = _(
        "%(place)s asks this of everybody here as %(role)s.",
        place=place.name,
        role=roles.name(role),
    )
    match place.demand_on(role):
        case Demand.NONE:
            return Rule(
                _("A password is enough; no second step is asked."),
                _("%(place)s asks for none.", place=place.name),
            )
        case Demand.ANY:
            return Rule(_("Signing in takes a PIN from a mail as well."), by_organisation)
        case Demand.APP:
            what = _("Signing in takes an authenticator app or a passkey as well.")
            return Rule(what, by_organisation)


def _trust(place: Organisation, role: Role) -> Rule:
    days, usual = place.policy.rememberDeviceDays, _("The portal's usual rule.")
    if days == 0 and place.demand_on(role) is Demand.NONE:
        return Rule(_("Whoever has set up a second step is asked for it each time."), usual)
    if days == 0:
        return Rule(_("The second step is asked each time, on every device."), usual)
    said = ngettext(
        "A device may be trusted for %(num)s day.",
        "A device may be trusted for %(num)s days.",
        days,
    )
    return Rule(said, _set_by(place))


def _lock(place: Organisation) -> Rule:
    tries = place.effective_settings.maxFailedSignInAttempts
    what = _(
        "After %(tries)s wrong passwords the seat is locked for %(minutes)s minutes.",
        tries=tries,
        minutes=place.policy.lockMinutes,
    )
    own = place.settings is not None
    return Rule(what, _set_by(place) if own else _("The portal's usual limit."))


def _session(place: Organisation) -> Rule:
    hours = place.policy.sessionHours
    if hours is None:
        what = _("You stay signed in for a day at most, or thirty if you asked to be kept.")
        return Rule(what, _("The portal's usual time."))
    return Rule(_("You stay signed in for %(hours)s hours at most.", hours=hours), _set_by(place))


def _length(place: Organisation) -> Rule:
    asked = place.policy.passwordMinLength
    usual = new_passwords.minimum_for(None)
    what = _("A new password has at least %(count)s characters.", count=max(asked or 0, usual))
    return Rule(
        what, _set_by(place) if asked and asked > usual else _("The portal's usual length.")
    )


def _set_by(place: Organisation) -> str:
    return _("Set by %(place)s.", place=place.name)
