"""What the dashboard's charts are about, and which events count in which of their series."""

import enum
import uuid
from collections.abc import Mapping
from datetime import date

from app.operations import counting
from app.operations.daily_numbers import Numbers

ANY = "*"


class Topic(enum.StrEnum):
    """What a chart is about."""

    SIGN_INS = "sign-ins"
    FAILURES = "failures"
    NEWCOMERS = "newcomers"
    LOCKS = "locks"
    FACTORS = "factors"


COUNTED = (Topic.SIGN_INS, Topic.FAILURES, Topic.NEWCOMERS, Topic.LOCKS)
Sorting = Mapping[tuple[str, str], str]  # what and detail, or ANY → the series that it counts in
_PASSWORDS = {("sign_in_failed", "wrong_password"): "wrong_password"}
_OTHERS = {
    ("sign_in_failed", "wrong_code"): "wrong_code",
    ("wrong_code", ANY): "wrong_code",
    ("sign_in_failed", ANY): "shut",
}
_TURNED_AWAY = {(counting.TURNED_AWAY, ANY): "shut"}
IN_ALL: dict[Topic, Sorting] = {
    Topic.SIGN_INS: {
        ("signed_in", ANY): "second_step",
        ("signed_in", "none"): "password_alone",
    },
    Topic.FAILURES: {
        **_PASSWORDS,
        ("sign_in_failed", "unknown_account"): "unknown_account",
        **_OTHERS,
        **_TURNED_AWAY,
    },
    Topic.NEWCOMERS: {
        ("registered", ANY): "registered",
        ("invitation_accepted", "none"): "invited",
        ("account_created", ANY): "added",
        ("account_created", "imported"): "imported",
    },
    Topic.LOCKS: {
        ("account_locked", ANY): "account",
        ("membership_locked", ANY): "membership",
    },
}
# At an organisation, switching to a role there is coming in as well.
AT_ONE: dict[Topic, Sorting] = {
    Topic.SIGN_INS: {
        ("signed_in", ANY): "second_step",
        ("seat_taken", ANY): "second_step",
        ("signed_in", "none"): "password_alone",
        ("seat_taken", "none"): "password_alone",
    },
    Topic.FAILURES: _PASSWORDS | _OTHERS,
    Topic.NEWCOMERS: {
        ("invitation_accepted", ANY): "invited",
        ("membership_added", ANY): "given",
    },
    Topic.LOCKS: {("membership_locked", ANY): "membership"},
}


def sortings(place: uuid.UUID | None) -> dict[Topic, Sorting]:
    """Return how events are sorted at an organisation, or in the whole portal."""
    return IN_ALL if place is None else AT_ONE


def parts(numbers: Numbers, sorting: Sorting) -> dict[tuple[date, str], int]:
    """Return how much of each series there was on each day."""
    found: dict[tuple[date, str], int] = {}
    for (day, what, detail), times in numbers.items():
        series = sorting.get((what, detail)) or sorting.get((what, ANY))
        if series is not None:
            found[day, series] = found.get((day, series), 0) + times
    return found
