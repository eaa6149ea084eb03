"""Refusing what another site makes a browser send.

Two independent locks: a token that is bound to the browser's session, and what the browser
itself says about where a request comes from.
"""

from collections.abc import Collection

from flask import Flask, abort, request
from flask_wtf import CSRFProtect

from app import config

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
OWN = {"same-origin", "none"}  # "none": typed, or from a bookmark

csrf = CSRFProtect()


def init_app(app: Flask, blueprints: Collection[str]) -> None:
    """Guard every POST; the origin is checked for these blueprints only.

    Contracts exempt themselves from the token: they read no cookie.
    """
    app.config.update(
        WTF_CSRF_TIME_LIMIT=None,  # a token lives as long as the session it is bound to
        WTF_CSRF_SSL_STRICT=False,  # asks for a Referer; we ask for more, below
    )
    csrf.init_app(app)

    @app.before_request
    def check_origin() -> None:
        if request.blueprint in blueprints and request.method not in SAFE_METHODS:
            refuse_other_sites()


def refuse_other_sites() -> None:
    """Answer 403 to a request that another site, or a sandboxed frame, made."""
    origin = request.headers.get("Origin")
    if request.headers.get("Sec-Fetch-Site", "none") not in OWN:
        abort(403)
    if origin is not None and origin.lower() not in _own_origins():
        abort(403)


def _own_origins() -> set[str]:
    return {config.current().base_url.lower(), request.host_url.rstrip("/").lower()}
