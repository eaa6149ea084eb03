"""Requests are counted in memory; the counts are written down now and then, by every process."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app import db
from app.models import RequestCount
from app.operations import purging, request_counts
from tests.conftest import Clock
from tests.operations.test_races import at_once

pytestmark = pytest.mark.usefixtures("portal")

TEN = datetime(2026, 3, 5, 10, 17, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_ten(clock: Clock) -> Iterator[None]:
    clock.time = TEN
    request_counts.forget()
    yield
    request_counts.forget()


def written() -> dict[tuple[int, str], tuple[int, ...]]:
    """Return what is written down, by hour and address: requests, failed, busy, limited, times."""
    db.session().rollback()
    return {
        (r.hour.hour, r.what): (r.requests, r.failed, r.busy, r.limited, r.total_ms, r.slowest_ms)
        for r in db.session().scalars(select(RequestCount))
    }


def test_requests_of_an_hour_are_one_row_for_each_address(clock: Clock) -> None:
    request_counts.note("GET /home", 200, 0.010)
    request_counts.note("GET /home", 404, 0.030)
    request_counts.note("POST /sign-in", 303, 0.100)
    clock.advance(timedelta(hours=1))
    request_counts.note("GET /home", 200, 0.020)
    assert written() == {}

    assert request_counts.flush() == 3

    assert written() == {
        (10, "GET /home"): (2, 0, 0, 0, 40, 30),
        (10, "POST /sign-in"): (1, 0, 0, 0, 100, 100),
        (11, "GET /home"): (1, 0, 0, 0, 20, 20),
    }


def test_failed_busy_and_limited_answers_are_told_apart() -> None:
    for status in (200, 400, 429, 500, 502, 503, 503):
        request_counts.note("POST /sign-in", status, 0)

    request_counts.flush()

    assert written() == {(10, "POST /sign-in"): (7, 2, 2, 1, 0, 0)}


def test_what_is_written_later_is_added() -> None:
    for seconds in (0.5, 0.2, 0.9, 0.1):
        request_counts.note("GET /home", 200, seconds)
        request_counts.flush()

    assert request_counts.flush() == 0
    assert written() == {(10, "GET /home"): (4, 0, 0, 0, 1700, 900)}


def test_many_processes_write_at_once(portal: Flask) -> None:
    def one(number: int) -> None:
        for what in ("GET /a", "GET /b") if number % 2 else ("GET /b", "GET /a"):
            request_counts.note(what, 200, 0.001)
        request_counts.flush()

    at_once(portal, one, 8)
    request_counts.flush()

    assert written() == {(10, w): (8, 0, 0, 0, 8, 1) for w in ("GET /a", "GET /b")}


def test_what_cannot_be_written_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    request_counts.note("GET /home", 200, 0.010)
    with monkeypatch.context() as away:
        away.setattr(request_counts, "_write", _away)
        with pytest.raises(OSError, match="away"):
            request_counts.flush()
    request_counts.note("GET /home", 200, 0.010)

    request_counts.flush()

    assert written() == {(10, "GET /home"): (2, 0, 0, 0, 20, 10)}


def _away(_taken: Any) -> None:
    raise OSError("the database is away")


def test_memory_stays_small_however_long_the_database_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(request_counts, "MOST", 2)
    for what in ("GET /a", "GET /b", "GET /c", "GET /a"):
        request_counts.note(what, 200, 0)

    request_counts.flush()

    assert written() == {(10, "GET /a"): (2, 0, 0, 0, 0, 0), (10, "GET /b"): (1, 0, 0, 0, 0, 0)}


def test_old_counts_go_after_a_month(clock: Clock) -> None:
    request_counts.note("GET /home", 200, 0)
    request_counts.flush()
    clock.advance(request_counts.KEPT)
    assert purging.purge()["request_counts"] == 1
    assert written() == {}
