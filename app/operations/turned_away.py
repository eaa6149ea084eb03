"""Tries that a lock turned away: counted where the lock stands and by the day, told in the log.

Nothing was compared, so the audit log has no row of it: a flood must not fill that. Such a try
costs two statements, each on one row, whether or not anybody has the name that was typed.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from app import db
from app.clock import now
from app.errors import Locked, TooManyCodes, TooManyTries
from app.operations import counting, lockout
from app.operations.visitor import Visitor

log = structlog.get_logger("doorward.sign_in")

Shut = Locked | TooManyTries | TooManyCodes


@contextmanager
def noticed(visitor: Visitor) -> Iterator[None]:
    """Count a try that a lock turns away within the block, once what it began is undone.

    Put it around the unit of work that charges the try.
    """
    try:
        yield
    except (Locked, TooManyTries, TooManyCodes) as refusal:
        _note(refusal, visitor)
        raise


def _note(refusal: Shut, visitor: Visitor) -> None:
    by = refusal.by
    if by is None:
        return
    log.info(
        "sign_in_refused",
        reason=refusal.reason,
        account=str(by.account_id) if by.account_id else None,
        interface=visitor.interface.value,
        address=visitor.address,
    )
    with db.transaction():
        lockout.turn_away(by.counted, by.subject)
        counting.add(Counter({(now().date(), None, counting.TURNED_AWAY, refusal.reason): 1}))
