"""Contract 000 (MikroCloud): a token for the password, then a bearer for the token.

The document's sample token is what Laravel makes, so where the document is silent the answers are
Laravel's: 422 with `errors` by field, a form taken like JSON, malformed JSON taken as empty.
"""

from http import HTTPStatus
from typing import TypeVar

from flask import Blueprint
from flask.typing import ResponseReturnValue
from pydantic import BaseModel
from werkzeug.http import HTTP_STATUS_CODES

from app.api import body, mikrocloud_token, voices
from app.api.body import BadBody, FieldProblem
from app.api.caller import require_room, visitor
from app.api.mikrocloud_description import OPERATIONS, SCAN, TYPES, Credentials, Passport
from app.api.waiting import seconds_to_wait
from app.errors import Refusal, WrongCode
from app.models import Factor, Interface
from app.operations import sign_in
from app.operations.sign_in import Enrolment, SignedIn
from app.operations.visitor import Visitor
from app.security import qr

__all__ = ["OPERATIONS", "REFUSALS", "contract", "fail", "refuse", "reject"]

contract = Blueprint("mikrocloud", __name__)

_NO_MATCH = (401, "Invalid email or password")
_NO_CODE = (401, "Invalid one-time password")
_NO_TOKEN = (401, "Invalid token")
_LOCKED = (401, "Too many login attempts. Please try again in {seconds} seconds.")
_TOO_MANY = (429, "Too Many Attempts.")
_BUSY = (503, "Service Unavailable")
_FORBIDDEN = (403, "This action is unauthorized.")
_INVALID = (422, "The given data was invalid.")

# The document has words for the password and the token only; the rest is what Laravel says.
REFUSALS: dict[str, tuple[int, str]] = {
    "unknown_account": _NO_MATCH,
    "wrong_password": _NO_MATCH,
    "not_activated": _NO_MATCH,
    "account_suspended": _NO_MATCH,
    "no_way_in": _NO_MATCH,
    "membership_locked": _NO_MATCH,
    "organisation_suspended": _NO_MATCH,
    "generic_not_allowed": _NO_MATCH,
    "locked": _LOCKED,
    "too_many_tries": _TOO_MANY,
    "too_many_codes": _TOO_MANY,
    "resend_too_soon": _TOO_MANY,
    "busy": _BUSY,
    "directory_away": _BUSY,
    "second_factor_required": _NO_CODE,
    "wrong_code": _NO_CODE,
    "secret_not_set": _NO_CODE,
    "already_enabled": _NO_CODE,
    "not_enabled": _NO_CODE,
    "ticket_refused": _NO_TOKEN,
    "not_signed_in": (401, "Unauthenticated."),
    "proof_required": _FORBIDDEN,
    "last_superuser": _FORBIDDEN,
    "last_administrator": _FORBIDDEN,
    "out_of_reach": _FORBIDDEN,
    "kept_in_directory": _FORBIDDEN,
    "factor_demanded": _FORBIDDEN,
    "registration_closed": _FORBIDDEN,
    "not_found": (404, "Not Found"),
    "already_exists": _INVALID,
    "password_refused": _INVALID,
    "invalid_address": _INVALID,
    "invalid_username": _INVALID,
    "invalid_setting": _INVALID,
}

# Laravel's own phrases, where they are not those of RFC 9110.
FAILURES = {413: "The POST data is too large.", 429: _TOO_MANY[1], 500: "Server Error"}

M = TypeVar("M", bound=BaseModel)


def refuse(refusal: Refusal) -> ResponseReturnValue:
    """Say no in the form of the document's own answers: a `message`."""
    status, message = REFUSALS[refusal.reason]
    seconds = seconds_to_wait(refusal)
    return _failure(status, message.format(seconds=seconds), seconds)


def reject(bad: BadBody) -> ResponseReturnValue:
    """Say what is wrong with each field, as Laravel does."""
    errors = {problem.field: [_sentence(problem)] for problem in bad.problems}
    return {"message": _summary([first for [first] in errors.values()]), "errors": errors}, 422


def fail(status: int, retry_after: int | None) -> ResponseReturnValue:
    """Say what HTTP has words for; a method that a path does not have is no path."""
    status = 404 if status == HTTPStatus.METHOD_NOT_ALLOWED else status
    return _failure(status, FAILURES.get(status, HTTP_STATUS_CODES[status]), retry_after)


@contract.post("/user/login", strict_slashes=False)
def login() -> ResponseReturnValue:
    """Check the password. The token goes on at /user/passport, it opens nothing by itself."""
    require_room()
    sent, here = _read(Credentials), visitor(Interface.MIKROCLOUD)
    [offer] = sign_in.verify_password(sent.email, sent.password, here, whole=True).offers
    return {
        "mfa_enabled": offer.factor is not Factor.NONE,
        "mfa_verified": offer.factor not in {Factor.NONE, Factor.ENROLMENT},
        "mfa_svg": _qr_code_due(offer.handle, offer.factor, here),
        "message": "Login was successful",
        "token": mikrocloud_token.wrapped(offer.handle),
    }


@contract.post("/user/passport", strict_slashes=False)
def passport() -> ResponseReturnValue:
    """Trade the token, and the one-time password where one is due, for a bearer.

    The PIN of somebody who has no app yet is answered with the QR code; the token stays good, and
    the first code that the app shows then signs in.
    """
    sent = _read(Passport)
    match _met(sent, visitor(Interface.MIKROCLOUD)):
        case SignedIn(bearer=bearer):
            return {"message": "Login Successful", "auth_token": bearer}
        case Enrolment() as step:
            return {"message": SCAN, "mfa_svg": _qr_code(step)}, 401


for number, path in enumerate(("/user", "/user/<path:_path>")):
    contract.add_url_rule(
        path,
        view_func=voices.nothing_here,
        methods=voices.METHODS,
        endpoint=f"nothing_here_{number}",
        strict_slashes=False,
    )


def _met(sent: Passport, here: Visitor) -> SignedIn | Enrolment:
    """Go on with a sign-in. A missing one-time password is no try, so it is not counted."""
    handle = mikrocloud_token.unwrapped(sent.token)
    step = sign_in.proceed(handle, here)
    if isinstance(step, SignedIn):
        return step
    if not sent.totp:
        raise WrongCode
    return sign_in.answer(handle, sent.totp, here)


def _qr_code_due(handle: str, factor: Factor, here: Visitor) -> str | None:
    """Mail the PIN where one is due; return the QR code where nothing else is asked before it."""
    if factor not in {Factor.PIN, Factor.ENROLMENT}:
        return None
    step = sign_in.proceed(handle, here)
    return _qr_code(step) if isinstance(step, Enrolment) else None


def _qr_code(step: Enrolment) -> str:
    return qr.svg(step.uri, "QR code for an authenticator app")


def _read(model: type[M]) -> M:
    """Return the body as `model`; what is no JSON object counts as empty."""
    try:
        return body.read(model, TYPES)
    except BadBody as bad:
        if bad.problems:
            raise
        needed = [name for name, field in model.model_fields.items() if field.is_required()]
        raise BadBody([FieldProblem(name, "missing", {}, None) for name in needed]) from None


def _sentence(problem: FieldProblem) -> str:
    empty = problem.kind == "string_type" and problem.value is None
    if empty or problem.kind in {"missing", "string_too_short"}:
        return f"The {problem.field} field is required."
    return f"The {problem.field} field must be a string."


def _summary(sentences: list[str]) -> str:
    first, *more = sentences
    if not more:
        return first
    return f"{first} (and {len(more)} more error{'s' if len(more) > 1 else ''})"


def _failure(status: int, message: str, retry_after: int | None) -> ResponseReturnValue:
    """Only 429 and 503 say when: a lock that must not show stays a plain 401."""
    tells = retry_after is not None and status in {429, 503}
    return {"message": message}, status, {"Retry-After": str(retry_after)} if tells else {}
