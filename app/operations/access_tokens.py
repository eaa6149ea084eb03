"""Signed access tokens, and finding the session behind any bearer."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from app import config
from app.clock import now
from app.errors import TicketRefused
from app.models import Session
from app.operations import sessions, signing_keys
from app.security import jwt
from app.security.tokens import new_uuid

AUDIENCE = "doorward"
SHORT = timedelta(minutes=15)  # contract 004's, which are renewed by a refresh token
HASURA_CLAIMS = "https://hasura.io/jwt/claims"


def issue(session: Session, lifetime: timedelta | None = None) -> str:
    """Return a signed token for `session`, good for `lifetime` or as long as the session."""
    keys, moment = signing_keys.current(), now()
    ends = session.expires_at if lifetime is None else moment + lifetime
    return jwt.sign(
        _claims(session, moment, min(ends, session.expires_at)), keys.signing, keys.algorithm
    )


def find(bearer: str) -> Session:
    """Return the live session behind a bearer of any interface, or raise TicketRefused.

    A signed token is only as good as its session, which is looked up on each request.
    """
    return _of_token(bearer) if bearer.count(".") == jwt.PARTS - 1 else sessions.find(bearer)


def _of_token(token: str) -> Session:
    try:
        claims = _verified(token)
        session = sessions.find_by_id(uuid.UUID(claims["sid"]))
    except (jwt.BadToken, ValueError) as error:
        raise TicketRefused from error
    if str(session.account_id) != claims["sub"]:
        raise TicketRefused
    return session


def _verified(token: str) -> dict[str, Any]:
    keys = signing_keys.current()
    expected = {"iss": config.current().base_url, "aud": AUDIENCE}
    try:
        return jwt.verify(token, keys.verifying, keys.algorithms, expected, now())
    except jwt.UnknownKey:
        keys = signing_keys.newest(keys)
        return jwt.verify(token, keys.verifying, keys.algorithms, expected, now())


def _claims(session: Session, moment: datetime, ends: datetime) -> dict[str, Any]:
    who, seconds = str(session.account_id), int(moment.timestamp())
    return {
        "iss": config.current().base_url,
        "aud": AUDIENCE,
        "sub": who,
        "sid": str(session.id),
        "jti": new_uuid(),
        "iat": seconds,
        "nbf": seconds,
        "exp": int(ends.timestamp()),
        HASURA_CLAIMS: {
            "x-hasura-user-id": who,
            "x-hasura-allowed-roles": ["user"],
            "x-hasura-default-role": "user",
        },
    }
