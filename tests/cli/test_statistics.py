"""statistics rebuild: counting the log anew."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app import db
from app.models import DailyCount
from app.operations import counting
from tests.cli.conftest import Run
from tests.conftest import Clock
from tests.operations.audit_events import happen


@pytest.fixture(autouse=True)
def two_days(portal: Flask, clock: Clock) -> None:  # noqa: ARG001 (it comes first)
    clock.time = datetime(2026, 3, 5, 12, tzinfo=UTC)
    happen(2)
    clock.advance(timedelta(days=1))
    happen(3)


def total() -> int:
    db.session().rollback()
    return int(db.session().scalar(select(func.sum(DailyCount.times))) or 0)


def test_wrong_numbers_are_put_right(run: Run) -> None:
    counting.catch_up()
    db.session().execute(update(DailyCount).values(times=99))
    db.session().commit()

    done = run("statistics", "rebuild")

    assert done.exit_code == 0
    assert done.stdout.endswith("2 days counted.\n")
    assert total() == 5


def test_it_does_no_harm_twice(run: Run) -> None:
    for _ in range(2):
        run("statistics", "rebuild")

    assert total() == 5
