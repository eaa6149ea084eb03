"""What happened, for those who have to know."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.models.interface import INTERFACE, Interface
from app.security import hash_chain

POSITION = BigInteger().with_variant(Integer, "sqlite")


def _newest_first_by(column: str, *, everywhere: bool) -> Index:
    """Return the index that lists the events of one value; without the many that have none."""
    named = None if everywhere else text(f"{column} IS NOT NULL")
    return Index(
        f"ix_audit_events_by_{column}",
        column,
        "at",
        "position",
        sqlite_where=named,
        postgresql_where=named,
    )


class AuditEvent(Base):
    """One thing that happened. Append-only and chained; written by operations.audit alone.

    `position` counts 1, 2, 3 … in the order in which events were committed. `hash` covers the
    event and the hash of the one before it: see `hash_after`. Accounts and organisations are named
    by id without a foreign key: an event outlives them.
    """

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_by_time", "at", "position"),
        _newest_first_by("account_id", everywhere=False),
        _newest_first_by("by_account_id", everywhere=False),
        _newest_first_by("organisation_id", everywhere=False),
        _newest_first_by("what", everywhere=True),
        _newest_first_by("interface", everywhere=True),
        _newest_first_by("address", everywhere=True),
    )

    position: Mapped[int] = mapped_column(POSITION, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    what: Mapped[str] = mapped_column(String(60))
    account_id: Mapped[uuid.UUID | None]
    by_account_id: Mapped[uuid.UUID | None]
    organisation_id: Mapped[uuid.UUID | None]
    interface: Mapped[Interface] = mapped_column(INTERFACE)
    address: Mapped[str] = mapped_column(String(64))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    hash: Mapped[str] = mapped_column(String(64))


def hash_after(previous: str, event: Mapping[str, Any]) -> str:
    """Return the hash of an event that follows the one whose hash is `previous`.

    It is the SHA-256 of one JSON object with every column but `hash`, and `previous`; the same on
    every database. Raises ValueError or TypeError for what no event can hold.
    """
    return hash_chain.link(
        previous,
        {
            "position": event["position"],
            "at": written(event["at"]),
            "what": event["what"],
            "account_id": _id(event["account_id"]),
            "by_account_id": _id(event["by_account_id"]),
            "organisation_id": _id(event["organisation_id"]),
            "interface": event["interface"],
            "address": event["address"],
            "details": event["details"],
        },
    )


def written(moment: datetime) -> str:
    """Return a time as it is hashed and signed: in UTC, to the microsecond."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _id(identifier: uuid.UUID | None) -> str | None:
    return None if identifier is None else str(identifier)
