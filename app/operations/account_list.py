"""Finding accounts among a million, within what an administrator may see.

What is searched is how the address, the username, the name or its last word begins, in their
normal forms: each by an index, and never so much of one that a short text becomes slow.
Every list takes the same number of statements, however many rows the tables have.
"""

import enum
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute

from app import db
from app.models import Account, Membership, Password, Role
from app.operations import authority, keyset, locks
from app.operations.authority import Administrator
from app.operations.keyset import Order
from app.operations.rights import Action
from app.security.identities import start_of_address, start_of_name

PAGE = 25
BATCH = 500  # rows of an export that are read at once
MOST_BEGINNINGS = 200  # accounts whose address begins so, as many whose username does, and so on
FEW_MEMBERS = 2_000  # so many are looked up one by one; of more, the list's own order is walked
LAST_SIGN = "\U0010ffff"  # no text goes on with this one

Position = tuple[Any, ...]


class State(enum.StrEnum):
    """What an account may be just now; the last two are active besides, or anything else."""

    ACTIVE = "active"
    NOT_ACTIVATED = "not-activated"
    SUSPENDED = "suspended"
    LOCKED = "locked"
    WITH_OWN = "own-password"  # a password that is good at one organisation only


class Sort(enum.StrEnum):
    """What a list may be sorted by."""

    NAME = "name"
    NAME_DOWN = "name-down"
    NEWEST = "newest"
    OLDEST = "oldest"


ORDERS = {
    Sort.NAME: Order((Account.name_key, Account.id)),
    Sort.NAME_DOWN: Order((Account.name_key, Account.id), down=True),
    Sort.NEWEST: Order((Account.created_at, Account.id), down=True),
    Sort.OLDEST: Order((Account.created_at, Account.id)),
}


@dataclass(frozen=True)
class Filter:
    """Which accounts to list; what is left out does not matter."""

    text: str = ""
    organisation_id: uuid.UUID | None = None
    role: Role | None = None
    state: State | None = None


@dataclass(frozen=True)
class Line:
    """What a list tells of one account, as far as the administrator may know."""

    account: Account
    memberships: list[Membership] = field(default_factory=list)
    locked_until: datetime | None = None


@dataclass(frozen=True)
class Found:
    """One page of a list. `cut` says that more accounts begin so than were looked at."""

    lines: list[Line]
    next: Position | None
    cut: bool


def find(
    administrator: Administrator,
    wanted: Filter,
    sort: Sort = Sort.NAME,
    after: Position | None = None,
    size: int = PAGE,
) -> Found:
    """Return one page of the accounts that an administrator may see; raises NotFound."""
    authority.require(administrator, Action.SEE_ACCOUNTS)
    query, is_cut = _query(administrator, wanted)
    page = keyset.cut(query, ORDERS[sort], after, size)
    return Found(_lines(administrator, page.rows), page.next, is_cut)


def everything(administrator: Administrator, wanted: Filter, sort: Sort) -> Iterator[Line]:
    """Yield each account that a filter shows, in batches, for an export; raises NotFound."""
    authority.require(administrator, Action.EXPORT_ACCOUNTS)
    after: Position | None = None
    while True:
        found = find(administrator, wanted, sort, after, BATCH)
        yield from found.lines
        after = found.next
        if after is None:
            return


def lines_of(administrator: Administrator, short_ids: list[str]) -> list[Line]:
    """Return those of the accounts named that an administrator may see, by name."""
    authority.require(administrator, Action.SEE_ACCOUNTS)
    chosen = select(Account).where(Account.short_id.in_(short_ids), authority.within(administrator))
    order = ORDERS[Sort.NAME]
    return _lines(administrator, list(db.session().scalars(chosen.order_by(*order.sorting))))


def _query(administrator: Administrator, wanted: Filter) -> tuple[Select[Any], bool]:
    conditions = [*_place(administrator, wanted), *_state(administrator, wanted)]
    if not start_of_name(wanted.text):
        return select(Account).where(*conditions), False
    ids, is_cut = _beginning(wanted.text, conditions)
    return select(Account).where(Account.id.in_(ids)), is_cut


def _place(administrator: Administrator, wanted: Filter) -> Iterator[ColumnElement[bool]]:
    """Restrict to members of one place, in one role; an organisation's seat sees its own only."""
    place = administrator.organisation_id or wanted.organisation_id
    here = []
    if place is not None:
        here.append(Membership.organisation_id == place)
    if wanted.role is not None:
        here.append(Membership.role == wanted.role)
    if here:
        yield _belongs(here)


def _belongs(here: list[ColumnElement[bool]]) -> ColumnElement[bool]:
    """Return the condition for members, in the form that is quick for so many."""
    some = select(Membership.id).where(*here).limit(FEW_MEMBERS + 1).subquery()
    count = db.session().scalar(select(func.count()).select_from(some)) or 0
    if count <= FEW_MEMBERS:
        return Account.id.in_(select(Membership.account_id).where(*here))
    return exists().where(Membership.account_id == Account.id, *here)


def _state(administrator: Administrator, wanted: Filter) -> Iterator[ColumnElement[bool]]:
    match wanted.state:
        case State.ACTIVE:
            yield Account.activated_at.is_not(None)
            yield Account.suspended_at.is_(None)
        case State.NOT_ACTIVATED:
            yield Account.activated_at.is_(None)
        case State.SUSPENDED:
            yield Account.suspended_at.is_not(None)
        case State.LOCKED:
            yield Account.id.in_(_locked(administrator))
        case State.WITH_OWN:
            place = administrator.organisation_id or wanted.organisation_id
            yield Account.id.in_(_with_own_password(place))


def _with_own_password(place: uuid.UUID | None) -> Select[Any]:
    """Select who has a password of one organisation's own, or of any."""
    of = Password.organisation_id
    here = of.is_not(None) if place is None else of == place
    return select(Password.account_id).where(here)


def _locked(administrator: Administrator) -> set[uuid.UUID]:
    """Return who is locked: of an organisation's people elsewhere, only what it can see."""
    whole = locks.locked_accounts()
    whole -= authority.refused(administrator, Action.UNLOCK, whole)
    place = administrator.organisation_id
    members = locks.locked_members()
    return whole | {m.account_id for m in members if place in (None, m.organisation_id)}


def _beginning(text: str, conditions: list[ColumnElement[bool]]) -> tuple[set[uuid.UUID], bool]:
    """Return whose address, username, name or last name begins so, and whether there are more."""
    found = [
        _first(Account.email_key, start_of_address(text), conditions),
        _first(Account.username_key, start_of_name(text), conditions),
        _first(Account.name_key, start_of_name(text), conditions),
        _first(Account.last_name_key, start_of_name(text), conditions),
    ]
    return set().union(*found), any(len(each) > MOST_BEGINNINGS for each in found)


def _first(
    column: InstrumentedAttribute[Any], start: str, conditions: list[ColumnElement[bool]]
) -> list[uuid.UUID]:
    begins = (column >= start, column < start + LAST_SIGN)
    ids = select(Account.id).where(*begins, *conditions).order_by(column)
    return list(db.session().scalars(ids.limit(MOST_BEGINNINGS + 1)))


def _lines(administrator: Administrator, accounts: list[Account]) -> list[Line]:
    """Tell of each account where it belongs and until when it is locked: three statements."""
    ids = [each.id for each in accounts]
    belongs = authority.memberships_seen(administrator, ids)
    alone = set(ids) - authority.refused(administrator, Action.UNLOCK, ids)
    until: dict[uuid.UUID, datetime] = {}
    for lock in [*locks.of_accounts(alone), *locks.of_members(belongs)]:
        until[lock.account_id] = max(lock.until, until.get(lock.account_id, lock.until))
    theirs: dict[uuid.UUID, list[Membership]] = {}
    for membership in belongs:
        theirs.setdefault(membership.account_id, []).append(membership)
    return [Line(each, theirs.get(each.id, []), until.get(each.id)) for each in accounts]
