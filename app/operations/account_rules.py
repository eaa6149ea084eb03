"""Which rules hold for an account as a whole, and who set each: the strictest in reach counts.

The values are those of the functions that the machine goes by; found anew is only whose they are.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app import config
from app.models import Account, Demand, Factor, Interface, Membership, Organisation, Role
from app.operations import (
    factors,
    lockout,
    new_passwords,
    opening,
    remembered_devices,
    try_charges,
)
from app.operations.effective_rules import SetBy
from app.operations.factors import Held

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@dataclass(frozen=True)
class InReach:
    """One rule for an account as a whole, who set it, and which organisations ask for it."""

    key: str
    value: Any
    by: SetBy
    asked_by: list[Organisation]


def of(account: Account, ours: list[Membership]) -> list[InReach]:
    """Return the rules for an account; `ours` are all of its memberships."""
    held = factors.of(account)
    demand = factors.strictest_demand(ours)
    return [
        _factor(held, demand, ours),
        *_pin(held, demand, ours),
        _trust(account, ours),
        *_locks(ours),
        _length(account, ours),
        _session(ours),
    ]


def _factor(held: Held, demand: Demand, ours: list[Membership]) -> InReach:
    if held.floor > demand:
        return InReach("factor", held.floor, SetBy.PERSON, [])
    asking = _places(ours, lambda m: bool(demand) and m.demand is demand and not m.suspended)
    return _asked("factor", demand, asking)


def _pin(held: Held, demand: Demand, ours: list[Membership]) -> Iterable[InReach]:
    """Tell whether a PIN by mail is an answer, where any is asked for."""
    good = factors.choices(held, demand, Interface.PAGES)
    if good == (Factor.NONE,):
        return
    asking = _places(ours, lambda m: m.demand is Demand.APP and not m.suspended)
    enough = Factor.PIN in good
    if not asking and (held.pin or held.strong):
        yield InReach("pin", enough, SetBy.PERSON, [])
    else:
        yield _asked("pin", enough, asking)


def _trust(account: Account, ours: list[Membership]) -> InReach:
    days = remembered_devices.days_allowed(account)
    if any(m.role is Role.SUPERUSER for m in ours):
        return InReach("rememberDeviceDays", days, SetBy.PORTAL, [])
    asking = _places(ours, lambda m: _policy(m, "rememberDeviceDays") == days)
    return _asked("rememberDeviceDays", days, asking)


def _locks(ours: list[Membership]) -> Iterable[InReach]:
    """Yield how many wrong passwords lock somewhere, and for how long; the portal's own first."""
    portal = lockout.IDENTITY
    yield InReach("tries", portal.tries, SetBy.USUAL, [])
    yield InReach("lockMinutes", portal.lock // MINUTE, SetBy.USUAL, [])
    limits = {m.id: try_charges.limit_of(m) for m in ours if m.organisation}
    fewest = min((each.tries for each in limits.values()), default=portal.tries)
    longest = max((each.lock for each in limits.values()), default=portal.lock)
    if fewest < portal.tries:
        few = _places(ours, lambda m: m.id in limits and limits[m.id].tries == fewest)
        yield _asked("maxFailedSignInAttempts", fewest, few)
    if longest > portal.lock:
        long = _places(ours, lambda m: m.id in limits and limits[m.id].lock == longest)
        yield _asked("lockMinutesThere", longest // MINUTE, long)


def _length(account: Account, ours: list[Membership]) -> InReach:
    least = new_passwords.minimum_for(account)
    if least > new_passwords.minimum_for(None):
        asking = _places(ours, lambda m: _policy(m, "passwordMinLength") == least)
        return _asked("passwordMinLength", least, asking)
    by_portal = config.current().password_min_length is not None
    return InReach("passwordMinLength", least, SetBy.PORTAL if by_portal else SetBy.USUAL, [])


def _session(ours: list[Membership]) -> InReach:
    """Tell how long somebody stays signed in who takes all of their seats."""
    usual = int(opening.LIFETIMES[Interface.PAGES] / HOUR)
    asked = [hours for m in ours if (hours := _policy(m, "sessionHours")) is not None]
    least = min(asked, default=usual)
    if least > usual:
        return InReach("sessionHours", usual, SetBy.USUAL, [])
    return _asked(
        "sessionHours", least, _places(ours, lambda m: _policy(m, "sessionHours") == least)
    )


def _policy(membership: Membership, key: str) -> Any:
    place = membership.organisation
    return getattr(place.policy, key) if place else None


def _places(ours: list[Membership], asks: Callable[[Membership], bool]) -> list[Organisation]:
    """Return the organisations of those memberships that ask for something, each once."""
    found = {m.organisation.id: m.organisation for m in ours if m.organisation and asks(m)}
    return list(found.values())


def _asked(key: str, value: Any, asking: list[Organisation]) -> InReach:
    return InReach(key, value, SetBy.ORGANISATION if asking else SetBy.USUAL, asking)
