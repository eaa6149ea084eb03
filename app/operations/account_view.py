"""What an administrator is told of one account: what belongs to their seat, and no more."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app import db
from app.models import (
    Account,
    AuditEvent,
    DirectoryEntry,
    Membership,
    Passkey,
    Password,
    Session,
    TotpDevice,
)
from app.operations import (
    account_acts,
    authority,
    impersonation,
    kept_elsewhere,
    locks,
    rights,
    session_acts,
    sessions,
)
from app.operations.account_acts import ACTS
from app.operations.authority import Administrator
from app.operations.locks import Lock
from app.operations.rights import Action

MOST_EVENTS = 25


@dataclass(frozen=True)
class Factor:
    """A second factor that an account has: its kind, and since when. Never its secret."""

    kind: str
    since: datetime


@dataclass(frozen=True)
class OpenSession:
    """A live session and where it holds a seat, as far as the administrator may know."""

    session: Session
    memberships: list[Membership]


@dataclass(frozen=True)
class Event:
    """Something that happened; `by` is an administrator's name, where it may be told."""

    event: AuditEvent
    by: str | None


@dataclass(frozen=True)
class View:
    """One account as an administrator sees it.

    `whole` tells whether it is their business as a whole; else what concerns all of it (factors,
    locks of the account, its other sessions and its history elsewhere) is left out. `own_passwords`
    says since when the account has a password of its own at an organisation; None is the account's.
    `entry` tells of the directory that has the account's, if one has.
    """

    account: Account
    whole: bool
    memberships: list[Membership]
    factors: list[Factor]
    locks: list[Lock]
    sessions: list[OpenSession]
    passwords: dict[uuid.UUID | None, datetime]
    history: list[Event]
    offers: set[Action]
    may_end_sessions: bool
    entry: DirectoryEntry | None


def of(administrator: Administrator, account_id: uuid.UUID) -> View:
    """Return what an administrator may know of an account; raise NotFound."""
    authority.require(administrator, Action.SEE_ACCOUNTS)
    account = authority.see(administrator, account_id)
    whole = authority.belongs_here_alone(administrator, account_id)
    memberships = authority.memberships_seen(administrator, [account_id])
    return View(
        account=account,
        whole=whole,
        memberships=memberships,
        factors=factors_of(account) if whole else [],
        locks=_locks(account, memberships, whole=whole),
        sessions=_sessions(administrator, account_id),
        passwords=_passwords(administrator, account_id, whole=whole),
        history=_history(administrator, account_id, whole=whole),
        offers=offers_of(administrator, account),
        may_end_sessions=not authority.refused(administrator, Action.END_SEATS, [account_id]),
        entry=kept_elsewhere.entry_of(account_id),
    )


def offers_of(administrator: Administrator, account: Account) -> set[Action]:
    """Return the acts that this seat may do to this account, and that would change anything."""
    place = administrator.organisation_id
    beyond = {
        reach: bool(authority.refused(administrator, action, [account.id]))
        for reach, action in _an_action_of_each_reach(administrator).items()
    }
    offered = set()
    for action in Action:
        reach = authority.reach(administrator, action)
        if reach is None or beyond[reach]:
            continue
        if action is Action.IMPERSONATE and not impersonation.may(administrator, account):
            continue
        about_one_place = action in account_acts.ABOUT_ONE_PLACE
        if action in ACTS and (about_one_place and place is None):
            continue
        if action not in ACTS or account_acts.applies(action, account, place):
            offered.add(action)
    return offered


def _an_action_of_each_reach(administrator: Administrator) -> dict[rights.Reach, Action]:
    found = ((authority.reach(administrator, action), action) for action in Action)
    return {reach: action for reach, action in found if reach is not None}


def factors_of(account: Account) -> list[Factor]:
    """Return the second factors that an account has, and since when."""
    mine = TotpDevice.account_id == account.id, TotpDevice.confirmed_at.is_not(None)
    apps = db.session().scalars(select(TotpDevice.confirmed_at).where(*mine))
    found = [Factor("app", since) for since in apps if since]
    keys = select(Passkey.created_at).where(Passkey.account_id == account.id)
    oldest_first = db.session().scalars(keys.order_by(Passkey.created_at))
    found += [Factor("passkey", since) for since in oldest_first]
    if account.pin_chosen_at is not None:
        found.append(Factor("pin", account.pin_chosen_at))
    return found


def _locks(account: Account, memberships: list[Membership], *, whole: bool) -> list[Lock]:
    of_account = locks.of_accounts([account.id]) if whole else []
    return [*of_account, *locks.of_members(memberships)]


def _sessions(administrator: Administrator, account_id: uuid.UUID) -> list[OpenSession]:
    live = session_acts.of_account(administrator, account_id)
    held = sessions.memberships_held([each.id for each in live])
    place = administrator.organisation_id
    return [
        OpenSession(each, [m for m in held.get(each.id, []) if place in (None, m.organisation_id)])
        for each in live
    ]


def _passwords(
    administrator: Administrator, account_id: uuid.UUID, *, whole: bool
) -> dict[uuid.UUID | None, datetime]:
    """Return since when there is which password. Its hash is nobody's business."""
    mine = select(Password.organisation_id, Password.changed_at)
    rows = db.session().execute(mine.where(Password.account_id == account_id))
    found = {row.organisation_id: row.changed_at for row in rows}
    if administrator.of_portal:
        return found
    seen = {administrator.organisation_id, None} if whole else {administrator.organisation_id}
    return {place: since for place, since in found.items() if place in seen}


def _history(administrator: Administrator, account_id: uuid.UUID, *, whole: bool) -> list[Event]:
    row = AuditEvent
    mine = select(row).where(row.account_id == account_id)
    if not administrator.of_portal:
        here = row.organisation_id == administrator.organisation_id
        mine = mine.where(here | row.organisation_id.is_(None) if whole else here)
    newest = mine.order_by(row.at.desc(), row.position.desc()).limit(MOST_EVENTS)
    events = list(db.session().scalars(newest))
    names = _names(administrator, {each.by_account_id for each in events if each.by_account_id})
    return [Event(each, names.get(each.by_account_id)) for each in events]


def _names(administrator: Administrator, ids: set[uuid.UUID]) -> dict[uuid.UUID | None, str]:
    """Return the names of those who acted, where this seat sees their accounts."""
    seen = select(Account).where(Account.id.in_(ids), authority.within(administrator))
    return {each.id: each.shown_name for each in db.session().scalars(seen)}
