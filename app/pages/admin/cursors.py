"""Where a list goes on, as text in an address: signed, and good for one list at one seat."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import abort
from itsdangerous import BadData, URLSafeSerializer

from app import config
from app.operations.keyset import Order

READ: dict[type, Callable[[str], Any]] = {
    str: str,
    datetime: datetime.fromisoformat,
    uuid.UUID: uuid.UUID,
}


def written(position: tuple[Any, ...] | None, *bound: object) -> str | None:
    """Return a position as text; `bound` is what it is good for, and nothing else."""
    if position is None:
        return None
    return sealed([_plain(each) for each in position], *bound)


def read(text: str | None, order: Order, *bound: object) -> tuple[Any, ...] | None:
    """Return the position that a text names; 400 for one that we did not write for this."""
    if not text:
        return None
    values = opened(text, *bound)
    kinds = [READ[column.type.python_type] for column in order.columns]
    return tuple(kind(value) for kind, value in zip(kinds, values, strict=True))


def sealed(values: list[str], *bound: object) -> str:
    """Return words of a position as text that `opened` reads."""
    return str(_serializer().dumps([_text(bound), values]))


def opened(text: str, *bound: object) -> list[str]:
    """Return the words of a position; 400 for a text that we did not write for this."""
    try:
        good_for, values = _serializer().loads(text)
    except BadData:
        abort(400)
    if good_for != _text(bound):
        abort(400)
    return list(values)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _text(bound: tuple[object, ...]) -> list[str]:
    return [str(each) for each in bound]


def _serializer() -> URLSafeSerializer:
    newest_last = list(reversed(config.current().secret_keys))
    return URLSafeSerializer(newest_last, salt="doorward-cursor")
