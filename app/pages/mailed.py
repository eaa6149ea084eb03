"""Tickets that came by mail.

Opening a link changes nothing and spends nothing: mail scanners open links too. The ticket moves
from the address into this browser's session, the page shows a button, and the button acts.
"""

from flask import request, session

LONGEST_TICKET = 200  # characters; it travels in the session cookie


def took_from_link(kind: str) -> bool:
    """Keep the ticket of a link's address, if there is one; then the page has to be reloaded."""
    ticket = request.args.get("ticket")
    if ticket is None:
        return False
    hold(kind, ticket[:LONGEST_TICKET])
    return True


def hold(kind: str, ticket: str) -> None:
    """Keep a ticket in this browser's session."""
    session[_key(kind)] = ticket


def held(kind: str) -> str | None:
    """Return the ticket that this browser holds, if any."""
    ticket: str | None = session.get(_key(kind))
    return ticket


def drop(kind: str) -> None:
    """Forget the ticket: it is spent, or was refused."""
    session.pop(_key(kind), None)


def _key(kind: str) -> str:
    return f"{kind}_ticket"
