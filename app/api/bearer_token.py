"""Contract 002 (a form for a bearer token): POST /auth/login, when a form is sent.

The document shows one call and one answer. They are those of FastAPI's OAuth2 password form, so
its errors are too (`detail`), beside those of RFC 6749 section 5.2 (`error`): an OAuth client that
finds no `error` may take any JSON for a token. A second factor, for which neither has a word, is
`mfa_required`. The route itself is in auth_login.py: contract 004 shares the path.
"""

import re
from http import HTTPStatus

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from werkzeug.http import HTTP_STATUS_CODES

from app.api import body
from app.api.bearer_token_description import OPERATIONS, PIN_SENT, TYPES, Answered, Credentials
from app.api.body import BadBody, FieldProblem
from app.api.caller import require_room, visitor
from app.api.waiting import seconds_to_wait
from app.errors import Refusal, SecondFactorRequired, TicketRefused
from app.models import Factor, Interface
from app.operations import access_tokens, enrolment_mail, opening, sign_in
from app.operations.sign_in import (
    CodeWanted,
    Enrolment,
    PasskeyWanted,
    PinWanted,
    SignedIn,
    Step,
)
from app.operations.visitor import Visitor

__all__ = ["OPERATIONS", "REFUSALS", "contract", "fail", "login", "refuse", "reject"]

contract = Blueprint("bearer_token", __name__)

LIFETIME = opening.LIFETIMES[Interface.BEARER_TOKEN]
UUID_FORM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
GRANTS = {None, "", "password"}  # RFC 6749 section 4.3; FastAPI's form may do without

_NO_MATCH = (401, "invalid_grant", "Incorrect username or password")
_NO_CODE = (401, "invalid_grant", "Invalid one-time password")
_NO_TOKEN = (401, "invalid_grant", "Invalid or expired mfa_token")
_LOCKED = (401, "invalid_grant", "Too many failed sign-ins. Try again in {seconds} seconds.")
_TOO_MANY = (429, "temporarily_unavailable", "Too many requests. Try again in {seconds} seconds.")
_BUSY = (503, "temporarily_unavailable", "Service Unavailable")
_NOT_SET_UP = (401, "mfa_required", "Set up an authenticator app first, on the sign-in page")
_FORBIDDEN = (403, "access_denied", "Forbidden")
_INVALID = (422, "invalid_request", "Unprocessable Entity")
_GRANT = (400, "unsupported_grant_type", "Only grant_type=password is supported")

# Status, `error` of RFC 6749, `detail`.
REFUSALS: dict[str, tuple[int, str, str]] = {
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
    "second_factor_required": _NOT_SET_UP,
    "wrong_code": _NO_CODE,
    "secret_not_set": _NO_CODE,
    "already_enabled": _NO_CODE,
    "not_enabled": _NO_CODE,
    "ticket_refused": _NO_TOKEN,
    "not_signed_in": (401, "invalid_token", "Not authenticated"),
    "proof_required": _FORBIDDEN,
    "last_superuser": _FORBIDDEN,
    "last_administrator": _FORBIDDEN,
    "out_of_reach": _FORBIDDEN,
    "kept_in_directory": _FORBIDDEN,
    "factor_demanded": _FORBIDDEN,
    "registration_closed": _FORBIDDEN,
    "not_found": (404, "invalid_request", "Not Found"),
    "already_exists": _INVALID,
    "password_refused": _INVALID,
    "invalid_address": _INVALID,
    "invalid_username": _INVALID,
    "invalid_setting": _INVALID,
}

# `error` of an answer that HTTP itself has words for; RFC 6749 has no others that fit.
FAILURES = {429: "temporarily_unavailable", 503: "temporarily_unavailable", 500: "server_error"}

MESSAGES = {"missing": "Field required", "duplicate": "Field given more than once"}

CODE_WANTED = "Send the authenticator app's code as otp, together with mfa_token"


def refuse(refusal: Refusal) -> ResponseReturnValue:
    """Say no to FastAPI's and to OAuth's clients in one body."""
    status, error, detail = REFUSALS[refusal.reason]
    seconds = seconds_to_wait(refusal)
    return _failure(status, error, detail.format(seconds=seconds), seconds)


def reject(bad: BadBody) -> ResponseReturnValue:
    """Say which fields are missing, as FastAPI does. What was sent is never repeated."""
    detail = [_problem(each) for each in bad.problems]
    names = ", ".join(each.field for each in bad.problems)
    told = {"error": "invalid_request", "error_description": f"Missing or not usable: {names}"}
    return {"detail": detail, **told}, 422, _headers(422)


def fail(status: int, retry_after: int | None) -> ResponseReturnValue:
    """Say what HTTP has words for; a method that a path does not have is no path."""
    status = 404 if status == HTTPStatus.METHOD_NOT_ALLOWED else status
    error = FAILURES.get(status, "invalid_request")
    return _failure(status, error, HTTP_STATUS_CODES[status], retry_after)


def login() -> ResponseReturnValue:
    """Trade username and password for a bearer token, or ask for a second factor."""
    require_room()
    if request.form.get("grant_type") not in GRANTS:
        return _failure(*_GRANT)
    here = visitor(Interface.BEARER_TOKEN)
    step = _answered(here) if request.form.get("mfa_token") else _tried(here)
    match step:
        case SignedIn(session=session):
            token = access_tokens.issue(session, LIFETIME)
            return {"access_token": token, "token_type": "bearer"}, 200, _headers(200)
        case PinWanted(handle=handle):
            return _factor_due(PIN_SENT, handle)
        case CodeWanted(handle=handle) | PasskeyWanted(handle=handle):
            return _factor_due(CODE_WANTED, handle)
        case Enrolment():
            raise SecondFactorRequired


def _tried(here: Visitor) -> Step:
    """Check the password, and the app's code where it came along.

    A PIN belongs to the sign-in that it was mailed for: without `mfa_token` it answers nothing.
    """
    sent = body.read(Credentials, TYPES)
    verified = sign_in.verify_password(sent.username, sent.password, here, whole=True)
    [offer] = verified.offers
    if offer.factor is Factor.ENROLMENT:  # there are no words here for a QR code
        enrolment_mail.tell(verified.account)
        raise SecondFactorRequired
    if offer.factor is Factor.CODE and sent.otp:
        return sign_in.answer(offer.handle, sent.otp, here)
    return sign_in.proceed(offer.handle, here)


def _answered(here: Visitor) -> Step:
    """Answer an earlier sign-in; its token stands for the username and the password."""
    sent = body.read(Answered, TYPES)
    if not UUID_FORM.fullmatch(sent.mfa_token):
        raise TicketRefused  # a handle of another interface is finished where it was started
    return sign_in.answer(sent.mfa_token, sent.otp, here)


def _factor_due(detail: str, handle: str) -> ResponseReturnValue:
    told = {"error": "mfa_required", "detail": detail, "mfa_token": handle}
    return told, 401, _headers(401)


def _failure(
    status: int, error: str, detail: str, retry_after: int | None = None
) -> ResponseReturnValue:
    told = {"detail": detail, "error": error, "error_description": detail}
    return told, status, _headers(status, retry_after)


def _headers(status: int, retry_after: int | None = None) -> dict[str, str]:
    """Return what RFC 6749 section 5.1 and RFC 6750 section 3 ask for.

    Only 429 and 503 say when to come back: an organisation's lock has to stay a plain 401.
    """
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if retry_after is not None and status in {429, 503}:
        headers["Retry-After"] = str(retry_after)
    return headers


def _problem(problem: FieldProblem) -> dict[str, object]:
    """Return one entry of FastAPI's list; to it an empty field of a form is a missing one."""
    empty = problem.kind == "string_too_short"
    kind = "missing" if empty else problem.kind
    message = MESSAGES.get(kind, "Field not usable")
    return {"type": kind, "loc": ["body", problem.field], "msg": message, "input": None}
