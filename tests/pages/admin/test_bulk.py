"""Acting on several accounts at once, as it is met."""

import pytest
from sqlalchemy import select

from app import db
from app.models import Account, Organisation, Role
from app.operations import bulk, sessions
from tests import factories
from tests.conftest import Clock
from tests.factories import PASSWORD
from tests.pages.admin.conftest import member
from tests.pages.browser import Browser, values_of


def suspended() -> set[str]:
    db.session().rollback()
    out = select(Account.name).where(Account.suspended_at.is_not(None))
    return set(db.session().scalars(out))


def test_a_look_first_then_one_button(chief: Browser, place: Organisation) -> None:
    pupils = [member(Role.STUDENT, place, f"Pupil {n}") for n in range(3)]
    factories.membership(pupils[2])
    chief.open(f"/o/{place.id}/admin/accounts")

    look = chief.ask("Preview", act="suspend", who=[each.short_id for each in pupils])

    assert look.heading == "Suspend"
    assert "2 accounts" in look.main
    assert look.form("Suspend: 2 accounts")  # the button says how many, the list above it whom
    assert "Only the portal's superusers can do this" in look.main
    assert suspended() == set()
    assert chief.click("Not now").url == f"/o/{place.id}/admin/accounts"


def test_all_that_go_are_sent_by_the_button(superuser: Browser) -> None:
    pupils = [member(Role.STUDENT, name=f"Pupil {n}") for n in range(3)]
    superuser.open("/admin/accounts")
    superuser.ask("Preview", act="suspend", who=[each.short_id for each in pupils])
    fields = superuser.shown.form("Suspend").iter("input")
    chosen = [each.get("value") for each in fields if each.get("name") == "who"]
    token = values_of(superuser.shown.form("Suspend"))["csrf_token"]

    sent = superuser.send(
        "POST",
        "/admin/accounts/selected",
        data={"act": "suspend", "who": chosen, "csrf_token": token},
    )

    assert sent.status_code == 303
    assert suspended() == {"Pupil 0", "Pupil 1", "Pupil 2"}
    assert "“Suspend”: done for 3 accounts." in superuser.open("/admin/accounts").text


@pytest.mark.parametrize("fields", [{"act": "suspend"}, {"who": ["x"]}, {}])
def test_nothing_chosen_is_told(superuser: Browser, fields: dict[str, str | list[str]]) -> None:
    superuser.open("/admin/accounts")

    page = superuser.ask("Preview", **fields)

    assert "Choose at least one account" in page.text
    assert page.url == "/admin/accounts"


@pytest.mark.parametrize("act", ["remove-factor", "delete", "unlock"])
def test_an_act_that_is_not_for_many_is_refused(superuser: Browser, act: str) -> None:
    who = member(Role.STUDENT)

    url = f"/admin/accounts/selected?act={act}&who={who.short_id}"

    assert superuser.open(url).status == 400


def test_too_many_at_once_are_refused(superuser: Browser) -> None:
    chosen = "&".join(f"who=a{number}" for number in range(bulk.MOST + 1))

    assert superuser.open(f"/admin/accounts/selected?act=suspend&{chosen}").status == 400


def test_a_post_without_a_choice_is_refused(superuser: Browser) -> None:
    token = values_of(superuser.open("/home").form("Sign out"))["csrf_token"]

    sent = superuser.send("POST", "/admin/accounts/selected", data={"csrf_token": token})

    assert sent.status_code == 400


def test_the_choice_of_a_whole_page_survives_the_proof(superuser: Browser, clock: Clock) -> None:
    for number in range(25):
        member(Role.STUDENT, name=f"Pupil {number:02}")
    superuser.open("/admin/accounts")
    boxes = superuser.shown.form("Preview").iter("input")
    chosen = [each.get("value", "") for each in boxes if each.get("name") == "who"]
    clock.advance(sessions.STEP_UP)

    asked = superuser.ask("Preview", act="suspend", who=chosen)
    page = superuser.press("Continue", password=PASSWORD)

    assert len(chosen) == 25
    assert asked.heading == "Is it still you?"
    assert "25 accounts" in page.main


def test_who_is_gone_meanwhile_or_of_another_place_is_only_counted(
    chief: Browser, place: Organisation
) -> None:
    theirs = member(Role.STUDENT, name="Theirs")

    page = chief.open(
        f"/o/{place.id}/admin/accounts/selected?act=suspend&who={theirs.short_id}&who=nobody"
    )

    assert "Nobody to act upon" in page.main
    assert "2 of the chosen are not here any more." in page.main
    assert "Theirs" not in page.text


def test_reasons_are_told_after_the_act(superuser: Browser) -> None:
    [me] = db.session().scalars(select(Account).where(Account.name == "Sue Super"))
    other = member(Role.STUDENT, name="Pupil")
    token = values_of(superuser.open("/home").form("Sign out"))["csrf_token"]
    chosen = [me.short_id, other.short_id]

    superuser.send(
        "POST",
        "/admin/accounts/selected",
        data={"act": "suspend", "who": chosen, "csrf_token": token},
    )

    page = superuser.open("/admin/accounts")
    assert "“Suspend”: done for 1 account." in page.text
    assert "The portal would be left without a superuser." in page.text
    assert suspended() == {"Pupil"}
