"""How often one network may call the API.

Guessing is stopped long before, by the counts of failed tries (app.operations.lockout). This keeps
one client that runs wild from taking the portal away from all the others.
"""

import logging
from functools import partial

import structlog
from flask import Flask, Response, current_app, make_response, request
from flask_limiter import Limiter, RequestLimit

from app import config
from app.api import voices
from app.clock import now
from app.config import Settings
from app.security.networks import network_of

# A school behind one address: a hundred people who sign in within the same minute, three calls
# each. A program that asks every second stays far below it, one that asks in a loop does not.
PER_MINUTE = 300
WINDOW_S = 60
STRATEGY = "fixed-window"  # its Reset is exact, and it keeps one number for each network
REDIS_WITHIN_S = 0.5
WAIT_S = 2  # where nobody said how long: the portal was busy
FREE = {"/healthz"}  # asked by whoever watches the portal, often from one address
WAITING_HELPS = {429, 503}

log = structlog.get_logger("doorward.api")


def init_app(app: Flask) -> None:
    """Count the calls of the API, and tell in each answer how many are left.

    The counts stand in Redis where workers share one, else in the process; while Redis is away each
    worker counts for itself. The settings may turn the limit off, for measuring.
    """
    settings = config.current()
    if not settings.rate_limits:
        log.warning("rate_limits_off")
    limiter = _limiter(settings)
    limiter.logger = logging.getLogger("doorward.rate_limits")
    limiter.logger.setLevel(logging.WARNING)  # Redis away is news, one more refusal is none
    limiter.request_filter(_is_free)
    limiter.init_app(app)
    app.after_request(partial(_tell, limiter))


def forget() -> None:
    """Forget what this application has counted; for tests."""
    for limiter in current_app.extensions["limiter"]:
        limiter.storage.reset()


def _limiter(settings: Settings) -> Limiter:
    return Limiter(
        _network,
        application_limits=[f"{PER_MINUTE} per {WINDOW_S} seconds"],
        strategy=STRATEGY,
        key_prefix=f"doorward:{STRATEGY}",  # counts of two strategies would collide in Redis
        storage_uri=settings.redis_url or "memory://",
        storage_options=_promptly() if settings.redis_url else {},
        in_memory_fallback_enabled=True,
        on_breach=_refuse,
    )


def _promptly() -> dict[str, str | int]:
    """Return options that give Redis up before anybody notices: we can count without it."""
    seconds: dict[str, float] = dict.fromkeys(
        ("socket_connect_timeout", "socket_timeout"), REDIS_WITHIN_S
    )
    return seconds  # type: ignore[return-value] # redis takes fractions of a second


def _network() -> str:
    return network_of(request.remote_addr or "unknown")


def _is_free() -> bool:
    return not _is_limited() or request.path in FREE


def _is_limited() -> bool:
    return "api" in request.blueprints and config.current().rate_limits


def _refuse(limit: RequestLimit) -> Response:
    """Say 429 in the form of the contract that was called."""
    return make_response(voices.fail(429, _seconds_until(limit.reset_at)))


def _tell(limiter: Limiter, response: Response) -> Response:
    if _is_limited():
        remaining, reset_at = _window(limiter.current_limit)
        response.headers["X-RateLimit-Limit"] = str(PER_MINUTE)
        response.headers["X-RateLimit-Remaining"] = str(remaining)
        response.headers["X-RateLimit-Reset"] = str(reset_at)
    if "api" in request.blueprints and response.status_code in WAITING_HELPS:
        response.headers.setdefault("Retry-After", str(WAIT_S))
    return response


def _window(limit: RequestLimit | None) -> tuple[int, int]:
    """Return how many calls are left, and when all are again, in seconds since 1970.

    What is free has all of them left, and so has everybody while nothing can be counted.
    """
    try:
        if limit is not None:
            return limit.remaining, limit.reset_at
    except Exception as error:
        log.warning("rate_limits_unreadable", error=type(error).__name__)
    return PER_MINUTE, int(now().timestamp()) + WINDOW_S


def _seconds_until(moment: int) -> int:
    return max(1, moment - int(now().timestamp()))
