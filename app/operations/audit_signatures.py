"""Signing what the chain of audit events comes to: its two ends, and checkpoints on the way.

Whoever can write to the database can chain anything; signing it takes the portal's key.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app import config
from app.clock import now
from app.models.audit_event import written
from app.security.tokens import keyed_digest, same

LARGEST_POSITION = 2**63 - 1


@dataclass(frozen=True)
class Head:
    """The last event's position and hash, and where the last checkpoint was made."""

    position: int
    hash: str
    checkpoint_position: int
    checkpoint_at: datetime | None

    @property
    def parts(self) -> tuple[str, ...]:
        """What is signed."""
        at = written(self.checkpoint_at) if self.checkpoint_at else ""
        return "audit head", str(self.position), self.hash, str(self.checkpoint_position), at


@dataclass(frozen=True)
class Start:
    """The position and hash of the event that the first one we keep follows."""

    position: int
    hash: str

    @property
    def parts(self) -> tuple[str, ...]:
        """What is signed."""
        return "audit start", str(self.position), self.hash


@dataclass(frozen=True)
class Checkpoint:
    """What the chain's end was at some time: to be kept where nobody rewrites it with the log."""

    position: int
    hash: str
    made_at: datetime
    signature: str

    @property
    def parts(self) -> tuple[str, ...]:
        """What is signed."""
        return _checkpoint_parts(self.position, self.hash, self.made_at)

    @property
    def fields(self) -> dict[str, Any]:
        """Return it for a line of the log."""
        return {
            "position": self.position,
            "hash": self.hash,
            "made_at": written(self.made_at),
            "signature": self.signature,
        }

    def __str__(self) -> str:
        return json.dumps(self.fields)


def signature(parts: tuple[str, ...]) -> str:
    """Sign with the newest key."""
    return keyed_digest(config.current().secret_keys[0], *parts)


def is_signed(parts: tuple[str, ...], found: str) -> bool:
    """Tell whether a signature is by any of our keys."""
    return any(same(keyed_digest(key, *parts), found) for key in config.current().secret_keys)


def checkpoint(position: int, hash_: str) -> Checkpoint:
    """Sign that the chain's end is this event now."""
    moment = now()
    signed = signature(_checkpoint_parts(position, hash_, moment))
    return Checkpoint(position, hash_, moment, signed)


def read_checkpoint(line: str) -> Checkpoint | None:
    """Read what `str` of a checkpoint wrote, or a line of the log that tells of one, or None.

    Whoever collects logs may have written something before the object.
    """
    _, brace, rest = line.partition("{")
    try:
        return _from_fields(json.loads(brace + rest))
    except (KeyError, ValueError, TypeError):
        return None


def _from_fields(fields: dict[str, Any]) -> Checkpoint:
    position = int(fields["position"])
    if not 0 < position <= LARGEST_POSITION:
        raise ValueError("no event has such a position")
    made_at = datetime.fromisoformat(fields["made_at"])
    return Checkpoint(position, str(fields["hash"]), made_at, str(fields["signature"]))


def _checkpoint_parts(position: int, hash_: str, made_at: datetime) -> tuple[str, ...]:
    return "audit checkpoint", str(position), hash_, written(made_at)
