"""Who has an account, as rows: everybody or one organisation's, and never a secret."""

import io
import json
import uuid
from collections.abc import Iterable

import pytest
from sqlalchemy import delete, event, select

from app import db
from app.clock import now
from app.models import Account, AuditEvent, Membership, Role
from app.operations import exporting, importing
from app.operations.exporting import COLUMNS, Row, export
from app.operations.import_mappings import ColumnMapping
from app.operations.importing import File
from app.security import safe_csv
from tests import factories
from tests.factories import VISITOR
from tests.operations.bringing_in import CALLER, count, found, outcomes

pytestmark = pytest.mark.usefixtures("portal")


def test_everybody_has_a_row_for_each_membership() -> None:
    place = factories.organisation("Cy")
    ana = factories.account("ana@example.org", username="ana", name="Ana")
    bo = factories.account("bo@example.org", activated=False)
    root = factories.account("root@example.org")
    factories.membership(ana, place, Role.TEACHER)
    factories.membership(ana, place, Role.ACCOUNT_ADMIN)
    factories.membership(root, role=Role.SUPERUSER)

    rows = list(export(VISITOR))

    assert all(tuple(row) == COLUMNS for row in rows)
    told = {(row["email"], row["role"], row["superuser"], row["activated"]) for row in rows}
    assert told == {
        ("ana@example.org", "teacher", False, True),
        ("ana@example.org", "account-admin", False, True),
        ("bo@example.org", None, False, False),
        ("root@example.org", None, True, True),
    }
    [first, *_] = [row for row in rows if row["email"] == "ana@example.org"]
    assert first == first | {
        "id": ana.id,
        "short_id": ana.short_id,
        "username": "ana",
        "name": "Ana",
        "suspended": False,
        "organisation": place.id,
        "organisation_name": "Cy",
    }
    assert bo.id in {row["id"] for row in rows}


def test_an_organisations_export_tells_of_its_members_and_no_other_place() -> None:
    place, other = factories.organisation("Cy"), factories.organisation("Dy")
    ana, bo = factories.account("ana@example.org"), factories.account("bo@example.org")
    factories.membership(ana, place)
    factories.membership(ana, other)
    factories.membership(ana, role=Role.SUPERUSER)
    factories.membership(bo, other)

    [row] = export(VISITOR, place.id)

    assert (row["email"], row["organisation"]) == ("ana@example.org", place.id)
    assert row["superuser"] is None
    assert str(other.id) not in str(row)
    assert list(export(VISITOR, uuid.uuid4())) == []


def test_no_secret_leaves() -> None:
    place = factories.organisation("Cy")
    who = factories.account("ana@example.org")
    factories.membership(who, place)
    factories.own_password(who, place)
    secret = factories.app_of(who)

    told = json.dumps(list(export(VISITOR)), default=str)

    assert "argon2" not in told
    assert secret not in told
    assert not any("hash" in column or "secret" in column for column in COLUMNS)


def test_pages_hold_few_and_leave_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "PAGE", 3)
    place = factories.organisation()
    everybody = [factories.account(password=None) for _ in range(10)]
    for each in everybody:
        factories.membership(each, place)
    statements: list[str] = []

    def note(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    event.listen(db.db.engine, "before_cursor_execute", note)
    rows = list(export(VISITOR))
    event.remove(db.db.engine, "before_cursor_execute", note)

    assert [row["id"] for row in rows] == sorted((each.id for each in everybody), key=str)
    asked = [each for each in statements if each.startswith("SELECT") and "audit_" not in each]
    assert len(asked) <= 4 * 2 + 1


def test_an_export_is_recorded_before_the_first_row_leaves() -> None:
    place, by = factories.organisation(), factories.account()

    export(VISITOR, place.id, by=by.id)

    [recorded] = db.session().scalars(select(AuditEvent))
    assert (recorded.what, recorded.organisation_id) == ("accounts_exported", place.id)
    assert recorded.by_account_id == by.id


def test_what_was_exported_can_be_imported_into_another_portal() -> None:
    place = factories.organisation("Cy")
    ana = factories.account("+ana@example.org", username="ana", name="=Ana")
    factories.account("bo@example.org", name='"Bo"; the, second', activated=False)
    ana.suspended_at = now()
    for role in (Role.STUDENT, Role.TEACHER):
        factories.membership(ana, place, role)
    factories.membership(factories.account(None, username="root"), role=Role.SUPERUSER)
    before = list(export(VISITOR))
    db.session().execute(delete(Account))
    db.session().commit()

    done = importing.run(file_of(before), CALLER)

    assert set(outcomes(done)) == {"created", "joined"}
    assert (count(Account), count(Membership)) == (3, 3)
    assert found("+ana@example.org").name == "=Ana"
    assert without_time(export(VISITOR)) == without_time(before)


def file_of(rows: list[Row]) -> File:
    lines = safe_csv.lines([COLUMNS, *(list(row.values()) for row in rows)])
    stream = io.BytesIO("".join(lines).encode())
    return importing.survey("export.csv", stream, ColumnMapping())


def without_time(rows: Iterable[Row]) -> list[Row]:
    return [row | {"created_at": None} for row in rows]
