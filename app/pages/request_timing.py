"""How long each request took and how it ended: counted in memory, for the dashboard."""

from time import perf_counter

from flask import Flask, g, request
from werkzeug.wrappers import Response

from app.operations import request_counts

NO_PAGE = "no such address"
LONGEST = 200  # characters


def init_app(app: Flask) -> None:
    """Count every request by the route that it took; static files apart."""

    @app.before_request
    def begin() -> None:
        g.began = perf_counter()

    @app.after_request
    def note(response: Response) -> Response:
        endpoint = request.endpoint or ""
        if endpoint.rpartition(".")[2] != "static" and "began" in g:
            request_counts.note(_route(), response.status_code, perf_counter() - g.began)
        return response


def _route() -> str:
    """Name what was asked for as the portal's own routes do: nothing that somebody sent."""
    rule = request.url_rule
    if rule is None:
        return NO_PAGE
    method = "GET" if request.method == "HEAD" else request.method
    return f"{method} {rule.rule}"[:LONGEST]
