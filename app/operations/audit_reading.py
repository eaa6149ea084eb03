"""What an administrator reads in the audit log: the events of their place, with names.

Superusers read everything. An organisation's account administrators read the events that bear its
id; whoever they do not see as a member is not named.
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import select

from app import db
from app.models import Account, Organisation
from app.operations import accounts, audit, audit_log, authority
from app.operations.audit_log import Entry, Filter
from app.operations.authority import Administrator
from app.operations.rights import Action
from app.operations.visitor import Visitor

NAMED_AT_ONCE = 500  # events of an export
NOBODY = uuid.UUID(int=0)  # the id of no account


@dataclass(frozen=True)
class Line:
    """One event with what its ids are called, as far as this seat may know; None where not."""

    entry: Entry
    whom: Account | None
    by: Account | None
    organisation: str | None


@dataclass(frozen=True)
class Page:
    """Some events, and where those before them begin; None where there are none."""

    lines: list[Line]
    older: str | None


@dataclass(frozen=True)
class Verified:
    """When the log was last verified here, by whom, how much of it, and what was found."""

    at: datetime
    by: str | None
    events: int
    faults: int


def account_named(administrator: Administrator, text: str) -> uuid.UUID:
    """Return the id of whom an address, a username or an id names; one that nobody has, if none.

    Whoever a seat does not see has no name there: an event that bears an id only would else be
    told to be theirs. An id opens nothing: the filter and the reach hold behind any.
    """
    try:
        return uuid.UUID(text)
    except ValueError:
        named = accounts.is_named(text)
    if named is None:
        return NOBODY
    seen = select(Account.id).where(named, authority.within(administrator))
    return db.session().scalar(seen) or NOBODY


def page(administrator: Administrator, wanted: Filter, cursor: str | None = None) -> Page:
    """Return the newest events that a filter shows, or older ones; raise NotFound."""
    authority.require(administrator, Action.SEE_AUDIT)
    found = audit_log.page(wanted, within=administrator.organisation_id, cursor=cursor)
    return Page(_named(administrator, found.entries), found.older)


def begin_export(administrator: Administrator, wanted: Filter, visitor: Visitor) -> Iterator[Line]:
    """Record an export, and return each event that the filter shows, read as it is taken.

    What was looked for is not recorded, only that something was. Raises ProofRequired and NotFound.
    """
    with authority.acting(administrator, Action.EXPORT_AUDIT):
        place = administrator.organisation_id or wanted.organisation_id
        narrowed = int(wanted != Filter(organisation_id=wanted.organisation_id))
        by = administrator.account_id
        audit.record("audit_exported", visitor, by=by, organisation_id=place, searched=narrowed)
    return _exported(administrator, wanted)


def last_verified(administrator: Administrator) -> Verified | None:
    """Return how the log was when it was last verified from these pages; raise NotFound."""
    authority.require(administrator, Action.VERIFY_AUDIT)
    done = audit_log.page(Filter(what="audit_verified"), within=None, size=1).entries
    if not done:
        return None
    who = db.session().get(Account, done[0].by_account_id or NOBODY)
    details = done[0].details
    events, faults = int(details.get("events", 0)), int(details.get("faults", 0))
    return Verified(done[0].at, who.shown_name if who else None, events, faults)


def _exported(administrator: Administrator, wanted: Filter) -> Iterator[Line]:
    entries = audit_log.export(wanted, within=administrator.organisation_id)
    while some := list(islice(entries, NAMED_AT_ONCE)):
        yield from _named(administrator, some)


def _named(administrator: Administrator, entries: list[Entry]) -> list[Line]:
    """Name what events tell of: two statements, however many they are."""
    people = _people(
        administrator, _ids(e for x in entries for e in (x.account_id, x.by_account_id))
    )
    places = _places(administrator, _ids(each.organisation_id for each in entries))
    return [
        Line(
            each,
            people.get(each.account_id or NOBODY),
            people.get(each.by_account_id or NOBODY),
            places.get(each.organisation_id or NOBODY),
        )
        for each in entries
    ]


def _ids(given: Iterable[uuid.UUID | None]) -> set[uuid.UUID]:
    return {each for each in given if each is not None}


def _people(administrator: Administrator, ids: set[uuid.UUID]) -> dict[uuid.UUID, Account]:
    seen = select(Account).where(Account.id.in_(ids), authority.within(administrator))
    return {each.id: each for each in db.session().scalars(seen)} if ids else {}


def _places(administrator: Administrator, ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    named = select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids))
    if not administrator.of_portal:
        named = named.where(Organisation.id == administrator.organisation_id)
    return {row.id: row.name for row in db.session().execute(named)} if ids else {}
