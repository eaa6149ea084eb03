"""The two forms in which contract 001 (Rocket.Chat) says no, and its words for a second factor.

A sign-in is refused with `status` and `message` (401), any other call with `errorType` (400). Both
have `success`, which newer clients look at.
"""

from datetime import datetime
from typing import Any

from flask.typing import ResponseReturnValue

from app.models import Account, EmailedPin, Factor

Words = tuple[str, str]  # the error's name, and its message

UNAUTHORIZED = ("Unauthorized", "Unauthorized")
TOTP_REQUIRED = ("totp-required", "TOTP Required")
TOTP_INVALID = ("totp-invalid", "TOTP Invalid")
TOTP_MAX_ATTEMPTS = ("totp-max-attempts", "TOTP Maximun Failed Attempts Reached")  # sic
MUST_SIGN_IN = "You must be logged in to do this."
NO_ENDPOINT = "API endpoint does not exist"

SLOW_DOWN = (
    "Error, too many requests. Please slow down. You must wait {seconds} seconds before trying this"
    " endpoint again. [error-too-many-requests]"
)
METHODS = {Factor.PIN: "email", Factor.CODE: "totp", Factor.ENROLMENT: "totp"}
ENABLED = {Factor.PIN, Factor.CODE}


def sign_in_refused(words: Words, details: dict[str, Any] | None = None) -> ResponseReturnValue:
    """Return the 401 of a sign-in."""
    error, message = words
    extra = {"details": details} if details else {}
    return {"status": "error", "error": error, **extra, "message": message, "success": False}, 401


def call_refused(words: Words, details: dict[str, Any] | None = None) -> ResponseReturnValue:
    """Return the 400 of any other call; clients send it again only after a 400."""
    error, message = words
    extra = {"details": details} if details else {}
    return {"success": False, "error": f"{message} [{error}]", "errorType": error, **extra}, 400


def not_signed_in() -> ResponseReturnValue:
    """Return the 401 of a call without a bearer, in the words of old and of new originals."""
    return _both_ways(MUST_SIGN_IN), 401


def no_endpoint() -> ResponseReturnValue:
    """Return the 404 of a path or method that is not there."""
    return _both_ways(NO_ENDPOINT), 404


def too_many_requests(seconds: int) -> ResponseReturnValue:
    """Return the 429; clients read the number out of the sentence, and wait."""
    said = {"success": False, "error": SLOW_DOWN.format(seconds=seconds)}
    return said, 429, {"Retry-After": str(seconds)}


def factor_details(
    factor: Factor, account: Account, pin: EmailedPin | None = None, *, mailed: bool = False
) -> dict[str, Any]:
    """Return what a client has to know to ask for the second factor.

    `pin` is the one that waits, `mailed` whether it went out just now. Who has to enrol first has
    no method to give.
    """
    method = METHODS.get(factor, "password")
    extra: dict[str, Any] = {}
    if factor is Factor.PIN:
        extra = {"emailOrUsername": account.username or account.email}
        if pin is not None and not mailed:
            extra = {"codeExpires": _as_javascript(pin.expires_at), **extra}
    available = [method] if factor in ENABLED else []
    return {"method": method, "codeGenerated": mailed, **extra, "availableMethods": available}


def _both_ways(sentence: str) -> dict[str, Any]:
    return {"status": "error", "message": sentence, "success": False, "error": sentence}


def _as_javascript(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
