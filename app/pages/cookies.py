"""The cookies of the pages.

Over https they bear the prefix `__Host-`, which binds them to this host, to TLS and to the path
`/`; on http://localhost browsers would refuse that, so the plain names stand there.
"""

from datetime import timedelta

from flask import request
from werkzeug.wrappers import Response

from app import config

DEVICE = "doorward_device"
CHOICE = "doorward_choice"
YEAR = timedelta(days=365)


def name(plain: str) -> str:
    """Return what a cookie is called in this deployment."""
    return f"__Host-{plain}" if config.current().https else plain


def read(plain: str) -> str | None:
    """Return what the browser sent for one of our cookies."""
    return request.cookies.get(name(plain))


def keep(response: Response, plain: str, value: str) -> None:
    """Let the browser keep a value for a year, out of scripts' reach."""
    response.set_cookie(
        name(plain),
        value,
        max_age=YEAR,
        secure=config.current().https,
        httponly=True,
        samesite="Lax",
    )
