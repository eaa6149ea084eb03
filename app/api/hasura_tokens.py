"""Contract 004's tokens: a JSON Web Token for fifteen minutes, and what renews it for thirty days.

The refresh token stands in a cookie, or in the answer for clients that say `cookie: false`. The
cookie is read by refresh and logout and by nothing else.
"""

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app import config
from app.api.body import read
from app.api.caller import caller, visitor
from app.api.hasura_answers import answer, done, error
from app.api.hasura_bodies import GUID, LogoutBody
from app.errors import TicketRefused
from app.models import Account, Interface, Session
from app.operations import access_tokens, refreshing, sessions, signing_keys

COOKIE = "refresh_token"
COOKIE_MAX_AGE_S = 2_592_000  # thirty days
JWT_LIFETIME_MS = 900_000  # the document's jwt_expires_in: fifteen minutes
JWKS_MAX_AGE_S = 300


def hand_over(session: Session, refresh_token: str, *, in_cookie: bool) -> ResponseReturnValue:
    """Answer with both tokens of a session."""
    token = access_tokens.issue(session, access_tokens.SHORT)
    body = {"jwt_token": token, "jwt_expires_in": JWT_LIFETIME_MS}
    if not in_cookie:
        user = _user(session.account)
        return answer({**body, "refresh_token": refresh_token, "user": user})
    return _with_cookie(answer(body), refresh_token, COOKIE_MAX_AGE_S)


def refresh() -> ResponseReturnValue:
    """Trade the cookie's token for the next."""
    return _renewed(_only(request.cookies), in_cookie=True)


def refresh_by_get() -> ResponseReturnValue:
    """Do the same for clients that ask by GET, with the token in the URL or in the cookie."""
    if request.method == "HEAD":
        return done()  # to look must not spend the token
    if COOKIE in request.args:
        return _renewed(_only(request.args), in_cookie=False)
    return refresh()


def revoke() -> ResponseReturnValue:
    """End every session of the account that was opened here."""
    session = caller(lenient=True)
    _revoke(session)
    return done()


def logout() -> ResponseReturnValue:
    """End the session of a refresh token, or all as `revoke` does; no token is no error."""
    wanted = read(LogoutBody)
    token = _only(request.args if COOKIE in request.args else request.cookies)
    try:
        session = refreshing.session_of(token)
    except TicketRefused:
        return _with_cookie(done(), "", 0)
    if wanted.all:
        _revoke(session)
    else:
        sessions.end(session, visitor(Interface.HASURA_BACKEND_PLUS))
    return _with_cookie(done(), "", 0)


def jwks() -> ResponseReturnValue:
    """Show the public keys that our tokens are verified with (RFC 7517)."""
    response = answer({"keys": signing_keys.current().public})
    response.headers["Cache-Control"] = f"public, max-age={JWKS_MAX_AGE_S}"
    return response


def _renewed(token: str, *, in_cookie: bool) -> ResponseReturnValue:
    try:
        found = refreshing.renew(token, visitor(Interface.HASURA_BACKEND_PLUS))
    except TicketRefused:
        return error(401, "Invalid or expired refresh token.")
    return hand_over(*found, in_cookie=in_cookie)


def _revoke(session: Session) -> None:
    sessions.require_account(session)
    refreshing.revoke(session.account, visitor(Interface.HASURA_BACKEND_PLUS))


def _only(sent: MultiDict[str, str]) -> str:
    """Return the one refresh token that was sent.

    Two cookies of the name mean that somebody tossed one in from a sibling domain: then none is.
    """
    tokens = [token.lower() for token in sent.getlist(COOKIE)]
    return tokens[0] if len(tokens) == 1 and GUID.fullmatch(tokens[0]) else ""


def _with_cookie(response: Response, value: str, max_age: int) -> Response:
    """Set the cookie with exactly the contract's attributes; werkzeug would add Expires."""
    secure = "; Secure" if config.current().https else ""
    cookie = f"{COOKIE}={value}; Max-Age={max_age}; Path=/; HttpOnly; SameSite=Lax{secure}"
    response.headers.add("Set-Cookie", cookie)
    return response


def _user(account: Account) -> dict[str, str | None]:
    return {
        "id": str(account.id),
        "display_name": account.shown_name,
        "email": account.email,
        "avatar_url": None,
    }
