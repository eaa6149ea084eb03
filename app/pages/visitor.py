"""Who sent the request at hand."""

from flask import request

from app.models import Interface
from app.operations.visitor import Visitor
from app.pages import cookies

LONGEST_USER_AGENT = 256  # characters


def visitor() -> Visitor:
    """Return where this request comes from."""
    return Visitor(
        Interface.PAGES,
        request.remote_addr or "unknown",
        request.user_agent.string[:LONGEST_USER_AGENT],
        cookies.read(cookies.DEVICE),
    )
