"""Letting each contract say in its own form what went wrong in it.

A contract is a module with a blueprint and three functions: `refuse` for an operation's no,
`reject` for a body it cannot use, `fail` for what HTTP itself has words for.
"""

from types import ModuleType
from typing import Any, Protocol, cast

import structlog
from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy import exc
from sqlalchemy.orm.exc import ObjectDeletedError
from werkzeug.exceptions import HTTPException

from app import db
from app.api.body import BadBody
from app.errors import Busy, NotSignedIn, Refusal

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
RETRY_AFTER_S = 2

log = structlog.get_logger("doorward.api")


class Voice(Protocol):
    """What every contract's module has."""

    def refuse(self, refusal: Refusal) -> ResponseReturnValue:
        """Say no in the contract's words."""

    def reject(self, bad: BadBody) -> ResponseReturnValue:
        """Say what is wrong with the body."""

    def fail(self, status: int, retry_after: int | None) -> ResponseReturnValue:
        """Say 404, 413, 429, 500 or 503 in the contract's form."""


_voices: dict[str, Voice] = {}


def give(blueprint: Blueprint, contract: ModuleType) -> None:
    """Let everything that goes wrong in this blueprint be said by this contract."""
    _voices[f"api.{blueprint.name}"] = cast("Voice", contract)


def listen(api: Blueprint) -> None:
    """Hand everything that goes wrong below `api` to the contract that it happened in."""
    api.register_error_handler(Refusal, _refused)
    api.register_error_handler(BadBody, _rejected)
    api.register_error_handler(HTTPException, _failed)
    api.register_error_handler(exc.OperationalError, _database_away)
    api.register_error_handler(exc.TimeoutError, _database_away)
    api.register_error_handler(ObjectDeletedError, _gone)
    api.register_error_handler(Exception, _broken)


def nothing_here(**_path: Any) -> ResponseReturnValue:
    """Answer an unknown path, or a method that a known one does not have: 404 in every contract."""
    return _voice().fail(404, None)


def fail(status: int, retry_after: int | None) -> ResponseReturnValue:
    """Say in the contract's form what HTTP itself has words for."""
    return _voice().fail(status, retry_after)


def _voice() -> Voice:
    return _voices[request.blueprint or ""]


def _refused(refusal: Refusal) -> ResponseReturnValue:
    if isinstance(refusal, Busy):
        return _voice().fail(503, refusal.retry_after)
    return _voice().refuse(refusal)


def _rejected(bad: BadBody) -> ResponseReturnValue:
    return _voice().reject(bad)


def _failed(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or error.code is None:
        return error.get_response()
    wait = getattr(error, "retry_after", None)
    return _voice().fail(error.code, wait if isinstance(wait, int) else None)


def _database_away(error: Exception) -> ResponseReturnValue:
    log.error("database_unavailable", exc_info=error)
    db.session().rollback()
    return _voice().fail(503, RETRY_AFTER_S)


def _gone(_error: ObjectDeletedError) -> ResponseReturnValue:
    """Answer whose session or account was ended by another request meanwhile."""
    db.session().rollback()
    return _voice().refuse(NotSignedIn())


def _broken(error: Exception) -> ResponseReturnValue:
    log.error("unhandled_exception", exc_info=error)
    return _voice().fail(500, None)
