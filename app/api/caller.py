"""Who is calling: one look-up for every bearer of every contract."""

from flask import request

from app.errors import Busy, NotSignedIn, TicketRefused
from app.models import Interface, Session
from app.operations import access_tokens
from app.operations.visitor import Visitor
from app.security import hash_gate
from app.security.networks import network_of
from app.security.tokens import same

LONGEST_BEARER = 4_096  # characters
LONGEST_USER_AGENT = 256


def visitor(interface: Interface) -> Visitor:
    """Return where this request comes from. Programs keep no cookies: their network is known."""
    agent = request.user_agent.string[:LONGEST_USER_AGENT]
    return Visitor(interface, request.remote_addr or "unknown", agent)


def caller(*, lenient: bool = False) -> Session:
    """Return the session of whoever calls, or raise NotSignedIn.

    A bearer stands in `Authorization: Bearer …`, or in `X-Auth-Token` beside the `X-User-Id` that
    it belongs to; never in the URL, and never in a cookie. `lenient` takes one without the word
    Bearer before it, as contract 004's original does.
    """
    bearer = _bearer(lenient=lenient)
    if not 0 < len(bearer) <= LONGEST_BEARER:
        raise NotSignedIn
    try:
        session = access_tokens.find(bearer)
    except TicketRefused as refusal:
        raise NotSignedIn from refusal
    if not _is_named(session):
        raise NotSignedIn
    return session


def _bearer(*, lenient: bool) -> str:
    if "X-Auth-Token" in request.headers:
        return request.headers["X-Auth-Token"].strip()
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return scheme if lenient and not token else ""


def _is_named(session: Session) -> bool:
    """Tell whether X-User-Id, which goes with X-Auth-Token, names the session's account."""
    if "X-Auth-Token" not in request.headers:
        return True
    claimed = request.headers.get("X-User-Id", "")
    return same(claimed, session.account.short_id) or same(claimed, str(session.account_id))


def require_room() -> None:
    """Raise Busy where a hash for this network would be refused anyway, before reading a body."""
    if hash_gate.gate().full(network_of(request.remote_addr or "unknown")):
        raise Busy(hash_gate.RETRY_AFTER_SECONDS)
