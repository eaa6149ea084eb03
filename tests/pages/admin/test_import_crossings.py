"""Imports of another organisation: not there, not changed, not told of."""

from collections.abc import Iterator

import pytest
from flask import Flask

from app import db
from app.models import Account, Import, Role, Stage
from tests import factories
from tests.conftest import Clock
from tests.operations.test_account_list import counted
from tests.pages.admin import importing
from tests.pages.admin.conftest import member
from tests.pages.admin.importing import FILE, check, run
from tests.pages.admin.test_crossings import NOBODY, Request, Worlds, body, everything
from tests.pages.browser import Browser


@pytest.fixture
def worlds(portal: Flask, clock: Clock) -> Worlds:  # noqa: ARG001 (nothing changes with time)
    return Worlds(portal)


@pytest.fixture
def theirs(worlds: Worlds, portal: Flask) -> Import:
    """Have an administrator of Y check a file; return the import."""
    browser = Browser(portal)
    browser.sign_in(member(Role.ACCOUNT_ADMIN, worlds.y, "Yara Admin"))
    check(browser, f"/o/{worlds.y.id}/admin", FILE)
    return importing.newest()


def routes(which: object) -> Iterator[Request]:
    """Yield every request about one import."""
    base = f"imports/{which}"
    for page in ("", "/columns", "/run", "/stop", "/undo"):
        yield "GET", f"{base}{page}", {}
    for act in ("/columns", "/run", "/stop", "/undo", "/result"):
        yield "POST", f"{base}{act}", {"system": "ours", "column_email": "0"}


@pytest.mark.parametrize("stage", [Stage.CHECKED, Stage.UPLOADED, Stage.FINISHED, Stage.RUNNING])
def test_every_address_of_another_place_s_import_is_one_of_none(
    worlds: Worlds, theirs: Import, stage: Stage
) -> None:
    which = theirs.id
    theirs.stage, theirs.dry_run = stage, stage in {Stage.CHECKED, Stage.UPLOADED}
    db.session().commit()
    before = everything()

    for (method, url, form), (_, nowhere, _form) in zip(routes(which), routes(NOBODY), strict=True):
        with counted() as sent:
            answer = worlds.ask(method, f"/o/{worlds.x.id}/admin/{url}", **form)
        with counted() as sent_about_none:
            expected = worlds.ask(method, f"/o/{worlds.x.id}/admin/{nowhere}", **form)

        assert answer.status_code == expected.status_code == 404, (method, url)
        assert body(answer) == body(expected), (method, url)
        assert len(sent) == len(sent_about_none), "the time it takes would tell"
    assert everything() == before


def test_the_portal_s_imports_are_not_an_organisation_s(worlds: Worlds) -> None:
    portal_s = factories.imported(None)

    assert worlds.ask("GET", f"/o/{worlds.x.id}/admin/imports/{portal_s.id}").status_code == 404
    assert portal_s.source not in worlds.ask("GET", f"/o/{worlds.x.id}/admin/imports").text


def test_the_list_has_nothing_of_another_place(worlds: Worlds, theirs: Import) -> None:
    shown = worlds.ask("GET", f"/o/{worlds.x.id}/admin/imports").text

    assert "Nothing was imported yet" in shown
    assert str(theirs.id) not in shown


def test_a_cursor_of_another_place_leads_nowhere(worlds: Worlds, portal: Flask) -> None:
    for _ in range(26):
        factories.imported(worlds.y)
    other = Browser(portal)
    other.sign_in(member(Role.ACCOUNT_ADMIN, worlds.y, "Yara Admin"))
    query = other.open(f"/o/{worlds.y.id}/admin/imports").link("Next page").partition("?")[2]

    assert worlds.chief.open(f"/o/{worlds.x.id}/admin/imports?{query}").status == 400


def test_no_page_tells_who_has_an_account_elsewhere(worlds: Worlds) -> None:
    at = f"/o/{worlds.x.id}/admin"
    shown = []
    for address in (worlds.targets["pupil of Y"].email, "nobody.at.all@example.org"):
        rows = f"email,name,role\n{address},Ana,student\n".encode()
        pages = [check(worlds.chief, at, rows).main, run(worlds.chief).main]
        pages.append(worlds.chief.open(f"{worlds.chief.shown.url}/undo").main)
        pages.append(worlds.chief.open(f"{at}/accounts").main)
        shown.append(pages)

    assert shown[0] == shown[1]
    assert len(factories.mails("invitation")) == 2
    assert db.session().get_one(Account, worlds.targets["pupil of Y"].id).name == "Hidden Student"
