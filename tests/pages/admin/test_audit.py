"""The audit log's pages: read, filtered, exported, verified."""

import csv
import io
import json

import pytest

from app import db
from app.models import Account, AuditEvent, Organisation, Role
from app.operations import audit
from tests import factories
from tests.factories import VISITOR
from tests.operations.audit_events import happen, tamper
from tests.pages.admin.conftest import member
from tests.pages.admin.test_accounts import export
from tests.pages.browser import Browser, Page


def tell(what: str, who: Account, at: Organisation | None = None, note: str = "") -> None:
    with db.transaction():
        place = at.id if at else None
        audit.record(what, VISITOR, account_id=who.id, organisation_id=place, note=note)


def events(page: Page) -> list[str]:
    """Return the sentence of each event that a page shows."""
    said = [each for each in page.root.iter("p") if each.get("class") == "event-what"]
    return ["".join(each.itertext()).strip() for each in said]


def test_it_tells_who_did_what_to_whom_and_from_where(superuser: Browser) -> None:
    who = factories.account(name="Ann")
    tell("password_changed", who)
    superuser.open("/admin/")
    page = superuser.click("Audit log")
    assert page.heading == "Audit log"
    assert events(page)[0] == "The password was changed"
    assert page.link("Ann") == f"/admin/accounts/{who.id}"
    assert "192.0.2.1" in page.text


def test_filters_stand_in_the_address(superuser: Browser) -> None:
    place = factories.organisation("Xavier's")
    ann, bea = factories.account("ann@example.org"), factories.account()
    tell("password_changed", ann, place)
    tell("password_changed", bea)
    tell("name_changed", ann)
    superuser.open("/admin/audit")
    assert events(superuser.ask("Show", whom="ANN@example.org", what="password_changed")) == [
        "The password was changed"
    ]
    page = superuser.ask("Show", whom="", what="", organisation=str(place.id))
    assert events(page) == ["The password was changed"]
    assert "Nothing fits that" in superuser.ask("Show", whom="nobody").text
    superuser.click("Show all")
    assert "Nothing fits that" in superuser.ask("Show", until="2000-01-01").text
    assert events(superuser.ask("Show", since="2000-01-01", until=""))


@pytest.mark.parametrize(
    "query",
    [
        "what=nothing",
        "interface=radio",
        "since=yesterday",
        "until=9999-12-31",
        "organisation=1",
        "after=abc",
        "after=1-",
        "after=1764000000000000-5",
        "whom=%00",
        "whom=" + "a" * 400,
    ],
)
def test_what_no_form_of_ours_asks_is_refused(superuser: Browser, query: str) -> None:
    assert superuser.open(f"/admin/audit?{query}").status == 400


def test_a_long_log_comes_in_pages(superuser: Browser) -> None:
    happen(70)
    superuser.open("/admin/audit")
    first = events(superuser.ask("Show", what="signed_in"))
    second = events(superuser.click("Older"))
    assert (len(first), len(second)) == (50, 21)
    assert events(superuser.click("Back to the newest")) == first


def test_an_organisation_s_seat_reads_its_own_events(chief: Browser, place: Organisation) -> None:
    here, elsewhere = member(Role.STUDENT, place, "Here"), factories.account(name="Elsewhere")
    tell("membership_added", here, place)
    tell("password_changed", elsewhere)
    tell("password_changed", here)
    page = chief.open(f"/o/{place.id}/admin/audit")
    assert "A role was given" in events(page)
    assert "The password was changed" not in events(page)
    assert "Elsewhere" not in page.text
    assert "Verify the log" not in page.text
    assert chief.open(f"/o/{place.id}/admin/audit/verify").status == 404


def test_an_export_is_what_the_filter_shows(superuser: Browser) -> None:
    evil = factories.account("evil@example.org", name="=cmd()")
    tell("name_changed", evil, note="=1+1")
    tell("password_changed", evil)
    superuser.open("/admin/audit")
    shown = events(superuser.ask("Show", whom="evil@example.org"))
    rows = list(csv.reader(io.StringIO(export(superuser).removeprefix("\ufeff"))))
    assert [row[3] for row in rows[1:]] == shown
    assert json.loads(rows[2][12])["note"] == "=1+1"
    assert rows[1][4] == "evil@example.org"
    assert all(not field.startswith(("=", "+", "-", "@")) for row in rows for field in row)
    recorded = db.session().query(AuditEvent).where(AuditEvent.what == "audit_exported").one()
    assert recorded.details["searched"] == 1


def test_verifying_says_that_all_stands_or_what_does_not(superuser: Browser) -> None:
    happen(5)
    superuser.open("/admin/audit/verify")
    assert "Never" in superuser.shown.text
    page = superuser.press("Verify from the beginning")
    assert "stand as they were written, to the end of the log" in page.text
    tamper("UPDATE audit_events SET address = '203.0.113.1' WHERE position = 3")
    page = superuser.press("Verify from the beginning")
    assert "1 fault was found" in page.text
    assert "Event 3: changed" in page.text
    assert "1 fault was found" not in superuser.open("/admin/audit/verify").text


def test_a_log_too_long_for_one_request_goes_on(
    superuser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.operations.audit_verifying.AT_ONCE", 8)
    happen(10)
    superuser.open("/admin/audit/verify")
    assert "So far so good" in superuser.press("Verify from the beginning").text
    page = superuser.press("Go on with the next part")
    assert "to the end of the log" in page.text


def test_a_checkpoint_is_shown_once_to_be_kept(superuser: Browser) -> None:
    happen(2)
    superuser.open("/admin/audit/verify")
    page = superuser.press("Sign a checkpoint")
    assert '"signature"' in page.text
    assert '"signature"' not in superuser.open("/admin/audit/verify").text


def test_events_full_of_markup_are_only_text(superuser: Browser) -> None:
    who = factories.account(name="<script>alert(1)</script>")
    tell("name_changed", who, note="<b>bold</b>{{7*7}}")
    page = superuser.open("/admin/audit")
    assert "<b>bold</b>{{7*7}}" in page.text
    assert "<script>alert(1)</script>" in page.text
