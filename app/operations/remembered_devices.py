"""Devices that are trusted for some days: there the second factor is not asked again.

Only where every organisation in reach allows it, on the pages, and for no more than the factor
that was answered when the device was remembered. The session that such a device opens has proved
its factor back then: whatever asks for a fresh proof asks for a real one.
"""

import uuid
from datetime import timedelta

from sqlalchemy import delete, select

from app import db
from app.clock import now
from app.errors import NotFound
from app.models import (
    Account,
    Factor,
    Interface,
    PendingSignIn,
    RememberedDevice,
    Role,
    Session,
)
from app.operations import audit, factors, known_devices, memberships, sessions, ways_in
from app.operations.visitor import Visitor
from app.security.tokens import digest

USUAL_DAYS = 30  # where no organisation says anything
REMEMBERED = frozenset({Factor.PIN, Factor.CODE, Factor.PASSKEY})


def days_allowed(account: Account) -> int:
    """Return for how many days a device may be trusted: the least of all policies in reach."""
    ours = memberships.of(account.id)
    if any(membership.role is Role.SUPERUSER for membership in ours):
        return 0  # the portal's own administrators answer each time
    places = [m.organisation for m in ours if m.organisation is not None]
    return min((place.policy.rememberDeviceDays for place in places), default=USUAL_DAYS)


def standing_in(pending: PendingSignIn, visitor: Visitor) -> RememberedDevice | None:
    """Return the remembered device that answers for whoever signs in or switches, if it is one."""
    confirming = pending.verification.session_id is not None and pending.membership is None
    if confirming or pending.factor not in REMEMBERED:
        return None
    account = pending.verification.account
    row = _row_of(account, visitor)
    if row is None:
        return None
    demand = max(ways_in.demand_of(pending), factors.of(account).floor)
    if not factors.satisfies(row.factor, demand):
        return None
    days = days_allowed(account)
    if row.proved_at + timedelta(days=days) <= now():
        return None
    row.last_used_at = now()
    return row


def remember(account: Account, cookie: str, factor: Factor, visitor: Visitor) -> None:
    """Trust the device that `cookie` names, in the caller's transaction, if policies allow it.

    `cookie` is the known-device cookie's new value; `factor` what was answered just now.
    """
    days, name = days_allowed(account), known_devices.name_in(cookie, account)
    if days == 0 or name is None or factor not in REMEMBERED:
        return
    moment = now()
    facts = {
        "factor": factor,
        "proved_at": moment,
        "expires_at": moment + timedelta(days=days),
        "address": visitor.address,
        "user_agent": visitor.user_agent[:256],
    }
    row = {"id": uuid.uuid4(), "account_id": account.id, "digest": digest(name), **facts}
    table = RememberedDevice
    put = db.upsert(table).values(**row)
    keys = [table.account_id, table.digest]
    db.session().execute(put.on_conflict_do_update(index_elements=keys, set_=facts))
    audit.record("device_remembered", visitor, account_id=account.id, days=days)


def of(account: Account) -> list[RememberedDevice]:
    """Return an account's remembered devices, the newest first."""
    row = RememberedDevice
    live = select(row).where(row.account_id == account.id, row.expires_at > now())
    return list(db.session().scalars(live.order_by(row.proved_at.desc(), row.id)))


def forget(session: Session, device_id: uuid.UUID, visitor: Visitor) -> None:
    """Forget one of the account's devices, and end what it opened. Raises NotFound.

    Raises ProofRequired unless the session met the account's own way in.
    """
    sessions.require_account(session)
    account_id, session_id, row = session.account_id, session.id, RememberedDevice
    with db.transaction() as current:
        opened = delete(Session).where(
            Session.remembered_device_id == device_id, Session.id != session_id
        )
        current.execute(opened.where(Session.account_id == account_id))
        mine = delete(row).where(row.id == device_id, row.account_id == account_id)
        if current.scalar(mine.returning(row.id)) is None:
            raise NotFound
        audit.record("device_forgotten", visitor, account_id=account_id)


def forget_all(account: Account) -> None:
    """Trust no device of the account any more, in the caller's transaction."""
    row = RememberedDevice
    db.session().execute(delete(row).where(row.account_id == account.id))


def _row_of(account: Account, visitor: Visitor) -> RememberedDevice | None:
    if visitor.interface is not Interface.PAGES:
        return None
    name = known_devices.name_in(visitor.device, account)
    if name is None:
        return None
    row = RememberedDevice
    mine = (row.account_id == account.id, row.digest == digest(name), row.expires_at > now())
    return db.session().scalar(select(row).where(*mine))
