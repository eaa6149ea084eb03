"""Contract 004: Hasura Backend Plus, as its document of March 2020 describes it.

Its paths, bodies and answers are the document's; the words of its errors are the original's. The
later spellings at the end are aliases that its clients' newer versions use.
"""

from collections.abc import Callable

from flask import Blueprint
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app import config
from app.api import hasura_accounts, hasura_mfa, hasura_tokens, voices
from app.api.body import BadBody
from app.api.hasura_answers import error
from app.api.hasura_bodies import sentence
from app.api.hasura_description import OPERATIONS
from app.api.waiting import seconds_to_wait
from app.errors import Refusal

__all__ = ["OPERATIONS", "REFUSALS", "contract", "fail", "login", "refuse", "reject"]

contract = Blueprint("hasura_backend_plus", __name__)
login = hasura_accounts.login  # routed by auth_login.py, for contract 002 claims the same path

NO_MATCH = (401, "Password does not match.")
LIMITED = (429, "You are being rate limited.")

REFUSALS = {
    "refused": (400, "Bad Request"),
    "unknown_account": (400, "Account does not exist."),
    "not_activated": (400, "Account is not activated."),
    "account_suspended": (400, "Account is not activated."),
    "wrong_password": NO_MATCH,
    "no_way_in": NO_MATCH,
    "membership_locked": NO_MATCH,
    "organisation_suspended": NO_MATCH,
    "generic_not_allowed": NO_MATCH,
    "locked": LIMITED,
    "too_many_tries": LIMITED,
    "too_many_codes": LIMITED,
    "resend_too_soon": LIMITED,
    "busy": (503, "Service Unavailable"),
    "directory_away": (503, "Service Unavailable"),
    "second_factor_required": (401, "Invalid two-factor code."),
    "wrong_code": (401, "Invalid two-factor code."),
    "ticket_refused": (401, "Invalid or expired ticket."),
    "not_signed_in": (401, "Invalid or expired JWT token."),
    "proof_required": (401, "Recent sign-in required."),
    "already_enabled": (400, "MFA is already enabled."),
    "not_enabled": (400, "MFA is not enabled."),
    "secret_not_set": (400, "OTP secret is not set."),
    "already_exists": (400, "account already exists"),
    "password_refused": (400, "Password is too weak."),
    "invalid_address": (400, '"email" must be a valid email'),
    "invalid_username": (400, '"email" must be a valid email'),
    "invalid_setting": (400, "Bad Request"),
    "registration_closed": (403, "Registration is closed."),
    "factor_demanded": (403, "MFA is demanded by an organisation."),
    "last_superuser": (403, "The last superuser cannot be removed."),
    "last_administrator": (403, "The last administrator of an organisation cannot be removed."),
    "out_of_reach": (403, "Forbidden"),
    "kept_in_directory": (403, "Changed in the directory."),
    "not_found": (404, "Not Found"),
}
HIDDEN = {"unknown_account", "not_activated", "account_suspended"}  # DOORWARD_HIDE_ACCOUNTS
FAILURES = {
    404: (404, "Not Found"),
    405: (404, "Not Found"),  # the original knows no other
    413: (413, "Payload Too Large"),
    429: LIMITED,
    500: (500, "An internal server error occurred"),
    503: (503, "Service Unavailable"),
}


def refuse(refusal: Refusal) -> ResponseReturnValue:
    """Say no in the original's words."""
    hidden = config.current().hide_accounts and refusal.reason in HIDDEN
    status, message = NO_MATCH if hidden else REFUSALS[refusal.reason]
    return error(status, message, seconds_to_wait(refusal) if status == LIMITED[0] else None)


def reject(bad: BadBody) -> ResponseReturnValue:
    """Name the first thing that is wrong with the body, as Joi does."""
    if bad.malformed:
        return error(400, None)
    return error(400, '"value" must be of type object' if bad.shape else sentence(bad.problems[0]))


def fail(status: int, retry_after: int | None) -> ResponseReturnValue:
    """Say what HTTP itself has words for."""
    shown, message = FAILURES.get(status, (status, None))
    return error(shown, message, retry_after)


def healthz() -> ResponseReturnValue:
    """Tell that the portal answers. Asks nothing of the database."""
    return Response("OK", content_type="text/html; charset=utf-8")


def _route(method: str, path: str, view: Callable[[], ResponseReturnValue]) -> None:
    contract.add_url_rule(
        path,
        endpoint=f"{method} {path}",
        view_func=view,
        methods=[method],
        strict_slashes=False,
    )


_route("POST", "/auth/register", hasura_accounts.register)
_route("POST", "/auth/account/activate", hasura_accounts.activate)
_route("POST", "/auth/account/forgot", hasura_accounts.forgot)
_route("POST", "/auth/account/remove", hasura_accounts.remove)
_route("POST", "/auth/token/refresh", hasura_tokens.refresh)
_route("POST", "/auth/token/revoke", hasura_tokens.revoke)
_route("POST", "/auth/mfa/generate", hasura_mfa.generate)
_route("POST", "/auth/mfa/enable", hasura_mfa.enable)
_route("POST", "/auth/mfa/disable", hasura_mfa.disable)
_route("POST", "/auth/mfa/totp", hasura_mfa.totp)
_route("GET", "/healthz", healthz)

# Not in the document, but in its original and its clients.
_route("GET", "/auth/jwks", hasura_tokens.jwks)
_route("GET", "/auth/token/refresh", hasura_tokens.refresh_by_get)
_route("POST", "/auth/logout", hasura_tokens.logout)
_route("POST", "/auth/activate", hasura_accounts.activate)
_route("GET", "/auth/activate", hasura_accounts.activate_by_get)
_route("GET", "/auth/account/activate", hasura_accounts.activate_by_get)
_route("POST", "/auth/delete", hasura_accounts.remove)
_route("POST", "/auth/account/delete", hasura_accounts.remove)
_route("POST", "/auth/password/forgot", hasura_accounts.ask_for_ticket)
_route("POST", "/auth/change-password/request", hasura_accounts.ask_for_ticket)
_route("POST", "/auth/password/reset", hasura_accounts.reset)
_route("POST", "/auth/change-password/change", hasura_accounts.reset)
_route("POST", "/auth/change-password", hasura_accounts.change)

contract.add_url_rule("/auth/<path:_path>", view_func=voices.nothing_here, methods=voices.METHODS)
contract.add_url_rule(
    "/healthz",
    endpoint="no_healthz",
    view_func=voices.nothing_here,
    methods=[each for each in voices.METHODS if each != "GET"],
)
