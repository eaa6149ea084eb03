"""Contract 001 (Rocket.Chat): /api/v1/login, and what its clients call next.

Success answers are the document's, to the key. Where it says nothing of errors, they are the
original's of version 7, which has both the older `status` and the newer `success`.
"""

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app import config
from app.api import avatars, rocketchat_described, rocketchat_two_factor, voices
from app.api.body import BadBody
from app.api.caller import LONGEST_BEARER, caller, require_room, visitor
from app.api.rocketchat_answers import (
    TOTP_INVALID,
    TOTP_MAX_ATTEMPTS,
    TOTP_REQUIRED,
    UNAUTHORIZED,
    Words,
    call_refused,
    factor_details,
    no_endpoint,
    not_signed_in,
    sign_in_refused,
    too_many_requests,
)
from app.api.rocketchat_bodies import ForgottenPassword, Login, code_sent, digits_of_pin, read
from app.api.rocketchat_profile import profile
from app.errors import (
    AccountSuspended,
    NotActivated,
    NotSignedIn,
    Refusal,
    ResendTooSoon,
    TicketRefused,
    TooManyCodes,
    WrongCode,
    WrongPassword,
)
from app.models import Account, Factor, Interface, Session
from app.operations import (
    access_tokens,
    enrolment_mail,
    passwords,
    sessions,
    sign_in,
    waiting_pins,
)
from app.operations.sign_in import CodeWanted, Enrolment, PasskeyWanted, PinWanted, SignedIn
from app.operations.visitor import Visitor
from app.operations.ways_in import Verified

contract = Blueprint("rocketchat", __name__)
OPERATIONS = rocketchat_described.OPERATIONS

_BLOCKED = "Login has been temporarily blocked For {}"
_NOT_ALLOWED = ("error-not-allowed", "Not allowed")
_TOO_MANY = ("error-too-many-requests", "Too many requests")

REFUSALS: dict[str, Words] = {
    "unknown_account": UNAUTHORIZED,
    "wrong_password": UNAUTHORIZED,
    "no_way_in": UNAUTHORIZED,
    "membership_locked": UNAUTHORIZED,
    "organisation_suspended": UNAUTHORIZED,
    "generic_not_allowed": UNAUTHORIZED,
    "ticket_refused": UNAUTHORIZED,
    "not_signed_in": UNAUTHORIZED,
    # Both only after a right password. The original leaves its placeholder in the message.
    "not_activated": ("error-invalid-email", "Invalid email __email__"),
    "account_suspended": ("error-user-is-not-activated", "User is not activated"),
    "locked": ("error-login-blocked-for-user", _BLOCKED.format("User")),
    "too_many_tries": ("error-login-blocked-for-ip", _BLOCKED.format("IP")),
    "second_factor_required": TOTP_REQUIRED,
    "proof_required": TOTP_REQUIRED,
    "wrong_code": TOTP_INVALID,
    "secret_not_set": TOTP_INVALID,
    "too_many_codes": TOTP_MAX_ATTEMPTS,
    "resend_too_soon": _TOO_MANY,
    "busy": _TOO_MANY,
    "directory_away": _TOO_MANY,
    "already_enabled": _NOT_ALLOWED,
    "not_enabled": _NOT_ALLOWED,
    "last_superuser": _NOT_ALLOWED,
    "last_administrator": _NOT_ALLOWED,
    "out_of_reach": _NOT_ALLOWED,
    "kept_in_directory": _NOT_ALLOWED,
    "factor_demanded": _NOT_ALLOWED,
    "password_refused": ("error-password-policy-not-met", "Password does not meet the policy"),
    "invalid_address": ("error-invalid-email-address", "Invalid email address"),
    "invalid_username": ("error-invalid-username", "Invalid username"),
    "invalid_setting": ("error-invalid-params", "Invalid params"),
    "already_exists": ("error-field-unavailable", "Field unavailable"),
    "not_found": ("error-not-found", "Not found"),
    "registration_closed": ("error-user-registration-disabled", "User registration is disabled"),
}
BLOCKED_BY = {"function": "Accounts.validateLoginAttempt"}
FAILURES = {
    400: "Bad request",
    413: "Request body is too large",
    415: "Unsupported media type",
    500: "Internal server error",
    503: "Service temporarily unavailable",
}
WAIT_S = 60  # where nobody said how long
SERVER = "6.0.0"  # the version of the original that clients may take us for


def refuse(refusal: Refusal) -> ResponseReturnValue:
    """Say no: 401 in the form of a sign-in, or 400 in that of any other call."""
    if isinstance(refusal, NotSignedIn):
        return not_signed_in()
    if isinstance(refusal, ResendTooSoon):
        return too_many_requests(refusal.retry_after)
    words = UNAUTHORIZED if _is_hidden(refusal) else REFUSALS[refusal.reason]
    if request.path.rstrip("/") != "/api/v1/login":
        return call_refused(words)
    blocked = words[0].startswith("error-login-blocked")
    return sign_in_refused(words, BLOCKED_BY if blocked else None)


def reject(_bad: BadBody) -> ResponseReturnValue:
    """Say what the original says of a body without what it needs."""
    return sign_in_refused(UNAUTHORIZED)


def fail(status: int, retry_after: int | None) -> ResponseReturnValue:
    """Say what HTTP has words for."""
    if status in {404, 405}:
        return no_endpoint()
    if status == 429:  # noqa: PLR2004 (RFC 6585)
        return too_many_requests(retry_after or WAIT_S)
    headers = {"Retry-After": str(retry_after)} if retry_after else {}
    return {"success": False, "error": FAILURES.get(status, FAILURES[400])}, status, headers


@contract.post("/api/v1/login", strict_slashes=False)
def login() -> ResponseReturnValue:
    """Sign in by password, and by code where one is due; or show a bearer once more."""
    require_room()
    sent = read(Login)
    if sent.resume:
        return _resumed(sent.resume)
    if not sent.identity or not isinstance(sent.password, str):
        raise WrongPassword
    here = visitor(Interface.ROCKETCHAT)
    verified = sign_in.verify_password(sent.identity, sent.password, here, whole=True)
    if verified.offers[0].factor is Factor.ENROLMENT:
        return _enrol_elsewhere(verified.account)
    if (code := code_sent(sent)) and verified.offers[0].factor is not Factor.NONE:
        return _answered(verified, code, here)
    return _asked(verified, here)


@contract.get("/api/v1/me", strict_slashes=False)
def me() -> ResponseReturnValue:
    """Tell who is signed in."""
    return {**profile(caller()), "success": True}


@contract.route("/api/v1/logout", methods=["GET", "POST"], strict_slashes=False)
def logout() -> ResponseReturnValue:
    """End the session whose bearer was sent, and no other; some clients use GET for it."""
    session = caller()
    if request.method != "HEAD":  # Flask's, beside GET: it must change nothing
        sessions.end(session, visitor(Interface.ROCKETCHAT))
    return {"status": "success", "data": {"message": "You've been logged out!"}}


@contract.get("/api/info", strict_slashes=False)
def info() -> ResponseReturnValue:
    """Tell a version that clients can go by; who is signed in learns it in full."""
    said: dict[str, Any] = {"version": SERVER.rpartition(".")[0]}
    if _is_signed_in():
        said["info"] = {
            "version": SERVER,
            "build": {},
            "commit": {},
            "marketplaceApiVersion": "1.0.0",
        }
    return {**said, "success": True}


rocketchat_two_factor.add_to(contract)


@contract.post("/api/v1/users.forgotPassword", strict_slashes=False)
def forgot_password() -> ResponseReturnValue:
    """Mail a reset ticket, if there is such an account; say 200 to everybody."""
    sent = read(ForgottenPassword)
    if not sent.email:
        return {"success": False, "error": "The 'email' param is required"}, 400
    passwords.forgotten(sent.email, visitor(Interface.ROCKETCHAT))
    return {"success": True}


contract.get("/avatar/<path:username>")(avatars.avatar)


def _resumed(bearer: str) -> ResponseReturnValue:
    """Answer a bearer issued earlier with itself."""
    if len(bearer) > LONGEST_BEARER:
        raise TicketRefused
    return _success(bearer, access_tokens.find(bearer))


def _asked(verified: Verified, here: Visitor) -> ResponseReturnValue:
    """Open the session, or ask for the factor; a PIN is mailed unless one waits."""
    account, [offer] = verified.account, verified.offers
    pin = waiting_pins.usable(verified, here) if offer.factor is Factor.PIN else None
    if pin is not None:
        return sign_in_refused(TOTP_REQUIRED, factor_details(Factor.PIN, account, pin))
    match sign_in.proceed(offer.handle, here):
        case SignedIn() as done:
            return _success(done.bearer, done.session)
        case PinWanted():
            details = factor_details(Factor.PIN, account, mailed=True)
        case CodeWanted() | PasskeyWanted():
            details = factor_details(Factor.CODE, account)
        case Enrolment():
            return _enrol_elsewhere(account)
    return sign_in_refused(TOTP_REQUIRED, details)


def _answered(verified: Verified, code: str, here: Visitor) -> ResponseReturnValue:
    """Check the factor's answer."""
    account, factor = verified.account, verified.offers[0].factor
    try:
        code = digits_of_pin(code) if factor is Factor.PIN else code
        done = sign_in.answer_latest(verified, code, here)
    except (WrongCode, TicketRefused, TooManyCodes) as refusal:
        over = isinstance(refusal, TooManyCodes) or waiting_pins.is_used_up(verified, here)
        pin = waiting_pins.usable(verified, here) if factor is Factor.PIN else None
        words = TOTP_MAX_ATTEMPTS if over else TOTP_INVALID
        return sign_in_refused(words, factor_details(factor, account, pin))
    if isinstance(done, Enrolment):
        return _enrol_elsewhere(account)
    return _success(done.bearer, done.session)


def _enrol_elsewhere(account: Account) -> ResponseReturnValue:
    """Say that a factor is due and that there is none to give; mail where to set one up."""
    enrolment_mail.tell(account)
    return sign_in_refused(TOTP_REQUIRED, factor_details(Factor.ENROLMENT, account))


def _success(bearer: str, session: Session) -> ResponseReturnValue:
    data = {"authToken": bearer, "userId": session.account.short_id, "me": profile(session)}
    return {"status": "success", "data": data}


def _is_signed_in() -> bool:
    try:
        caller()
    except NotSignedIn:
        return False
    return True


def _is_hidden(refusal: Refusal) -> bool:
    """Tell whether saying it would tell a stranger that the account exists."""
    if not isinstance(refusal, NotActivated | AccountSuspended):
        return False
    return config.current().hide_accounts or not refusal.password_matched


# Last, so that they take only what nothing above takes.
for _path in ("/api/v1/<path:_path>", "/api/<path:_path>"):
    contract.add_url_rule(_path, _path, voices.nothing_here, methods=voices.METHODS)
contract.add_url_rule(
    "/avatar/<path:_path>", "no_avatar", voices.nothing_here, methods=voices.METHODS[1:]
)
