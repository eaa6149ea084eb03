"""The list of accounts, as it is met."""

import csv
import io
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from app import db
from app.models import Account, AuditEvent, Organisation, Role
from app.operations import account_list, sessions
from tests import factories
from tests.conftest import Clock
from tests.pages.admin.conftest import member
from tests.pages.browser import Browser, Page, values_of

EVIL = "<script>alert(1)</script>\"'>{{7*7}}%s"


def people(*named: str, at: Organisation | None = None) -> list[Account]:
    made = [factories.account(name=each, password=None) for each in named]
    for each in made:
        if at is not None:
            factories.membership(each, at)
    return made


def listed(page: Page) -> list[str]:
    rows = [row for row in page.root.iter("tr") if row.findall("./th[@scope='row']")]
    links = [next(row.iter("a")) for row in rows]
    return ["".join(link.itertext()).strip() for link in links]


def export(browser: Browser, **fields: str) -> str:
    form = values_of(browser.shown.form("Export"))
    sent = browser.send("POST", browser.shown.form("Export").attrib["action"], data=form | fields)
    assert sent.status_code == 200, sent.text
    return sent.text


def test_the_seat_leads_to_administration_and_it_to_the_accounts(superuser: Browser) -> None:
    superuser.open("/superuser/")
    assert superuser.click("Administer").heading == "Overview"

    page = superuser.click("People")

    assert page.heading == "Accounts"
    assert listed(page) == ["Sue Super"]
    assert page.url == "/admin/accounts"


def test_an_account_administrator_stays_at_their_organisation(
    chief: Browser, place: Organisation
) -> None:
    people("Here", at=place)
    people("Elsewhere")
    chief.open(f"/o/{place.id}/account-admin/")
    chief.click("Administer")

    page = chief.click("People")

    assert page.heading == "Members"
    assert listed(page) == ["Alex Admin", "Here"]
    assert page.url == f"/o/{place.id}/admin/accounts"
    links = [a.attrib["href"] for a in page.root.iter("a") if "/admin" in a.get("href", "")]
    assert all(link.startswith(f"/o/{place.id}/admin/") for link in links)


def test_searching_filtering_and_sorting_stand_in_the_address(superuser: Browser) -> None:
    x = factories.organisation("Xavier's")
    people("Ann Smith", "Bea Smith", at=x)
    superuser.open("/admin/accounts")

    page = superuser.ask("Show", q="smi", role="student", organisation=str(x.id), sort="name-down")

    assert listed(page) == ["Bea Smith", "Ann Smith"]
    assert listed(superuser.ask("Show", q="ann")) == ["Ann Smith"]
    assert "Nobody fits that" in superuser.ask("Show", q="nobody").text
    assert listed(superuser.click("Show all"))[0] == "Ann Smith"


def test_a_long_list_comes_in_pages(superuser: Browser) -> None:
    people(*(f"Member {number:02}" for number in range(30)))

    first = listed(superuser.open("/admin/accounts"))
    second = listed(superuser.click("Next page"))

    assert (len(first), len(second)) == (25, 6)
    assert first + second == [f"Member {number:02}" for number in range(30)] + ["Sue Super"]
    assert "Next page" not in superuser.shown.text


@pytest.mark.parametrize(
    "query",
    [
        "after=abc",
        "after=W1siYWNjb3VudHMiXV0.AAAA",
        "sort=password",
        "sort=email_key",
        "role=god",
        "state=rich",
        "organisation=1",
        "q=" + "a" * 400,
        "q=%00",
        "q=a%1bb",
    ],
)
def test_what_no_form_of_ours_asks_is_refused(superuser: Browser, query: str) -> None:
    assert superuser.open(f"/admin/accounts?{query}").status == 400


def test_a_cursor_is_good_for_its_own_order_and_seat(
    superuser: Browser, chief: Browser, place: Organisation
) -> None:
    people(*(f"Member {number:02}" for number in range(30)), at=place)
    superuser.open("/admin/accounts")
    query = urlsplit(superuser.shown.link("Next page")).query
    changed = query[:-9] + ("A" if query[-9] != "A" else "B") + query[-8:]

    assert superuser.open(f"/admin/accounts?{query}").status == 200
    assert superuser.open(f"/admin/accounts?{query}&sort=newest").status == 400
    assert superuser.open(f"/admin/accounts?{changed}").status == 400
    assert chief.open(f"/o/{place.id}/admin/accounts?{query}").status == 400


def test_a_page_that_is_empty_by_now_says_so(superuser: Browser) -> None:
    people(*(f"Member {number:02}" for number in range(25)))
    [last] = people("Zed")
    superuser.open("/admin/accounts")
    link = superuser.shown.link("Next page")
    for each in [last, *db.session().scalars(select(Account).where(Account.name == "Sue Super"))]:
        each.name = "A first one"
        factories.saved(each)

    assert "The list ends here" in superuser.open(link).text


def test_names_full_of_markup_are_only_names(superuser: Browser) -> None:
    [evil] = people(EVIL)

    page = superuser.open("/admin/accounts")

    assert EVIL in listed(page)
    assert superuser.open(f"/admin/accounts/{evil.id}").heading == EVIL
    assert superuser.open(f"/admin/accounts/{evil.id}/suspend").status == 200


def test_a_search_that_very_many_fit_says_so(
    superuser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_list, "MOST_BEGINNINGS", 2)
    people("Ann A", "Ann B", "Ann C")
    superuser.open("/admin/accounts")

    assert "Type a few more letters." in superuser.ask("Show", q="ann").text


def test_where_there_are_very_many_organisations_they_are_not_all_offered(
    superuser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = factories.organisation("Xavier's")
    [ann] = people("Ann", at=x)
    monkeypatch.setattr("app.operations.organisation_choice.MOST", 0)

    page = superuser.open(f"/admin/accounts?organisation={x.id}")

    assert listed(page) == ["Ann"]
    assert listed(superuser.ask("Show", q="a")) == ["Ann"]
    superuser.open(f"/admin/accounts/{ann.id}/roles/new")
    superuser.press("Give the role", role="teacher", organisation=str(x.id))
    assert "Teacher at Xavier's" in superuser.open(f"/admin/accounts/{ann.id}").text


def test_the_export_is_what_the_filter_shows_all_pages_of_it(superuser: Browser) -> None:
    x = factories.organisation("Xavier's")
    people(*(f"Member {number:02}" for number in range(30)), at=x)
    people("Other")
    superuser.open(f"/admin/accounts?organisation={x.id}&sort=name-down")

    rows = list(csv.reader(io.StringIO(export(superuser))))

    assert rows[0][0] == "\ufeffE-mail address"
    assert [row[2] for row in rows[1:]] == [f"Member {number:02}" for number in range(29, -1, -1)]
    assert {row[4] for row in rows[1:]} == {"Student at Xavier's"}


def test_the_export_is_a_file_that_runs_nothing(superuser: Browser) -> None:
    people('=HYPERLINK("http://evil.example")', "+1", "@SUM(A1)")
    page = superuser.open("/admin/accounts")
    form = values_of(page.form("Export")) | {"delimiter": "semicolon"}
    del form["bom"]

    sent = superuser.send("POST", "/admin/accounts/export", data=form)

    names = [row[2] for row in csv.reader(io.StringIO(sent.text), delimiter=";")]
    assert names[1:4] == ["'+1", '\'=HYPERLINK("http://evil.example")', "'@SUM(A1)"]
    assert sent.mimetype == "text/csv"
    assert sent.headers["Content-Disposition"].startswith("attachment; filename=")
    assert sent.headers["Cache-Control"] == "no-store"
    assert not sent.text.startswith("\ufeff")


def test_the_export_is_recorded_without_what_was_typed(superuser: Browser) -> None:
    people("Ann Smith")
    superuser.open("/admin/accounts?q=ann&state=active")

    export(superuser)

    recorded = select(AuditEvent).where(AuditEvent.what == "accounts_exported")
    [event] = db.session().scalars(recorded)
    assert factories.told(event) == {"role": None, "state": "active", "searched": 1}
    assert event.by_account_id is not None


def test_the_export_asks_for_a_proof(superuser: Browser, clock: Clock) -> None:
    people("Ann Smith")
    page = superuser.open("/admin/accounts?q=ann")
    clock.advance(sessions.STEP_UP)

    form = values_of(page.form("Export"))
    sent = superuser.send(
        "POST",
        "/admin/accounts/export",
        data=form,
        headers={"Origin": "http://localhost", "Referer": "http://localhost/admin/accounts?q=ann"},
    )

    assert sent.status_code == 303
    assert sent.headers["Location"] == "/confirm?next=/admin/accounts?q%3Dann"


@pytest.mark.parametrize("fields", [{"delimiter": "|"}, {"sort": "x"}, {"role": "x"}])
def test_an_export_of_what_no_form_offers_is_refused(
    superuser: Browser, fields: dict[str, str]
) -> None:
    form = values_of(superuser.open("/admin/accounts").form("Export")) | fields

    assert superuser.send("POST", "/admin/accounts/export", data=form).status_code == 400


def test_the_fields_of_an_export_are_these_and_no_others(superuser: Browser) -> None:
    people("Ann Smith")
    superuser.open("/admin/accounts")

    [header, *_rows] = csv.reader(io.StringIO(export(superuser)))

    assert [each.lstrip("\ufeff") for each in header] == [
        "E-mail address",
        "Username",
        "Name",
        "State",
        "Roles",
        "Added",
        "Activated",
        "Locked until",
        "Identifier",
    ]


def test_a_portal_with_nobody_else_has_an_empty_state_for_a_filter(superuser: Browser) -> None:
    assert "Nobody fits that" in superuser.open("/admin/accounts?state=suspended").text


def test_members_of_one_organisation_are_filtered_by_its_roles_only(
    chief: Browser, place: Organisation
) -> None:
    page = chief.open(f"/o/{place.id}/admin/accounts")

    offered = [o.get("value") for o in page.root.findall(".//select[@name='role']/option")]
    assert offered == ["", "account-admin", "teacher", "student"]
    assert not page.root.findall(".//select[@name='organisation']")


def test_a_superuser_who_is_member_too_shows_the_role_here_only(
    chief: Browser, place: Organisation
) -> None:
    above = member(Role.TEACHER, place, "Sam Secret")
    factories.membership(above, role=Role.SUPERUSER)

    page = chief.open(f"/o/{place.id}/admin/accounts")

    assert "Sam Secret" in listed(page)
    assert "Superuser" not in page.main
