"""A name for each request, which its log lines and its error page share."""

from flask import Flask, g
from structlog.contextvars import bind_contextvars, clear_contextvars

from app.security.tokens import new_uuid


def init_app(app: Flask) -> None:
    """Name every request before anything else looks at it; whatever the client says is not used."""

    @app.before_request
    def name() -> None:
        g.request_id = new_uuid()
        clear_contextvars()
        bind_contextvars(request_id=g.request_id)
