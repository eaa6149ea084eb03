"""What is to become of each row of a batch, seen against what the database has.

In the caller's transaction, with statements that do not grow with the number of rows.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import InstrumentedAttribute

from app import db
from app.models import Account, ImportRow, Membership, Outcome, Password, Role
from app.operations import import_inviting
from app.operations.import_authority import Authority
from app.operations.import_entries import ACCOUNTS_OWN, Entry
from app.operations.import_faults import Fault, Faults

COLUMNS: dict[str, InstrumentedAttribute[Any]] = {
    "email": Account.email_key,
    "username": Account.username_key,
    "id": Account.id,
    "short_id": Account.short_id,
}


@dataclass(frozen=True)
class Placed:
    """A row that was looked at by itself and among the others of its file.

    `first` is the first row of the same person, perhaps this one.
    """

    entry: Entry
    first: int
    organisation_id: uuid.UUID | None
    faults: Faults

    @property
    def number(self) -> int:
        """The row's number."""
        return self.entry.number


@dataclass
class Decision:
    """What becomes of one row. `made_here` tells that this import made the account."""

    placed: Placed
    outcome: Outcome
    account_id: uuid.UUID | None = None
    made_here: bool = False
    membership_id: uuid.UUID | None = None
    invitation_id: uuid.UUID | None = None
    own_password: bool = False
    faults: Faults = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def decide(import_id: uuid.UUID, batch: Sequence[Placed], authority: Authority) -> list[Decision]:
    """Return what is to become of each row, in order; nothing is written."""
    before = _Before(import_id, batch, authority)
    return [before.decide(placed) for placed in batch]


class _Before:
    """What the database has of the people in a batch, and what the batch has decided so far."""

    def __init__(self, import_id: uuid.UUID, batch: Sequence[Placed], authority: Authority) -> None:
        self._authority = authority
        self._accounts = _accounts(batch, authority)
        self._firsts = _firsts(import_id, batch)
        known = {*self._accounts.values(), *(row.account_id for row in self._firsts.values())}
        ids = [each for each in known if each is not None]
        self._memberships = _memberships(ids)
        self._own_passwords = _own_passwords(ids)
        wanted = [(each.entry.email_key, each.organisation_id) for each in batch]
        self._invited = import_inviting.waiting(wanted) if authority.invites else set()
        self._above = _superusers(ids) if authority.invites else set()

    def decide(self, placed: Placed) -> Decision:
        """Return what is to become of one row, and remember it for the next."""
        if placed.faults:
            decision = Decision(placed, Outcome.REFUSED, faults=placed.faults)
        elif placed.first == placed.number:
            decision = self._first_row(placed)
        else:
            decision = self._later_row(placed)
        self._firsts[placed.number] = decision
        return decision

    def _first_row(self, placed: Placed) -> Decision:
        keys = placed.entry.keys
        found = {column: self._accounts.get((column, key)) for column, key in keys.items()}
        account_id = next(iter(found.values()))  # by address, else by username
        taken = [
            (column, Fault.TAKEN) for column, at in found.items() if at not in {None, account_id}
        ]
        if taken:
            return Decision(placed, Outcome.REFUSED, faults=taken)
        if account_id is None:
            return self._invite(placed) if self._authority.invites else self._new(placed)
        if account_id in self._above:
            return Decision(placed, Outcome.REFUSED, faults=[("", Fault.NOT_ALLOWED)])
        decision = self._join(placed, account_id, made_here=False)
        unlike = [column for column, at in found.items() if at is None]
        own = [column for column in ACCOUNTS_OWN if column in placed.entry.given]
        decision.ignored = [*unlike, *own, *decision.ignored]
        return decision

    def _later_row(self, placed: Placed) -> Decision:
        first = self._firsts[placed.first]
        if first.outcome is Outcome.REFUSED:
            return Decision(placed, Outcome.REFUSED, faults=[("", Fault.FIRST_REFUSED)])
        if first.account_id is None and self._authority.invites:
            return self._invite(placed)
        made_here = first.outcome is Outcome.CREATED
        return self._join(placed, first.account_id, made_here=made_here)

    def _new(self, placed: Placed) -> Decision:
        account_id = placed.entry.id or uuid.uuid4()
        decision = self._join(placed, account_id, made_here=True)
        decision.outcome = Outcome.CREATED
        return decision

    def _invite(self, placed: Placed) -> Decision:
        """Invite somebody to the row's organisation and role, unless that was done before."""
        wanted = (placed.entry.email_key, placed.organisation_id, placed.entry.role)
        if wanted in self._invited:
            return Decision(placed, Outcome.UNCHANGED)
        self._invited.add(wanted)
        return Decision(placed, Outcome.INVITED, invitation_id=uuid.uuid4())

    def _join(self, placed: Placed, account_id: uuid.UUID | None, *, made_here: bool) -> Decision:
        """Give an account the row's membership, if there is one and it has it not yet."""
        decision = Decision(placed, Outcome.UNCHANGED, account_id, made_here)
        at, role = placed.organisation_id, placed.entry.role
        if at is None or role is None:
            return decision
        if (account_id, at, role) not in self._memberships:
            decision.outcome, decision.membership_id = Outcome.JOINED, uuid.uuid4()
        if placed.entry.organisation_password_hash:
            decision.own_password = made_here and (account_id, at) not in self._own_passwords
            self._own_passwords.add((account_id, at))
            decision.ignored += [] if decision.own_password else ["organisation_password_hash"]
        return decision


def _accounts(batch: Sequence[Placed], authority: Authority) -> dict[tuple[str, str], uuid.UUID]:
    """Return whose each name in the batch is already, as far as the importer may know."""
    named: dict[str, list[str | uuid.UUID]] = {column: [] for column in COLUMNS}
    for placed in batch:
        for column, key in placed.entry.keys.items():
            named[column].append(uuid.UUID(key) if column == "id" else key)
    asked = [COLUMNS[column].in_(values) for column, values in named.items() if values]
    if not asked:
        return {}
    named_so = select(Account.id, *COLUMNS.values()).where(or_(*asked))
    if authority.invites:
        named_so = named_so.where(import_inviting.is_seen(authority.organisations))
    found: dict[tuple[str, str], uuid.UUID] = {}
    for row in db.session().execute(named_so):
        found |= {(column, str(key)): row[0] for column, key in zip(COLUMNS, row[1:], strict=True)}
    return found


def _firsts(import_id: uuid.UUID, batch: Sequence[Placed]) -> dict[int, "ImportRow | Decision"]:
    """Return what became of earlier rows that this batch's people were named in first."""
    numbers = {placed.first for placed in batch} - {placed.number for placed in batch}
    earlier = ImportRow.import_id == import_id, ImportRow.number.in_(numbers)
    return {row.number: row for row in db.session().scalars(select(ImportRow).where(*earlier))}


def _memberships(
    accounts: list[uuid.UUID],
) -> set[tuple[uuid.UUID | None, uuid.UUID | None, Role]]:
    held = select(Membership.account_id, Membership.organisation_id, Membership.role)
    theirs = held.where(Membership.account_id.in_(accounts))
    return {(row[0], row[1], row[2]) for row in db.session().execute(theirs)}


def _superusers(accounts: list[uuid.UUID]) -> set[uuid.UUID]:
    """Return which of these an organisation's administrator does not touch."""
    above = Membership.account_id.in_(accounts), Membership.role == Role.SUPERUSER
    return set(db.session().scalars(select(Membership.account_id).where(*above)))


def _own_passwords(accounts: list[uuid.UUID]) -> set[tuple[uuid.UUID | None, uuid.UUID | None]]:
    held = select(Password.account_id, Password.organisation_id)
    theirs = held.where(Password.account_id.in_(accounts), Password.organisation_id.is_not(None))
    return {(row[0], row[1]) for row in db.session().execute(theirs)}
