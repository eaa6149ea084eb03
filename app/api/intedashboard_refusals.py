"""How contract 003 (InteDashboard) says no.

In the document's form: its words where it has some, those of its later versions, then those of
Laravel and Dingo, which its original is built on.
"""

import math
from http import HTTPStatus
from typing import Any

from flask.typing import ResponseReturnValue

from app import config
from app.api.body import BadBody
from app.api.intedashboard_bodies import complaints
from app.api.waiting import seconds_to_wait
from app.errors import PasswordRefused, Refusal, WrongPassword
from app.security.password_rules import Problem

MINUTE_S = 60
WRONG_PIN = "Provided pin is invalid."
WRONG_PASSWORD = "Password is invalid."  # noqa: S105 (a sentence, no secret)
LOCKED = "Account has been temporarily locked because of too many failed attempts."
LOCKED_UNTIL = (
    "Account has been locked. Please try again after {hours}hr and {minutes}min or contact your "
    "Account Administrator."
)
TOO_MANY = "Too many attempts. Please try again after {seconds} second(s)."
UNPROCESSABLE = "422 Unprocessable Entity"
NO_ACCESS = "You are not allowed to do this."

REFUSALS = {
    "unknown_account": (401, "No user(s) found."),
    "wrong_password": (401, WRONG_PASSWORD),
    "not_activated": (401, "User is not active."),
    "account_suspended": (401, "User is suspended."),
    "no_way_in": (401, "User has no account to sign in to at the moment."),
    "locked": (401, LOCKED),
    "membership_locked": (401, LOCKED_UNTIL),
    "too_many_tries": (429, TOO_MANY),
    "busy": (503, TOO_MANY),
    "directory_away": (503, TOO_MANY),
    "organisation_suspended": (401, "Account is suspended."),
    "generic_not_allowed": (401, "Account does not allow generic users."),
    "second_factor_required": (401, WRONG_PIN),
    "ticket_refused": (401, "Provided login token is invalid."),
    "wrong_code": (401, WRONG_PIN),
    "too_many_codes": (401, LOCKED),
    "resend_too_soon": (429, TOO_MANY),
    "already_enabled": (401, WRONG_PIN),
    "not_enabled": (401, WRONG_PIN),
    "secret_not_set": (401, WRONG_PIN),
    "password_refused": (422, UNPROCESSABLE),
    "invalid_address": (422, UNPROCESSABLE),
    "invalid_username": (422, UNPROCESSABLE),
    "invalid_setting": (422, UNPROCESSABLE),
    "already_exists": (409, "409 Conflict"),
    "not_found": (404, "404 Not Found"),
    "registration_closed": (403, NO_ACCESS),
    "proof_required": (403, NO_ACCESS),
    "last_superuser": (409, "409 Conflict"),
    "last_administrator": (409, "409 Conflict"),
    "out_of_reach": (403, NO_ACCESS),
    "kept_in_directory": (403, NO_ACCESS),
    "factor_demanded": (409, "409 Conflict"),
    "not_signed_in": (
        401,
        "Failed to authenticate because of bad credentials or an invalid authorization header.",
    ),
}
REJECTED = {"wrong_password": "Identity or Password is invalid."}
HIDDEN = {  # where accounts are hidden, these look like a wrong password
    "unknown_account",
    "not_activated",
    "account_suspended",
    "membership_locked",
    "no_way_in",
}
PASSWORD_RULES = {
    Problem.TOO_SHORT: "The password must be at least {minimum} characters.",
    Problem.TOO_LONG: "The password may not be greater than 128 characters.",
    Problem.NOT_ALLOWED: "The password format is invalid.",
    Problem.COMMON: "The password is too common.",
    Problem.MADE_OF_CONTEXT: "The password must not be made of your name or email.",
    Problem.GUESSABLE: "The password is too easy to guess.",
}


def refuse(refusal: Refusal) -> ResponseReturnValue:
    """Say no to what an operation refused."""
    known = _as_told(refusal)
    if isinstance(known, PasswordRefused):
        return _unprocessable({"password": _broken_rules(known)})
    status, _ = REFUSALS[known.reason]
    if known.reason == "not_signed_in":
        return no(status, _sentence(known)), status, {"WWW-Authenticate": "Bearer"}
    waits = status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
    return _answer(status, _sentence(known), seconds_to_wait(known) if waits else None)


def reject(bad: BadBody) -> ResponseReturnValue:
    """Say which fields are missing or wrong."""
    return _unprocessable(complaints(bad.problems))


def fail(status: int, retry_after: int | None) -> ResponseReturnValue:
    """Say what HTTP has words for; a method that a path does not have is nothing found."""
    status = HTTPStatus.NOT_FOUND if status == HTTPStatus.METHOD_NOT_ALLOWED else status
    return _answer(int(status), f"{int(status)} {HTTPStatus(status).phrase}", retry_after)


def told(refusal: Refusal) -> str:
    """Return the sentence for a way in that stays shut while another opened."""
    return REJECTED.get(refusal.reason) or _sentence(refusal)


def no(status: int, message: str) -> dict[str, Any]:
    """Return the body of an answer that is none."""
    return {"status_code": status, "message": message}


def _answer(status: int, message: str, retry_after: int | None) -> ResponseReturnValue:
    headers = {"Retry-After": str(retry_after)} if retry_after else {}
    return no(status, message), status, headers


def _unprocessable(errors: dict[str, list[str]]) -> ResponseReturnValue:
    return {"message": UNPROCESSABLE, "errors": errors, "status_code": 422}, 422


def _as_told(refusal: Refusal) -> Refusal:
    """Return what the caller may know of a refusal: often only that the password is wrong."""
    matched: bool = getattr(refusal, "password_matched", True)
    hidden = config.current().hide_accounts and refusal.reason in HIDDEN
    return refusal if matched and not hidden else WrongPassword()


def _sentence(refusal: Refusal) -> str:
    _, words = REFUSALS[refusal.reason]
    seconds = seconds_to_wait(refusal) or 0
    hours, minutes = divmod(math.ceil(seconds / MINUTE_S), 60)
    return words.format(hours=hours, minutes=minutes, seconds=seconds)


def _broken_rules(refusal: PasswordRefused) -> list[str]:
    rules = [PASSWORD_RULES[Problem(each)] for each in refusal.problems]
    return [rule.format(minimum=refusal.minimum) for rule in rules]
