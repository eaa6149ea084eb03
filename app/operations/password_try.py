"""One try at a password: charged, compared, then settled.

    begin ──► compare ──► opened | failed

`begin` counts the try in a transaction of its own before anything is compared; `compare` hashes
with no transaction open; `opened` gives back, inside the transaction that uses the result, what
the try was charged.
"""

import random
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import select

from app import config, db
from app.models import Account, Counted, Membership, Organisation, Password
from app.models.password import IN_DIRECTORY
from app.operations import (
    accounts,
    known_devices,
    lockout,
    memberships,
    password_census,
    try_charges,
    turned_away,
)
from app.operations.visitor import Visitor
from app.security import passwords
from app.security.hash_gate import Turn
from app.security.identities import identity_key
from app.security.tokens import digest, keyed_digest

MOST_HASHES = 5  # for one try; whoever has more passwords names the organisation first
UNKNOWN_BUCKETS = 1 << 20  # counters of identities that nobody has: bounded, evicting nobody


@dataclass(frozen=True)
class StoredPassword:
    """A password row's plain values, for use while no transaction is open."""

    id: uuid.UUID
    organisation_id: uuid.UUID | None
    hash: str
    changed_at: datetime

    @property
    def in_directory(self) -> bool:
        """Tell whether a directory has this password: there is nothing here to compare with."""
        return self.hash == IN_DIRECTORY


@dataclass(frozen=True)
class PasswordTry:
    """A try that has been charged: what it may open, and under what it was counted."""

    account_id: uuid.UUID | None
    stored: list[StoredPassword]
    identity: str
    network: str | None
    members: dict[uuid.UUID, str]
    locked: dict[uuid.UUID, datetime] = field(default_factory=dict)
    decoys: int = 1
    own: frozenset[uuid.UUID] = frozenset()  # where the account has a password of its own
    places: frozenset[uuid.UUID | None] = frozenset()  # what the try is for; None is the portal
    only_entry: bool = False  # a directory knows this person, and no account does yet

    @property
    def only_place(self) -> uuid.UUID | None:
        """The organisation whose business the try is: the only one that it is for, if any is."""
        [place] = self.places if len(self.places) == 1 else [None]
        return place

    @property
    def nothing_can_open(self) -> bool:
        """Tell whether every membership that it is for is locked, however right the password."""
        return bool(self.locked) and not self.members

    @property
    def in_directory(self) -> StoredPassword | None:
        """The one password, if it is among them, that a directory has to be asked about."""
        return next((row for row in self.stored if row.in_directory), None)


def begin(identity: str, visitor: Visitor, *, at: uuid.UUID | None = None) -> PasswordTry:
    """Charge a try for whoever `identity` names, known or not.

    `at` names the one organisation that the try is for. Raises Locked and TooManyTries, alike for
    identities that exist and that don't.
    """
    with turned_away.noticed(visitor), db.transaction():
        account = accounts.find(identity)
        if account is None:
            return _of_nobody(identity, visitor)
        if account.activated_at is None:
            # Counted as before it was registered: a lock that came or went would tell of it.
            return _of(account, visitor, [], subject=_subject_of_nobody(identity))
        ours = [m for m in memberships.of(account.id) if at in (None, m.organisation_id)]
        return _of(account, visitor, ours)


def begin_for_membership(account: Account, membership: Membership, visitor: Visitor) -> PasswordTry:
    """Charge a try at the password that is good for one membership only."""
    with turned_away.noticed(visitor), db.transaction():
        return _of(account, visitor, [membership], only=True)


def begin_for_account(account: Account, visitor: Visitor) -> PasswordTry:
    """Charge a try at the account's own password."""
    with turned_away.noticed(visitor), db.transaction():
        return _of(account, visitor, [], only=True)


def begin_as(account: Account, visitor: Visitor) -> PasswordTry:
    """Charge a try for an account that was found by a name that only a directory knows."""
    with turned_away.noticed(visitor), db.transaction():
        return _of(account, visitor, memberships.of(account.id))


def begin_for_entry(key: str, places: Iterable[Organisation], visitor: Visitor) -> PasswordTry:
    """Charge a try for a directory's entry that is no account yet, but will belong to `places`.

    Counted by those, until `arrived`: no account of theirs has members' ids so far.
    """
    with turned_away.noticed(visitor), db.transaction():
        network, subject = try_charges.network(visitor, None), f"entry:{digest(key)}"
        try_charges.identity(subject)
        limits = {place.id: try_charges.limit_at(place) for place in places}
        subjects = {each: f"{subject}:{each}" for each in limits}
        members, locked = try_charges.each(limits, subjects)
        return PasswordTry(None, [], subject, network, members, locked, only_entry=True)


def arrived(tried: PasswordTry, account: Account) -> PasswordTry:
    """Return the try of an entry that has an account by now, which is counted by its members."""
    ours = memberships.of(account.id)
    members = {m.id: tried.members[at] for m in ours if (at := m.organisation_id) in tried.members}
    locked = {m.id: tried.locked[at] for m in ours if (at := m.organisation_id) in tried.locked}
    return replace(tried, members=members, locked=locked)


def compare(turn: Turn, tried: PasswordTry, password: str) -> set[uuid.UUID]:
    """Return the ids of the password rows that `password` matches, hashing as often as must be.

    A password that no row can hold (over-long, NUL) is compared with nothing, and what a directory
    has is not compared here.
    """
    if passwords.too_long(password):
        return set()
    hashed = [row for row in tried.stored if not row.in_directory]
    for _ in range(0 if hashed else tried.decoys):
        turn.run(passwords.spend_decoy, password)
    return {row.id for row in hashed if turn.run(passwords.matches, password, row.hash)}


def give_back(tried: PasswordTry) -> None:
    """Uncount a try that could not be compared, in a transaction of its own."""
    with db.transaction():
        if tried.network:
            lockout.give_back(Counted.NETWORK, [tried.network])
        lockout.give_back(Counted.IDENTITY, [tried.identity])
        lockout.give_back(Counted.MEMBERSHIP, tried.members.values())


def forgive(tried: PasswordTry) -> None:
    """Uncount a try at a name that turned out to be somebody else's.

    What was counted for a name that nobody has here is forgotten: its owner is known by now.
    """
    if tried.account_id is not None:
        give_back(tried)
        return
    with db.transaction():
        lockout.clear(Counted.IDENTITY, [tried.identity])


def give_back_network(tried: PasswordTry) -> None:
    """Uncount a try for the network alone: another is counted in its place."""
    with db.transaction():
        if tried.network:
            lockout.give_back(Counted.NETWORK, [tried.network])


def opened(tried: PasswordTry, matched: Iterable[StoredPassword]) -> None:
    """Settle a try that opened something: clear what the password owns, give back the rest.

    Rows are taken in the order of `begin` (network, identity, members), so that tries that meet
    wait for one another instead of deadlocking.
    """
    places = {row.organisation_id for row in matched}
    if tried.network:
        lockout.give_back(Counted.NETWORK, [tried.network])
    settle = lockout.clear if None in places else lockout.give_back
    settle(Counted.IDENTITY, [tried.identity])
    own = db.session().scalars(select(Membership).where(Membership.id.in_(tried.members)))
    proven = {m.id for m in own if _password_place(tried, m) in places}
    lockout.clear(Counted.MEMBERSHIP, [tried.members[each] for each in proven])
    rest = [subject for each, subject in tried.members.items() if each not in proven]
    lockout.give_back(Counted.MEMBERSHIP, rest)


def row_for(tried: PasswordTry, membership: Membership | None) -> StoredPassword | None:
    """Return the one password that is good for a membership, or for the account as a whole."""
    place = _password_place(tried, membership)
    return next((row for row in tried.stored if row.organisation_id == place), None)


def own_places(account_id: uuid.UUID) -> frozenset[uuid.UUID]:
    """Return the organisations where an account has a password of its own, however many."""
    places = select(Password.organisation_id).where(
        Password.account_id == account_id, Password.organisation_id.is_not(None)
    )
    return frozenset(place for place in db.session().scalars(places) if place)


def _password_place(tried: PasswordTry, membership: Membership | None) -> uuid.UUID | None:
    place = membership.organisation_id if membership else None
    return place if place in tried.own else None


def _of_nobody(identity: str, visitor: Visitor) -> PasswordTry:
    subject = _subject_of_nobody(identity)
    network = try_charges.network(visitor, None)
    try_charges.identity(subject)
    chance = random.Random(_drawn(identity))  # noqa: S311 (has to be repeatable)
    decoys = password_census.draw(chance)
    return PasswordTry(None, [], subject, network, {}, decoys=min(decoys, MOST_HASHES))


def subjects_of(account: Account) -> list[str]:
    """Return what strangers' tries at an account are counted under.

    Before it is activated that is what its names would be counted under if nobody had them.
    """
    if account.activated_at is not None:
        return [f"account:{account.id}"]
    names = (account.email_key, account.username_key)
    return [_subject_of_nobody(each) for each in names if each]


def _subject_of_nobody(identity: str) -> str:
    return f"nobody:{int(_drawn(identity)[:10], 16) % UNKNOWN_BUCKETS}"


def _drawn(identity: str) -> str:
    key = config.current().secret_keys[-1]  # the oldest: rotation must not forget the counts
    return keyed_digest(key, "nobody", identity_key(identity) or identity.strip())


def _of(
    account: Account,
    visitor: Visitor,
    ours: list[Membership],
    *,
    only: bool = False,
    subject: str = "",
) -> PasswordTry:
    known = known_devices.known_as(account, visitor)
    own = own_places(account.id)
    aim = next((m.organisation_id for m in ours if m.organisation_id in own), None)
    known_as = known.by(aim if only else None)
    network = try_charges.network(visitor, known_as, account.id)
    base = subject or f"account:{account.id}"
    subject, spared = try_charges.account(account.id, base, known_as, known)
    names = {m.id: known.by(m.organisation_id if m.organisation_id in own else None) for m in ours}
    members, locked = try_charges.members(ours, names)
    stored = _stored(account, {m.organisation_id for m in ours}, narrow=only)
    if spared:
        stored = [row for row in stored if known.by(row.organisation_id)]
    places = frozenset(m.organisation_id for m in ours)
    charged = (account.id, stored, subject, network, members, locked)
    return PasswordTry(*charged, own=own, places=places)


def _stored(
    account: Account, places: set[uuid.UUID | None], *, narrow: bool
) -> list[StoredPassword]:
    """Return the rows to compare with, the account's own first.

    `narrow` leaves the account's own out where the one organisation has another.
    """
    columns = (Password.id, Password.organisation_id, Password.hash, Password.changed_at)
    newest = Password.organisation_id.is_not(None), Password.changed_at.desc()
    rows = db.session().execute(
        select(*columns).where(Password.account_id == account.id).order_by(*newest)
    )
    stored = [StoredPassword(*row) for row in rows if row[1] is None or row[1] in places]
    own = [row for row in stored if row.organisation_id is not None]
    return own if narrow and own else stored[:MOST_HASHES]
