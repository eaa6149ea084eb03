"""What administration calls things: states, sorts, locks, factors and events, in plain words."""

from datetime import datetime

from flask_babel import format_timedelta
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.clock import now
from app.models import Account, Counted, Membership, Role
from app.operations.account_list import Sort, State
from app.pages import roles

STATES = {
    State.ACTIVE: _l("Active"),
    State.NOT_ACTIVATED: _l("Not activated"),
    State.SUSPENDED: _l("Suspended"),
    State.LOCKED: _l("Locked"),
    State.WITH_OWN: _l("With an organisation's own password"),
}
TONES = {
    State.ACTIVE: "ready",
    State.NOT_ACTIVATED: "wanting",
    State.SUSPENDED: "stopped",
    State.LOCKED: "stopped",
    State.WITH_OWN: "quiet",
}
SORTS = {
    Sort.NAME: _l("Name, A to Z"),
    Sort.NAME_DOWN: _l("Name, Z to A"),
    Sort.NEWEST: _l("Newest first"),
    Sort.OLDEST: _l("Oldest first"),
}
LOCKS = {
    Counted.IDENTITY: _l("Too many wrong passwords for this account"),
    Counted.MEMBERSHIP: _l("Too many wrong passwords at this organisation"),
    Counted.FACTOR: _l("Too many wrong codes within an hour"),
    Counted.FACTOR_EVER: _l("A hundred wrong codes in a row"),
}
FACTORS = {
    "app": _l("Authenticator app"),
    "passkey": _l("Passkey"),
    "pin": _l("PINs by e-mail, chosen by the person"),
}


def state_of(account: Account, locked_until: datetime | None = None) -> State:
    """Return the one state to tell of an account: what keeps it out comes first."""
    if account.suspended_at is not None:
        return State.SUSPENDED
    if account.activated_at is None:
        return State.NOT_ACTIVATED
    return State.ACTIVE if locked_until is None else State.LOCKED


def time_left(until: datetime) -> str:
    """Return in how long a moment is, in words: "in 12 minutes"."""
    return str(format_timedelta(until - now(), add_direction=True, threshold=1))


def place_of(membership: Membership) -> str:
    """Return what the place of a membership is called."""
    return membership.organisation.name if membership.organisation else _("The portal")


def role_named(recorded: str) -> str:
    """Return what a role is called that the audit trail recorded by its value."""
    known = {role.value: role for role in Role}
    return roles.name(known[recorded]) if recorded in known else recorded


def role_at(membership: Membership) -> str:
    """Return a membership in one line."""
    role = roles.name(membership.role)
    return _("%(role)s at %(place)s", role=role, place=place_of(membership))
