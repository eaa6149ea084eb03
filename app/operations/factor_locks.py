"""Telling that wrong answers locked the second step of an account, at the moment when they do.

Whoever gave them has proved the password, or a passkey: the mail's link leads to a new one.
"""

import uuid

from app.models import Account
from app.operations import audit, lockout, locks, news
from app.operations.visitor import Visitor


def tell(account: Account, visitor: Visitor, session_id: uuid.UUID | None = None) -> None:
    """Mail the owner, and record it, if nothing is compared any more after a wrong answer.

    In the caller's transaction. `session_id` is the session that gave it, where one did.
    """
    limits = (lockout.FACTOR, lockout.FACTOR_EVER)
    locked = lockout.locked_until([(each.counted, str(account.id)) for each in limits])
    if not locked:
        return
    until = max(locked.values())
    words = {} if locks.is_for_good(until) else {"locked_until": until.isoformat()}
    news.tell("second_step_locked", account, visitor, words, session_id=session_id)
    audit.record("second_step_locked", visitor, account_id=account.id)
