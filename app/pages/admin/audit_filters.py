"""Which audit events a list's address asks for. What is not in these lists of words is 400."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TypeVar

from flask import abort
from werkzeug.datastructures import MultiDict

from app.models import Interface
from app.operations import audit_reading
from app.operations.audit_log import Filter
from app.operations.authority import Administrator
from app.pages import event_words
from app.pages.admin import cursors
from app.pages.admin.filters import text

NAMES = ("whom", "by", "what", "interface", "organisation", "since", "until")
DAY = timedelta(days=1)

T = TypeVar("T")


@dataclass(frozen=True)
class Asked:
    """A filter as it was typed and as it is meant, and where in the list to go on."""

    wanted: Filter
    typed: dict[str, str]
    cursor: str | None

    def query(self, **changes: str | None) -> dict[str, str]:
        """Return what belongs into the address of the same list, first page, with changes."""
        return {name: value for name, value in {**self.typed, **changes}.items() if value}


def read(values: MultiDict[str, str], administrator: Administrator) -> Asked:
    """Return what an address or a form asks for; an organisation's seat sees its own only.

    Days are those of UTC; both are meant to be in.
    """
    typed = {name: text(values.get(name, "")) for name in NAMES}
    if not administrator.of_portal:
        typed["organisation"] = ""
    named = partial(audit_reading.account_named, administrator)
    wanted = Filter(
        account_id=_one(typed, "whom", named),
        by_account_id=_one(typed, "by", named),
        organisation_id=_one(typed, "organisation", uuid.UUID),
        what=_one(typed, "what", _event),
        interface=_one(typed, "interface", Interface),
        since=_one(typed, "since", _day),
        before=_one(typed, "until", _day_after),
    )
    after = values.get("after")
    cursor = cursors.opened(after, *_good_for(administrator))[0] if after else None
    return Asked(wanted, typed, cursor)


def sealed(older: str | None, administrator: Administrator) -> str | None:
    """Return what leads to the events before a page's, if there are any."""
    return cursors.sealed([older], *_good_for(administrator)) if older else None


def _good_for(administrator: Administrator) -> tuple[object, ...]:
    return ("audit", administrator.organisation_id)


def _one(typed: dict[str, str], name: str, kind: Callable[[str], T]) -> T | None:
    if not typed[name]:
        return None
    try:
        return kind(typed[name])
    except (ValueError, OverflowError):
        abort(400)


def _event(word: str) -> str:
    if word not in event_words.SENTENCES:
        raise ValueError(word)
    return word


def _day(written: str) -> datetime:
    day = date.fromisoformat(written)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _day_after(written: str) -> datetime:
    return _day(written) + DAY
