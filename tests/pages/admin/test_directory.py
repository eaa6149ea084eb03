"""The directory's page: how its servers are, and trying it out."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from app import db
from app.models import AuditEvent
from app.operations import accounts, sign_in
from tests import factories, slapd
from tests.factories import VISITOR
from tests.pages.browser import Browser
from tests.slapd import Slapd

Ask = Callable[..., None]
ANNS = slapd.password_of("person001")


def test_without_a_directory_it_says_how_to_have_one(superuser: Browser) -> None:
    assert "DOORWARD_LDAP_URL" in superuser.open("/admin/directory").text


@pytest.mark.usefixtures("asks_directory")
def test_it_shows_whether_the_servers_answer(superuser: Browser, directory: Slapd) -> None:
    page = superuser.open("/admin/directory")
    assert directory.tls_url in page.text
    assert "Answers" in page.text


def test_it_says_which_does_not(superuser: Browser, directory: Slapd, asks_directory: Ask) -> None:
    asks_directory(url=(directory.tls_url, "ldaps://127.0.0.1:9"))
    assert "Does not answer" in superuser.open("/admin/directory").text


@pytest.mark.usefixtures("asks_directory")
def test_it_finds_somebody(superuser: Browser) -> None:
    superuser.open("/admin/directory")
    page = superuser.press("Look", identity="PERSON001@school.example")
    assert f"uid=person001,{slapd.PEOPLE}" in page.text
    assert "None yet" in page.text
    assert "password is" not in page.text


@pytest.mark.usefixtures("asks_directory")
def test_it_tries_a_password_and_counts_it(superuser: Browser) -> None:
    sign_in.verify_password("person001", ANNS, VISITOR)
    superuser.open("/admin/directory")
    assert (
        "The password is right."
        in superuser.press("Look", identity="person001", password=ANNS).text
    )
    for _ in range(10):
        page = superuser.press("Look", identity="person001", password="wrong one")
        assert "The password is wrong." in page.text
    page = superuser.press("Look", identity="person001", password=ANNS)
    assert page.status == 429
    who = accounts.find("person001")
    tried = select(AuditEvent.account_id).where(AuditEvent.what == "directory_tried")
    assert who is not None
    assert set(db.session().scalars(tried)) == {who.id}


@pytest.mark.usefixtures("asks_directory")
def test_it_says_that_nobody_is_there(superuser: Browser) -> None:
    superuser.open("/admin/directory")
    page = superuser.press("Look", identity="nobody")
    assert "has nobody of that name" in page.text


def test_it_says_that_several_are_there(superuser: Browser, asks_directory: Ask) -> None:
    asks_directory(user_filter="(|(uid={identity})(sn=1))")
    superuser.open("/admin/directory")
    assert "Several entries" in superuser.press("Look", identity="person002").text


def test_it_says_that_the_directory_is_away(
    superuser: Browser, directory: Slapd, asks_directory: Ask
) -> None:
    asks_directory(timeout=0.3)
    superuser.open("/admin/directory")
    with directory.paused():
        page = superuser.press("Look", identity="person001")
    assert page.status == 503
    assert "does not answer" in page.text


def test_it_says_where_nobody_can_be_looked_for(superuser: Browser, asks_directory: Ask) -> None:
    asks_directory(base_dn=f"ou=nowhere,{slapd.BASE}")
    assert "nothing where people are looked for" in superuser.open("/admin/directory").text


def test_it_tries_no_more_than_an_organisation_lets_through(
    superuser: Browser, asks_directory: Ask
) -> None:
    place = factories.organisation(settings={"maxFailedSignInAttempts": 2})
    asks_directory(groups={slapd.TEACHERS: (place.id, "Teacher")})
    superuser.open("/admin/directory")
    for _ in range(2):
        page = superuser.press("Look", identity="person001", password="wrong one")
        assert "The password is wrong." in page.text
    assert superuser.press("Look", identity="person001", password=ANNS).status == 429
