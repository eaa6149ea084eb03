"""Whoever is refused an act or a page of administration leaves one line in the log."""

import logging
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from app import db
from app.models import AuditEvent, Organisation, Role
from tests import factories
from tests.pages.admin.conftest import member
from tests.pages.browser import Browser

Line = dict[str, object]


class Log(logging.Handler):
    """Keeps what is said of refusals."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Line] = []

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.msg, dict) and record.msg["event"] == "administration_refused":
            self.lines.append(record.msg)


@pytest.fixture
def refused(portal: Flask) -> Iterator[list[Line]]:  # noqa: ARG001 (it sets logs up)
    log, doorward = Log(), logging.getLogger("doorward")
    doorward.addHandler(log)
    yield log.lines
    doorward.removeHandler(log)


def told(lines: list[Line]) -> list[tuple[object, ...]]:
    return [(each["status"], each["method"], each["path"]) for each in lines]


def test_what_is_out_of_reach_or_elsewhere_is_one_line_with_whom_and_whence(
    chief: Browser, place: Organisation, refused: list[Line]
) -> None:
    both, other = member(Role.STUDENT, place), member(Role.STUDENT)
    factories.membership(both, factories.organisation())
    base = f"/o/{place.id}/admin/accounts"

    chief.open(base)
    chief.open(f"{base}/{both.id}/suspend")
    chief.open(f"{base}/{other.id}")

    assert told(refused) == [
        (403, "GET", f"{base}/{both.id}/suspend"),
        (404, "GET", f"{base}/{other.id}"),
    ]
    line = refused[0]
    assert line["organisation"] == str(place.id)
    assert line["address"] == "192.0.2.1"
    assert line["account"] not in {None, str(both.id)}
    assert line["request_id"]


def test_a_seat_that_is_not_held_is_one_line_too(guest: Browser, refused: list[Line]) -> None:
    who = member(Role.TEACHER)
    guest.sign_in(who)

    assert guest.open("/admin/mail").status == 404

    assert told(refused) == [(404, "GET", "/admin/mail")]
    assert (refused[0]["account"], refused[0]["organisation"]) == (str(who.id), None)


def test_who_looks_as_somebody_is_named_by_their_own_account(
    superuser: Browser, refused: list[Line]
) -> None:
    who = member(Role.STUDENT, name="Ann Smith")
    superuser.open(f"/admin/accounts/{who.id}")
    superuser.click("Look as this person")
    superuser.press("Look as this person", reason="Ann cannot find her course.")

    assert superuser.open("/admin/accounts").status == 403

    [line] = refused
    [started] = db.session().scalars(select(AuditEvent).filter_by(what="impersonation_started"))
    assert line["account"] == str(started.by_account_id)
