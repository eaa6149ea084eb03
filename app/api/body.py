"""Reading what a client sent: once, by one parser, into the model that also documents it."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError
from werkzeug.datastructures import MultiDict

JSON = frozenset({"application/json"})
FORM = frozenset({"application/x-www-form-urlencoded"})
MULTIPART = frozenset({"multipart/form-data"})
DEEPEST = 16  # levels of JSON (ASVS 5.0, 15.3.5)

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class FieldProblem:
    """What is wrong with one field.

    `kind` is pydantic's name of it (missing, string_type, string_too_short, extra_forbidden …) and
    `context` what goes with it: `min_length`, `max_length`.
    """

    field: str
    kind: str
    context: dict[str, Any]
    value: Any


class BadBody(Exception):
    """The body is not what the contract asks for; `problems` names the fields, in their order.

    `malformed` where it is no JSON at all; `shape` where it is JSON, but no object.
    """

    def __init__(
        self, problems: list[FieldProblem], *, malformed: bool = False, shape: bool = False
    ) -> None:
        super().__init__("the body is not what the contract asks for")
        self.problems = problems
        self.malformed = malformed
        self.shape = shape


def read(model: type[M], types: Collection[str] = JSON) -> M:
    """Return the request's body as `model`, or raise BadBody.

    A body of a content type that is not among `types` counts as empty, as in the originals.
    """
    try:
        return model.model_validate(_sent(types))
    except ValidationError as error:
        raise BadBody([_problem(each) for each in error.errors(include_url=False)]) from None


def _sent(types: Collection[str]) -> dict[str, Any]:
    kind = request.mimetype
    if kind not in types:
        return {}
    if kind in JSON:
        return _object(request.get_data(cache=False))
    return _form(request.form)


def _form(form: MultiDict[str, str]) -> dict[str, Any]:
    """Return a form's fields; one that stands there twice is no field (CWE-235)."""
    twice = [name for name in form if len(form.getlist(name)) > 1]
    if twice:
        raise BadBody([FieldProblem(name, "duplicate", {}, None) for name in twice])
    return form.to_dict()


def _object(raw: bytes) -> dict[str, Any]:
    if not raw.strip():
        return {}
    try:
        parsed = json.loads(raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
        json.dumps(parsed, ensure_ascii=False).encode("utf-8")  # half a surrogate pair is no text
    except (ValueError, RecursionError):
        raise BadBody([], malformed=True) from None
    if _depth(parsed) > DEEPEST:
        raise BadBody([], malformed=True)
    if not isinstance(parsed, dict):
        raise BadBody([], malformed=not isinstance(parsed, list), shape=True)
    return parsed


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _depth(value: Any) -> int:
    """Return how deep `value` is nested, as far as it matters."""
    deep, level = 0, [value]
    while level and deep <= DEEPEST:
        deep += 1
        nested = (each for each in level if isinstance(each, dict | list))
        level = [
            inner
            for each in nested
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return deep


def _problem(error: Any) -> FieldProblem:
    field = str(error["loc"][0]) if error["loc"] else ""
    return FieldProblem(field, error["type"], error.get("ctx", {}), error.get("input"))
