"""What each contract says of its own routes, for the OpenAPI document and the pages at /docs."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel


@dataclass(frozen=True)
class Answer:
    """One answer of a route: its status, when it is given, and an example of its body."""

    status: int
    when: str
    example: Any = None  # None: no body
    media_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Operation:
    """One route as its contract documents it.

    `body` is the model that also validates; `types` its content types; `example` a request body.
    """

    method: str
    path: str
    summary: str
    answers: tuple[Answer, ...]
    body: type[BaseModel] | None = None
    types: tuple[str, ...] = ("application/json",)
    example: dict[str, Any] | None = None
    secured: bool = False
    description: str = ""
