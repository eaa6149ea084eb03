"""Opening the lock of a network: what superusers do for whoever sits behind one address."""

import uuid

from app.models import Counted
from app.operations import audit, authority, lockout, sign_in_facts
from app.operations.authority import Administrator
from app.operations.rights import Action
from app.operations.sign_in_facts import NetworkLock
from app.operations.visitor import Visitor


def locked(administrator: Administrator, account_id: uuid.UUID) -> list[NetworkLock]:
    """Return which of the networks are locked from which an account was tried or is known.

    Raises NotFound.
    """
    account = authority.check(administrator, Action.UNLOCK_NETWORK, account_id)
    return sign_in_facts.network_locks(account, sign_in_facts.tries_of(account))


def unlock(
    administrator: Administrator, account_id: uuid.UUID, network: str, visitor: Visitor
) -> bool:
    """Open the lock of one of these networks, for everybody behind it; False where it has none.

    Raises ProofRequired and NotFound.
    """
    with authority.acting(administrator, Action.UNLOCK_NETWORK):
        if network not in {each.network for each in locked(administrator, account_id)}:
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
