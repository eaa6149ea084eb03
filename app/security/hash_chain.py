"""Chaining records by their hashes, so that none can be changed, added or left out unseen."""

import hashlib
import json
from collections.abc import Mapping

GENESIS = "0" * 64  # what the first record follows
PREVIOUS = "previous"
_encoder = json.JSONEncoder(
    ensure_ascii=True, allow_nan=False, sort_keys=True, separators=(",", ":")
)


def link(previous: str, fields: Mapping[str, object]) -> str:
    """Return the hash of a record that follows the one whose hash is `previous`, in hex.

    SHA-256 of the canonical JSON of `fields` and `previous`: keys sorted, no blanks, ASCII only.
    Raises ValueError or TypeError where a field cannot stand in JSON.
    """
    if PREVIOUS in fields:
        raise ValueError(f"a field cannot be named {PREVIOUS}")
    return hashlib.sha256(canonical({**fields, PREVIOUS: previous})).hexdigest()


def canonical(value: object) -> bytes:
    """Return the one way to write a JSON value: equal values alike, others never."""
    return _encoder.encode(value).encode("ascii")
