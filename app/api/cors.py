"""Letting programs in browsers call the API from other origins: those listed, and no others.

Off unless DOORWARD_CORS_ORIGINS names some. An origin is compared whole and said back exactly;
`*` and `null` are nobody's.
"""

from flask import Blueprint, request
from werkzeug.wrappers import Response

from app import config

METHODS = "GET, POST, DELETE"
REQUEST_HEADERS = "Authorization, Content-Type, X-2fa-code, X-2fa-method, X-Auth-Token, X-User-Id"
SHOWN_HEADERS = "Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset"
PREFLIGHT_MAX_AGE_S = 600
NOBODY = {"*", "null"}


def listen(api: Blueprint) -> None:
    """Answer the preflights of everything below `api`, and say who may read its answers."""
    api.before_request(_answer_preflight)
    api.after_request(_say_who_may_read)


def _answer_preflight() -> Response | None:
    asked = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    if not asked or not _listed():
        return None
    response = Response(status=204)
    response.headers["Access-Control-Allow-Methods"] = METHODS
    response.headers["Access-Control-Allow-Headers"] = REQUEST_HEADERS
    response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_MAX_AGE_S)
    return response


def _say_who_may_read(response: Response) -> Response:
    if not config.current().cors_origins:
        return response
    response.vary.add("Origin")
    if _listed():
        response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
        response.headers["Access-Control-Allow-Credentials"] = "true"
        response.headers["Access-Control-Expose-Headers"] = SHOWN_HEADERS
        # The pages' own same-origin would keep the answer from whoever is allowed to read it.
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _listed() -> bool:
    origin = request.headers.get("Origin", "")
    return origin not in NOBODY and origin in config.current().cors_origins
