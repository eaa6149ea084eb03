"""The form of contract 004's answers: JSON as its original's Express and Boom send it."""

from typing import Any

from flask import json
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.wrappers import Response

JSON = "application/json; charset=utf-8"
PHRASES = {**HTTP_STATUS_CODES, 413: "Payload Too Large"}  # Boom's phrase is the older one


def answer(body: dict[str, Any], status: int = 200) -> Response:
    """Return `body` as JSON, for nobody to keep: most of these carry a secret."""
    text = json.dumps(body, separators=(",", ":"))
    response = Response(text, status, content_type=JSON)
    response.headers["Cache-Control"] = "no-store"
    return response


def done() -> Response:
    """Return 204, which has no body."""
    response = Response(status=204)
    del response.headers["Content-Type"]
    response.headers["Cache-Control"] = "no-store"
    return response


def error(status: int, message: str | None, retry_after: int | None = None) -> Response:
    """Return a failure as Boom words it; Boom leaves the message out where there is none."""
    body: dict[str, Any] = {"statusCode": status, "error": PHRASES[status]}
    response = answer(body if message is None else {**body, "message": message}, status)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response
