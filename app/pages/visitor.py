"""Who sent the request at hand."""

from flask import g, request

from app.models import Interface
from app.operations.visitor import Visitor
from app.pages import cookies

LONGEST_USER_AGENT = 256  # characters


def visitor() -> Visitor:
    """Return where this request comes from, and who acts where that is an administrator."""
    looking = g.get("looking_as")
    return Visitor(
        Interface.PAGES,
        request.remote_addr or "unknown",
        request.user_agent.string[:LONGEST_USER_AGENT],
        cookies.read(cookies.DEVICE),
        looking.administrator_id if looking else None,
    )
