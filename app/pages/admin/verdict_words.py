"""Why somebody cannot sign in, in words."""

from datetime import timedelta

from flask_babel import format_timedelta, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.errors import Refusal
from app.models import Demand, Factor
from app.operations.account_rules import InReach
from app.operations.sign_in_facts import Delivery, NetworkLock
from app.operations.sign_in_verdicts import Way
from app.pages.admin import rule_words

IN_SECONDS = 2.5  # minutes; what is shorter is told in seconds: an app's code changes every 30
MOST_NAMES = 3  # of organisations that ask for one rule
WITH_ALL_ROLES = _l("Every role is locked or shut, and this with them.")
WHY = {
    "locked": _l(
        "The account is locked after too many wrong passwords, but for devices that know it."
    ),
    "too_many_codes": _l("The second step is locked after too many wrong answers."),
    "account_suspended": _l("The account is suspended."),
    "not_activated": _l("The address is not confirmed yet: the account is not activated."),
    "wrong_password": _l("There is no password that opens this yet."),
    "no_way_in": WITH_ALL_ROLES,
    "membership_locked": _l("Locked after too many wrong passwords at this organisation."),
    "organisation_suspended": _l("The organisation is suspended: nobody signs in there."),
    "generic_not_allowed": _l("The organisation admits no accounts without an e-mail address."),
    "resend_too_soon": _l("So many PINs were mailed of late that no more are sent for now."),
    "kept_in_directory": _l(
        "The directory has the password, and does not have this person any more, or is not set up."
    ),
    "unknown_account": _l("Its owner wanted the account removed, and the week to think is over."),
}
VERDICTS = {
    "locked": _l("Locked"),
    "too_many_codes": _l("Locked"),
    "membership_locked": _l("Locked"),
    "account_suspended": _l("Suspended"),
    "organisation_suspended": _l("Suspended"),
    "not_activated": _l("Not activated"),
    "wrong_password": _l("No password"),
}
MAILS = {
    "pin": _l("A PIN"),
    "activation": _l("To confirm the address"),
    "reset": _l("To set a new password"),
    "unlock": _l("To open a lock"),
    "set_up": _l("To set up an app"),
    "locked": _l("That the account is locked"),
    "membership_locked": _l("That a role is locked"),
}
DELIVERIES = {
    Delivery.SENT: _l("Taken by the mail server"),
    Delivery.WAITING: _l("Waits to be sent"),
    Delivery.RETRIED: _l("Could not be sent yet, and is tried again"),
    Delivery.FAILED: _l("Refused for good"),
    Delivery.EXPIRED: _l("Not sent in time, and not good any more"),
}
TONES = {
    Delivery.SENT: "ready",
    Delivery.WAITING: "wanting",
    Delivery.RETRIED: "wanting",
    Delivery.FAILED: "stopped",
    Delivery.EXPIRED: "stopped",
}
RULES = {
    **rule_words.NAMES,
    "factor": _l("Second step"),
    "pin": _l("A PIN by e-mail is enough for it"),
    "tries": _l("Wrong passwords before the account is locked"),
    "lockMinutes": _l("The account is locked for"),
    "maxFailedSignInAttempts": _l("Wrong passwords before a role is locked"),
    "lockMinutesThere": _l("A role is locked for"),
}


def why(refusal: Refusal, way: Way | None) -> str:
    """Return what keeps somebody out; the account's own way in is locked with all its roles."""
    if way is not None and way.membership is None and refusal.reason == "membership_locked":
        return str(WITH_ALL_ROLES)
    return str(WHY[refusal.reason])


def verdict(reason: str) -> str:
    """Return a refusal's reason in a word or two."""
    return str(VERDICTS.get(reason, _("Shut")))


def clock(offset: timedelta) -> str:
    """Tell how far off the clock is that made the newest wrong code; negative is slow."""
    minutes = abs(offset) / timedelta(minutes=1)
    threshold = IN_SECONDS if minutes < IN_SECONDS else 1
    span = format_timedelta(abs(offset), threshold=threshold)
    if offset < timedelta(0):
        return _(
            "Their newest wrong code was about %(span)s old: their telephone's clock is slow, or "
            "they typed late. Have them set its time to automatic.",
            span=span,
        )
    return _(
        "Their newest wrong code was about %(span)s ahead of its time: their telephone's clock is "
        "fast. Have them set its time to automatic.",
        span=span,
    )


def wrong_passwords(count: int) -> str:
    """Tell of wrong passwords since somebody last got in."""
    return ngettext(
        "Since they last got in, %(num)s try was with a wrong password.",
        "Since they last got in, %(num)s tries were with wrong passwords.",
        count,
    )


def turned_away(count: int) -> str:
    """Tell of tries that met a lock of the account."""
    return ngettext(
        "While the account was locked, %(num)s try was turned away: nothing was compared.",
        "While the account was locked, %(num)s tries were turned away: nothing was compared.",
        count,
    )


def network(lock: NetworkLock) -> str:
    """Tell of a network that is locked, and how many tries that has turned away."""
    text = _("Too many wrong passwords came from the network %(network)s.", network=lock.network)
    if not lock.turned_away:
        return text
    since = ngettext(
        "Since then, %(num)s try from there was turned away, whoever it was for.",
        "Since then, %(num)s tries from there were turned away, whoever they were for.",
        lock.turned_away,
    )
    return f"{text} {since}"


def second_step(way: Way) -> str:
    """Tell what a second step means at a way in, where that needs words.

    That of somebody who belongs elsewhere too is told by the organisation's own rule alone.
    """
    if way.factor is None and way.membership is not None:
        demand = rule_words.FACTORS[way.membership.demand.name.lower()]
        return _("Second step, by this organisation's rules: %(demand)s.", demand=demand)
    if way.factor is not Factor.ENROLMENT:
        return ""
    if way.membership is None:
        return _(
            "A second step is demanded and none is set up. Most programs cannot do that: it is "
            "set up on these pages first."
        )
    return _(
        "A second step is demanded and none is set up: an authenticator app is set up at the next "
        "sign-in on these pages."
    )


def rule(held: InReach) -> tuple[str, str, str]:
    """Return a rule's name, its value, and who set it."""
    if isinstance(held.value, Demand):
        value = str(rule_words.FACTORS[held.value.name.lower()])
    else:
        value = rule_words.value(held.key.removesuffix("There"), held.value)
    return str(RULES[held.key]), value, _set_by(held)


def _set_by(held: InReach) -> str:
    if not held.asked_by:
        return str(rule_words.BY[held.by])
    names = ", ".join(place.name for place in held.asked_by[:MOST_NAMES])
    more = len(held.asked_by) - MOST_NAMES
    if more <= 0:
        return _("Asked by %(names)s", names=names)
    return ngettext(
        "Asked by %(names)s and %(num)s more",
        "Asked by %(names)s and %(num)s more",
        more,
        names=names,
    )
