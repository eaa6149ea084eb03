"""The headers of every answer, error pages included."""

from flask import Flask, request
from werkzeug.wrappers import Response

from app import config

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
}
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{what} {whence}" for what, whence in POLICY.items()),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # no-referrer makes Chromium say "Origin: null" of us
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
STRICT_TRANSPORT_SECURITY = "max-age=31536000; includeSubDomains"


def init_app(app: Flask) -> None:
    """Add the headers to whatever the application answers."""

    @app.after_request
    def add(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if config.current().https:
            response.headers.setdefault("Strict-Transport-Security", STRICT_TRANSPORT_SECURITY)
        if not _is_static(request.endpoint):
            _keep_private(response)
        return response


def _is_static(endpoint: str | None) -> bool:
    return endpoint is not None and endpoint.split(".")[-1] == "static"


def _keep_private(response: Response) -> None:
    if response.headers.setdefault("Cache-Control", "no-store") == "no-store":
        response.headers.setdefault("Pragma", "no-cache")
        response.vary.add("Cookie")
