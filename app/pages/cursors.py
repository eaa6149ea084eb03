"""Where a page of a long list begins, in the page's address.

Sealed under the portal's key, and for one list of one person: what was altered, or comes from
elsewhere, opens nothing, and nobody reads from it how many rows there are.
"""

from flask import abort

from app import config
from app.security import sealing
from app.security.sealing import Unsealable


def after(position: int | None, scope: str) -> str | None:
    """Return what to write into the address of the page that begins after `position`."""
    if position is None:
        return None
    return sealing.seal(config.current().secret_keys, str(position).encode(), f"cursor {scope}")


def position(cursor: str | None, scope: str) -> int | None:
    """Return the position that an address names, if it names one; answer 400 to a forged one."""
    if cursor is None:
        return None
    try:
        return int(sealing.unseal(config.current().secret_keys, cursor, f"cursor {scope}"))
    except Unsealable:
        abort(400)
