"""Giving, changing and taking roles, adding accounts, signing everybody out: as they are met."""

import pytest
from sqlalchemy import select

from app import db
from app.models import Account, Membership, Organisation, Role
from app.operations import memberships, registration
from tests import factories
from tests.pages.admin.conftest import member, open_session
from tests.pages.browser import Browser, Page, values_of


def roles_of(who: Account) -> set[tuple[Role, object]]:
    db.session().rollback()
    return {(m.role, m.organisation_id) for m in memberships.of(who.id)}


def me(name: str) -> Account:
    return db.session().scalars(select(Account).where(Account.name == name)).one()


def role_of(who: Account) -> Membership:
    return memberships.of(who.id)[0]


def offered(page: Page, name: str = "role") -> list[str]:
    return [o.get("value", "") for o in page.root.findall(f".//select[@name='{name}']/option")]


def test_a_superuser_gives_a_role_at_an_organisation(superuser: Browser) -> None:
    x, who = factories.organisation("Xavier's"), factories.account()
    superuser.open(f"/admin/accounts/{who.id}")
    assert "No role anywhere" in superuser.shown.text
    superuser.click("Give a role")

    page = superuser.press("Give the role", role="teacher", organisation=str(x.id))

    assert "The role is given." in page.text
    assert roles_of(who) == {(Role.TEACHER, x.id)}


def test_a_role_and_its_place_have_to_fit(superuser: Browser) -> None:
    x, who = factories.organisation(), factories.account()
    url = f"/admin/accounts/{who.id}/roles/new"
    superuser.open(url)

    nowhere = superuser.press("Give the role", role="teacher")
    somewhere = superuser.press("Give the role", role="superuser", organisation=str(x.id))
    nonsense = superuser.press("Give the role", role="god")

    assert (nowhere.status, somewhere.status, nonsense.status) == (400, 400, 400)
    assert "Choose the organisation that the role is at." in nowhere.text
    assert "Superusers belong to no organisation" in somewhere.text
    assert roles_of(who) == set()


def test_an_account_administrator_gives_roles_up_to_their_own_and_only_there(
    chief: Browser, place: Organisation
) -> None:
    y, who = factories.organisation(), member(Role.STUDENT, place)
    url = f"/o/{place.id}/admin/accounts/{who.id}/roles/new"
    page = chief.open(url)

    assert offered(page) == ["account-admin", "teacher", "student"]
    assert offered(page, "organisation") == []
    form = values_of(page.form("Give the role"))
    forged = {**form, "role": "superuser", "organisation": ""}
    assert chief.send("POST", url, data=forged).status_code == 400
    chief.send("POST", url, data={**form, "role": "teacher", "organisation": str(y.id)})
    assert roles_of(who) == {(Role.STUDENT, place.id), (Role.TEACHER, place.id)}


def test_a_role_given_twice_is_told(chief: Browser, place: Organisation) -> None:
    who = member(Role.STUDENT, place)
    chief.open(f"/o/{place.id}/admin/accounts/{who.id}/roles/new")

    page = chief.press("Give the role", role="student")

    assert page.status == 409
    assert "The person has this role there already." in page.text


def test_a_role_is_changed(chief: Browser, place: Organisation) -> None:
    who = member(Role.STUDENT, place)
    chief.open(f"/o/{place.id}/admin/accounts/{who.id}")
    chief.click("Change: Student")

    page = chief.press("Change the role", role="teacher")

    assert "The role is changed." in page.text
    assert roles_of(who) == {(Role.TEACHER, place.id)}


def test_a_role_is_taken_away_and_the_person_is_not_there_any_more(
    superuser: Browser, chief: Browser, place: Organisation
) -> None:
    who = member(Role.STUDENT, place)
    superuser.open(f"/admin/accounts/{who.id}")
    superuser.click("Take away: Student")

    page = superuser.press("Take the role away")

    assert "The role is taken away." in page.text
    assert roles_of(who) == set()
    assert chief.open(f"/o/{place.id}/admin/accounts/{who.id}").status == 404


def test_the_last_administrator_is_kept_also_from_a_superuser(
    superuser: Browser, chief: Browser, place: Organisation
) -> None:
    who = me("Alex Admin")
    role = role_of(who)
    for browser, prefix in ((superuser, ""), (chief, f"/o/{place.id}")):
        url = f"{prefix}/admin/accounts/{who.id}/roles/{role.id}"
        browser.open(f"{url}/remove")
        removed = browser.press("Take the role away")
        browser.open(f"{url}/change")
        changed = browser.press("Change the role", role="student")

        assert (removed.status, changed.status) == (409, 409)
        assert "left without an administrator." in removed.text
    assert roles_of(who) == {(Role.ACCOUNT_ADMIN, place.id)}


def test_who_gives_up_the_own_role_is_led_home(chief: Browser, place: Organisation) -> None:
    member(Role.ACCOUNT_ADMIN, place)
    who = me("Alex Admin")
    chief.open(f"/o/{place.id}/admin/accounts/{who.id}/roles/{role_of(who).id}/remove")

    page = chief.press("Take the role away")

    assert page.url == "/home"
    assert chief.open(f"/o/{place.id}/admin/").status == 404


def test_an_account_is_added_and_its_owner_told(superuser: Browser) -> None:
    x = factories.organisation("Xavier's")
    superuser.open("/admin/accounts")
    superuser.click("Add an account")
    assert "password" not in {f.get("type") for f in superuser.shown.root.iter("input")}

    page = superuser.press(
        "Add the account",
        email="new@example.org",
        name="Nina New",
        role="teacher",
        organisation=str(x.id),
    )

    assert page.heading == "Nina New"
    assert "Not activated" in page.main
    assert registration.activation_of(factories.ticket_in("activation")).lacks_password
    assert factories.ticket_in("activation") not in page.response.text


@pytest.mark.parametrize(
    ("fields", "sentence", "status"),
    [
        ({"email": ""}, "Enter an e-mail address.", 400),
        ({"email": "nowhere"}, "This is not an e-mail address", 400),
        ({"email": "taken@example.org"}, "There is an account with this address or username", 409),
        ({"role": "teacher"}, "Choose the organisation", 400),
        ({"username": "a b"}, "A username has 2 to 64 characters", 400),
    ],
)
def test_an_account_that_cannot_be_is_told_why(
    superuser: Browser, fields: dict[str, str], sentence: str, status: int
) -> None:
    factories.account("taken@example.org")
    superuser.open("/admin/accounts/new")

    page = superuser.press("Add the account", **{"email": "new@example.org", **fields})

    assert page.status == status
    assert sentence in page.text


def test_a_role_chosen_with_a_place_but_no_role_is_told(superuser: Browser) -> None:
    x = factories.organisation()
    superuser.open("/admin/accounts/new")

    page = superuser.press("Add the account", email="n@example.org", organisation=str(x.id))

    assert "Choose the role that the person has there." in page.text


def test_more_fields_than_the_form_has_change_nothing(superuser: Browser) -> None:
    page = superuser.open("/admin/accounts/new")
    form = values_of(page.form("Add the account")) | {"email": "new@example.org"}
    more = {"activated_at": "2020-01-01", "password": "x" * 12, "superuser": "1", "id": "1"}

    superuser.send("POST", "/admin/accounts/new", data={**form, **more})

    made = db.session().scalars(select(Account).where(Account.email == "new@example.org")).one()
    assert made.activated_at is None
    assert roles_of(made) == set()


def test_everybody_is_signed_out_by_typed_words_only(
    superuser: Browser, chief: Browser, place: Organisation
) -> None:
    open_session(member(Role.STUDENT))
    superuser.open("/admin/")
    superuser.click("Sign everybody out")

    slip = superuser.press("Sign everybody out", words="sign out")
    assert slip.status == 400
    assert chief.open(f"/o/{place.id}/admin/").status == 200
    page = superuser.press("Sign everybody out", words=" Sign  everybody OUT")

    assert "2 sessions are ended." in page.text
    assert page.url == "/admin/"
    assert chief.open("/home").url.startswith("/sign-in")
