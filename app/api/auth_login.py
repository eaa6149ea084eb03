"""POST /auth/login, which contracts 002 and 004 both claim.

A form is contract 002, whose clients send nothing else; everything else is contract 004, which says
400 to what is no JSON. No page of ours posts here.
"""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app.api import bearer_token, hasura_backend_plus
from app.api.body import FORM, MULTIPART, BadBody
from app.api.voices import Voice
from app.errors import Refusal

route = Blueprint("auth_login", __name__)


@route.post("/auth/login", strict_slashes=False)
def login() -> ResponseReturnValue:
    """Let the contract answer that the content type belongs to."""
    return bearer_token.login() if _is_form() else hasura_backend_plus.login()


def refuse(refusal: Refusal) -> ResponseReturnValue:
    """Say no as the contract that was meant."""
    return _meant().refuse(refusal)


def reject(bad: BadBody) -> ResponseReturnValue:
    """Say what is wrong with the body as the contract that was meant."""
    return _meant().reject(bad)


def fail(status: int, retry_after: int | None) -> ResponseReturnValue:
    """Say what HTTP has words for as the contract that was meant; 429 comes before the view."""
    return _meant().fail(status, retry_after)


def _meant() -> Voice:
    if _is_form():
        return bearer_token
    return hasura_backend_plus


def _is_form() -> bool:
    return request.mimetype in FORM | MULTIPART
