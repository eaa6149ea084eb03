"""Opening the lock of a network: what superusers do for whoever sits behind one address."""

import uuid

from sqlalchemy import select

from app import db
from app.clock import now
from app.models import Counted, FailedSignIns
from app.operations import audit, authority, lockout
from app.operations.authority import Administrator
from app.operations.rights import Action
from app.operations.sign_in_facts import NetworkLock
from app.operations.visitor import Visitor

MOST = 20  # that are listed, those first that turned most away


def locked(administrator: Administrator) -> list[NetworkLock]:
    """Return which networks are locked now, as far as they are listed; raise NotFound."""
    authority.require(administrator, Action.UNLOCK_NETWORK)
    row = FailedSignIns
    now_locked = row.counted == Counted.NETWORK, row.locked_until > now()
    found = select(row.subject, row.locked_until, row.turned_away).where(*now_locked)
    ordered = found.order_by(row.turned_away.desc(), row.subject).limit(MOST)
    rows = db.session().execute(ordered)
    return [NetworkLock(network, until, times) for network, until, times in rows if until]


def is_locked(network: str) -> bool:
    """Tell whether a network is locked now."""
    return bool(lockout.locked_until([(Counted.NETWORK, network)]))


def unlock(
    administrator: Administrator,
    network: str,
    visitor: Visitor,
    account_id: uuid.UUID | None = None,
) -> bool:
    """Open the lock of a network, for everybody behind it; False where it has none.

    `account_id` is for whose sake. Raises ProofRequired and NotFound.
    """
    with authority.acting(administrator, Action.UNLOCK_NETWORK):
        if account_id is not None:
            authority.check(administrator, Action.UNLOCK_NETWORK, account_id)
        if not is_locked(network):
            return False
        lockout.clear(Counted.NETWORK, [network])
        audit.record(
            "network_unlocked",
            visitor,
            account_id=account_id,
            by=administrator.account_id,
            network=network,
        )
    return True
