"""What somebody tried lately, in lines: the same thing over and over is one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from app.mail import devices
from app.models import AuditEvent
from app.pages import event_words


@dataclass(frozen=True)
class Tried:
    """So many tries in a row that were alike, from one place; `at` is when the newest was."""

    facts: list[str]
    failed: bool
    device: str
    interface: str
    address: str
    at: datetime
    times: int


def of(tries: Iterable[AuditEvent]) -> list[Tried]:
    """Return tries, the newest first, as a page shows them."""
    alike = (list(each) for _, each in groupby(tries, _what_and_whence))
    return [_line(events[0], len(events)) for events in alike]


def _line(newest: AuditEvent, times: int) -> Tried:
    agent = newest.details.get("user_agent")
    return Tried(
        [event_words.sentence(newest), *event_words.facts(newest, None)],
        newest.what != "signed_in",
        devices.label(str(agent)) if agent else "",
        str(devices.OPENED_BY[newest.interface]),
        newest.address,
        newest.at,
        times,
    )


def _what_and_whence(event: AuditEvent) -> tuple[object, ...]:
    told = event.details
    said = (told.get("reason"), told.get("factor"), told.get("user_agent"))
    return (event.what, event.interface, event.address, *said)
