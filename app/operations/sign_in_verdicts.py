"""Whether somebody could sign in now: a verdict on each way in, as the machine would give it.

Nothing is tried and nothing is counted. The functions that refuse whoever signs in are asked for
all that they have to say, not for the first of it.
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from app.directory import reader
from app.errors import KeptInDirectory, Locked, Refusal, ResendTooSoon, TooManyCodes, WrongPassword
from app.mail import limits
from app.models import Account, Counted, Factor, Interface, Membership, Password
from app.models.password import IN_DIRECTORY
from app.operations import (
    factors,
    kept_elsewhere,
    lockout,
    locks,
    obstacles,
    password_step,
    password_try,
    second_factor,
    ways_in,
)
from app.operations.factors import Held
from app.operations.locks import Lock
from app.operations.ways_in import RefusedWay
from app.security import passwords

A_PROGRAM = Interface.BEARER_TOKEN  # one of those that know no organisations
OF_FACTORS = (Counted.FACTOR, Counted.FACTOR_EVER)


@dataclass(frozen=True)
class GoodPassword:
    """The one password that opens a way in: `own` is an organisation's own. Never its hash."""

    since: datetime
    own: bool
    brought_along: bool  # from another system; nobody has signed in with it yet


@dataclass(frozen=True)
class Way:
    """One way in; `membership` is None for the account as a whole.

    `refusals` are all the reasons why it is shut, the one that the person meets first in front;
    those of the account as such are not among them. `factor` is what is asked after the password,
    None where that may not be told, and so is `password`.
    """

    membership: Membership | None
    refusals: list[Refusal]
    factor: Factor | None = None
    password: GoodPassword | None = None


@dataclass(frozen=True)
class Verdicts:
    """What can be told of all ways in: `shared` are the reasons why none of them opens."""

    shared: list[Refusal]
    ways: list[Way]

    def opens(self, way: Way) -> bool:
        """Tell whether the right password, and what is asked then, opens a way in."""
        return not self.shared and not way.refusals


@dataclass(frozen=True)
class _Standing:
    """What the verdicts on one account go by, read once for all of its ways in."""

    account: Account
    ours: list[Membership]
    rows: list[Password]
    held: Held
    locks: list[Lock]
    members: dict[uuid.UUID, datetime]  # until when which of them is locked
    pins_are_over: bool
    gone: bool  # a directory has the password, and this person no more


def of_whole(account: Account, ours: list[Membership]) -> Verdicts:
    """Return the verdicts on an account; `ours` are all of its memberships."""
    found = _standing(account, ours)
    ways = [_of_membership(found, each) for each in ours]
    shared = [*_identity_lock(found), *obstacles.of_account(account, password_matched=True)]
    if found.gone:
        shared.append(KeptInDirectory())
    return Verdicts(shared, [*ways, _of_account(found, ways)])


def of_part(account: Account, ours: list[Membership], place: uuid.UUID | None) -> Verdicts:
    """Return what one organisation may know: of its own memberships `ours`, by its own rules.

    Whether the account as a whole is locked, which password it has beside the organisation's own
    and which factors is not told, and does not show in what is.
    """
    own = [row for row in ways_in.passwords_of(account.id) if row.organisation_id == place]
    locked = _locked(ours)
    ways = []
    for each in ours:
        until = locked.get(each.id)
        refusals = list(obstacles.of_membership(each, opens=True, locked_until=until))
        ways.append(Way(each, refusals, password=_told(ways_in.good_password(own, each))))
    return Verdicts(list(_of_account_told_everybody(account)), ways)


def _of_account_told_everybody(account: Account) -> Iterator[Refusal]:
    """Yield what every seat that sees an account is told of it."""
    for refusal in obstacles.of_account(account, password_matched=True):
        if refusal.reason in {"account_suspended", "not_activated"}:
            yield refusal


def _standing(account: Account, ours: list[Membership]) -> _Standing:
    key, entry = account.email_key, kept_elsewhere.entry_of(account.id)
    return _Standing(
        account,
        ours,
        ways_in.passwords_of(account.id),
        factors.of(account),
        locks.of_accounts([account.id]),
        _locked(ours),
        pins_are_over=key is not None and limits.seems_reached("pin", key),
        gone=entry is not None and (entry.gone_at is not None or not reader.in_use()),
    )


def _locked(ours: list[Membership]) -> dict[uuid.UUID, datetime]:
    return {lock.membership_id: lock.until for lock in locks.of_members(ours) if lock.membership_id}


def _of_membership(found: _Standing, membership: Membership) -> Way:
    row = ways_in.good_password(found.rows, membership)
    opens = row is not None or found.held.passkey
    until = found.members.get(membership.id)
    refusals = obstacles.of_membership(membership, opens=opens, locked_until=until)
    factor = factors.due(found.held, membership.demand, Interface.PAGES)
    return Way(membership, [*refusals, *_of_factor(found, factor)], factor, _told(row))


def _of_account(found: _Standing, ways: list[Way]) -> Way:
    """Return the verdict on the account's own way in: for programs, if it belongs anywhere."""
    row = ways_in.good_password(found.rows, None)
    on_pages = not found.ours
    opens = row is not None or (on_pages and found.held.passkey)
    demand = factors.strictest_demand(found.ours)
    factor = factors.due(found.held, demand, Interface.PAGES if on_pages else A_PROGRAM)
    refusals = [*_shut_with_all(found, ways), *([] if opens else [WrongPassword()])]
    return Way(None, [*refusals, *_of_factor(found, factor)], factor, _told(row))


def _shut_with_all(found: _Standing, ways: list[Way]) -> Iterator[Refusal]:
    """Yield what whoever has memberships meets where none of them is open."""
    if not obstacles.is_whole_open(found.ours, found.members):
        refused = [RefusedWay(w.membership, w.refusals[0]) for w in ways if w.membership]
        yield password_step.why_shut(refused, matched=True)


def _identity_lock(found: _Standing) -> Iterator[Refusal]:
    """Yield the lock on the account's name, or on its names before it is activated."""
    if found.account.activated_at is not None:
        for lock in _of(found.locks, Counted.IDENTITY):
            yield Locked(lock.until)
        return
    names = [(Counted.IDENTITY, each) for each in password_try.subjects_of(found.account)]
    if locked := lockout.locked_until(names):
        yield Locked(max(locked.values()))


def _of_factor(found: _Standing, factor: Factor) -> Iterator[Refusal]:
    """Yield why the second step cannot be answered, where one is asked."""
    if factor is Factor.NONE:
        return
    for lock in _of(found.locks, *OF_FACTORS):
        yield TooManyCodes(lock.until)
    by_mail = factor in {Factor.PIN, Factor.ENROLMENT} and found.held.address
    if by_mail and found.pins_are_over:
        yield ResendTooSoon(second_factor.TOO_MANY_MAILS_RETRY_S)


def _of(found: Iterable[Lock], *counted: Counted) -> list[Lock]:
    """Return the one lock of these kinds that lasts longest, if there is any."""
    some = [lock for lock in found if lock.counted in counted]
    return [max(some, key=lambda lock: lock.until)] if some else []


def _told(row: Password | None) -> GoodPassword | None:
    if row is None:
        return None
    own = row.organisation_id is not None
    brought = row.hash != IN_DIRECTORY and passwords.is_brought_along(row.hash)
    return GoodPassword(row.changed_at, own, brought)
