"""What an event's hash covers, and that it is the same wherever the event is kept."""

import hashlib
import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from app import db
from app.models import AuditEvent, AuditHead, Interface
from app.models.audit_event import hash_after
from app.operations import audit, audit_rows
from app.operations.visitor import Visitor
from app.security.hash_chain import GENESIS
from tests.conftest import Clock

pytestmark = pytest.mark.usefixtures("portal")

ANA, BEN, ACME = (uuid.UUID(int=number) for number in range(1, 4))
DETAILS: dict[str, Any] = {
    "zeta": 'Zoë "the first"\n\t\\ \u2028 😀',
    "alpha": None,
    "number": -(2**40),
    "empty": "",
    "half": "\ud800",
}
# Written out by hand, so that a change of the encoding is a decision and no accident.
AS_JSON = (
    '{"account_id":"00000000-0000-0000-0000-000000000001","address":"2001:db8::1",'
    '"at":"2026-03-29T01:30:00.000007+00:00",'
    '"by_account_id":"00000000-0000-0000-0000-000000000002",'
    '"details":{"alpha":null,"empty":"","half":"\\ud800","number":-1099511627776,'
    '"zeta":"Zo\\u00eb \\"the first\\"\\n\\t\\\\ \\u2028 \\ud83d\\ude00"},'
    '"interface":"hasura_backend_plus",'
    '"organisation_id":"00000000-0000-0000-0000-000000000003","position":1,'
    f'"previous":"{GENESIS}","what":"role_given"}}'
)


@pytest.fixture
def stored(clock: Clock) -> Mapping[str, Any]:
    """Return an event with something in each column, as the database gives it back."""
    clock.time = datetime(2026, 3, 29, 3, 30, 0, 7, tzinfo=timezone(timedelta(hours=2)))
    visitor = Visitor(Interface.HASURA_BACKEND_PLUS, "2001:db8::1")
    with db.transaction():
        audit.record("role_given", visitor, account_id=ANA, by=BEN, organisation_id=ACME, **DETAILS)
    db.session().rollback()
    [event] = audit_rows.batch(0, None)
    assert event.fields is not None
    return event.fields


def test_the_hash_is_of_what_the_documentation_says(stored: Mapping[str, Any]) -> None:
    assert stored["hash"] == hashlib.sha256(AS_JSON.encode()).hexdigest()
    assert hash_after(GENESIS, stored) == stored["hash"]


OTHERS = {
    "position": 2,
    "at": datetime(2026, 3, 29, 1, 30, 0, 8, tzinfo=UTC),
    "what": "role_taken",
    "account_id": None,
    "by_account_id": None,
    "organisation_id": None,
    "interface": "pages",
    "address": "",
    "details": {**DETAILS, "number": str(DETAILS["number"])},
}


@pytest.mark.parametrize("column", [c.name for c in AuditEvent.__table__.c if c.name != "hash"])
def test_every_column_counts(column: str, stored: Mapping[str, Any]) -> None:
    assert hash_after(GENESIS, {**stored, column: OTHERS[column]}) != stored["hash"]


def test_what_went_before_counts(stored: Mapping[str, Any]) -> None:
    assert hash_after("1" + GENESIS[1:], stored) != stored["hash"]


def test_what_stands_in_one_column_does_not_pass_for_another(stored: Mapping[str, Any]) -> None:
    moved = {**stored, "account_id": stored["by_account_id"], "by_account_id": ANA}

    assert hash_after(GENESIS, moved) != stored["hash"]


def test_the_order_of_details_does_not_count(stored: Mapping[str, Any]) -> None:
    turned = dict(reversed(list(stored["details"].items())))

    assert json.dumps(turned) != json.dumps(stored["details"])
    assert hash_after(GENESIS, {**stored, "details": turned}) == stored["hash"]


@pytest.mark.parametrize("details", [{"a": float("nan")}, {"a": object()}, object()])
def test_what_json_cannot_say_has_no_hash(details: object, stored: Mapping[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        hash_after(GENESIS, {**stored, "details": details})


def test_a_position_is_taken_once(stored: Mapping[str, Any]) -> None:
    with pytest.raises(IntegrityError):
        db.session().execute(AuditEvent.__table__.insert(), dict(stored))  # type: ignore[attr-defined]
    db.session().rollback()


def test_a_log_has_one_end() -> None:
    with pytest.raises(IntegrityError):
        db.session().execute(
            AuditHead.__table__.insert(),  # type: ignore[attr-defined]
            {"id": 2, "position": 0, "hash": "", "checkpoint_position": 0, "signature": ""},
        )
    db.session().rollback()
