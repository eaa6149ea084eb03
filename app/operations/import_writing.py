"""Writing what was decided of a batch: a few statements for all of its rows."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import insert

from app import config, db
from app.clock import now
from app.models import (
    Account,
    ImportRow,
    Membership,
    Organisation,
    Outcome,
    Password,
    Role,
    TotpDevice,
)
from app.operations import audit, import_inviting, withdrawal
from app.operations.import_caller import Caller
from app.operations.import_deciding import Decision
from app.operations.import_entries import Entry
from app.security import sealing
from app.security.tokens import new_short_id

Row = dict[str, Any]


def write(import_id: uuid.UUID, decisions: Sequence[Decision], caller: Caller) -> None:
    """Make what was decided, in the caller's transaction, and keep what became of each row."""
    moment = now()
    made = [each for each in decisions if each.outcome is Outcome.CREATED]
    _insert(Account, [_account(each, moment) for each in made])
    _insert(Membership, [row for each in decisions for row in _memberships(each, moment)])
    _insert(Password, [row for each in decisions for row in _passwords(each, moment)])
    _insert(TotpDevice, [_app(each, moment) for each in made if each.placed.entry.totp_secret])
    _settle([each for each in decisions if each.membership_id and not each.made_here])
    _invite([each for each in decisions if each.outcome is Outcome.INVITED], caller)
    _record(import_id, decisions, caller)
    note(import_id, decisions)


def note(import_id: uuid.UUID, decisions: Iterable[Decision], *, dry_run: bool = False) -> None:
    """Keep what became of each row, or in a dry run would have; nothing else."""
    _insert(ImportRow, [_noted(import_id, each, dry_run=dry_run) for each in decisions])


def _insert(table: type[db.Base], rows: list[Row]) -> None:
    if rows:
        db.session().execute(insert(table), rows)


def _account(decision: Decision, moment: datetime) -> Row:
    """Return the account as a row.

    One that was never activated, and has a password, was registered by whoever chose that: only
    somebody who reads its mail and knows it makes it good (see operations.registration).
    """
    entry = decision.placed.entry
    strangers = not entry.activated and entry.password_hash is not None
    return {
        "id": decision.account_id,
        "short_id": entry.short_id or new_short_id(),
        "email": entry.email,
        "email_key": entry.email_key,
        "username": entry.username,
        "username_key": entry.username_key,
        "name": entry.name,
        "registered_at": moment if strangers else None,
        "activated_at": moment if entry.activated else None,
        "suspended_at": moment if entry.suspended else None,
    }


def _memberships(decision: Decision, moment: datetime) -> Iterable[Row]:
    place, entry = decision.placed.organisation_id, decision.placed.entry
    row = {"account_id": decision.account_id, "created_at": moment}
    if decision.membership_id:
        yield row | {"id": decision.membership_id, "organisation_id": place, "role": entry.role}
    if _is_new_superuser(decision):
        yield row | {"id": uuid.uuid4(), "organisation_id": None, "role": Role.SUPERUSER}


def _passwords(decision: Decision, moment: datetime) -> Iterable[Row]:
    place, entry = decision.placed.organisation_id, decision.placed.entry
    row = {"account_id": decision.account_id, "changed_at": moment}
    if decision.outcome is Outcome.CREATED and entry.password_hash:
        yield row | {"organisation_id": None, "hash": entry.password_hash}
    if decision.own_password:
        yield row | {"organisation_id": place, "hash": entry.organisation_password_hash}


def _app(decision: Decision, moment: datetime) -> Row:
    """Return the authenticator app: confirmed, for it has answered elsewhere."""
    identifier, secret = uuid.uuid4(), decision.placed.entry.totp_secret or ""
    keys = config.current().secret_keys
    sealed = sealing.seal(keys, secret.encode(), f"totp:{identifier}")
    row = {"id": identifier, "account_id": decision.account_id, "sealed_secret": sealed}
    return row | {"created_at": moment, "confirmed_at": moment}


def _settle(joined: list[Decision]) -> None:
    """End what people who were there already opened with less than their new places ask."""
    by_place = sorted(joined, key=lambda each: str(each.placed.organisation_id))
    for place, group in groupby(by_place, key=lambda each: each.placed.organisation_id):
        organisation = db.session().get_one(Organisation, place)
        if organisation.suspended_at is None:
            ids = [each.membership_id for each in group]
            withdrawal.what_no_longer_meets(organisation, Membership.id.in_(ids))


def _invite(decisions: Sequence[Decision], caller: Caller) -> None:
    """Mail the invitations; whoever was sent too many is refused."""
    if not decisions:
        return
    entries = [each.placed.entry for each in decisions]
    import_inviting.make_room(entries, {each.placed.organisation_id for each in decisions})
    for each in decisions:
        place, which = each.placed.organisation_id, each.invitation_id
        if place is not None and which is not None:
            each.faults = import_inviting.invite(each.placed.entry, place, which, caller)
        if each.faults:
            each.outcome, each.invitation_id = Outcome.REFUSED, None


def _record(import_id: uuid.UUID, decisions: Sequence[Decision], caller: Caller) -> None:
    """Record what changes somebody's rights: what all others got is in the import's own rows."""
    for each in decisions:
        facts: dict[str, Any] = {"account_id": each.account_id, "by": caller.by}
        if _is_new_superuser(each):
            audit.record("account_created", caller.visitor, **facts, superuser=1)
        if each.membership_id and not each.made_here:
            role, place = each.placed.entry.role, each.placed.organisation_id
            facts |= {"organisation_id": place, "role": role and role.value}
            audit.record("membership_added", caller.visitor, **facts, import_id=str(import_id))


def _is_new_superuser(decision: Decision) -> bool:
    return decision.outcome is Outcome.CREATED and decision.placed.entry.superuser


def _noted(import_id: uuid.UUID, decision: Decision, *, dry_run: bool) -> Row:
    made_up = dry_run and decision.made_here
    return {
        "import_id": import_id,
        "number": decision.placed.number,
        "outcome": decision.outcome,
        "account_id": None if made_up else decision.account_id,
        "membership_id": None if dry_run else decision.membership_id,
        "invitation_id": None if dry_run else decision.invitation_id,
        "created": ", ".join(_created(decision)),
        "faults": [[column, fault.value] for column, fault in decision.faults] or None,
        "ignored": decision.ignored or None,
    }


def _created(decision: Decision) -> Iterable[str]:
    entry: Entry = decision.placed.entry
    if decision.outcome is Outcome.CREATED:
        yield "account"
        yield from ["password"] if entry.password_hash else []
        yield from ["app"] if entry.totp_secret else []
        yield from ["superuser"] if entry.superuser else []
    yield from ["invitation"] if decision.invitation_id else []
    yield from ["membership"] if decision.membership_id else []
    yield from ["organisation password"] if decision.own_password else []
