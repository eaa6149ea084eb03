"""Sending people away early while too many passwords are being compared."""

from app.errors import Busy
from app.pages.visitor import visitor
from app.security import hash_gate


def require_room() -> None:
    """Raise Busy where a hash for this visitor would be refused anyway.

    Said first thing, so that a flood costs no form, no query and no try.
    """
    if hash_gate.gate().full(visitor().network):
        raise Busy(hash_gate.RETRY_AFTER_SECONDS)
