"""Organisations in administrators' hands: rules and who set them, names, looks, open and shut."""

import io
from datetime import timedelta

import pytest
from flask import Flask
from PIL import Image, PngImagePlugin

from app import db
from app.clock import now
from app.models import Account, Organisation, OrganisationLogo, Role, Session
from app.operations import organisation_people
from tests import factories
from tests.conftest import Clock
from tests.pages.admin.conftest import member
from tests.pages.browser import Browser, Page, text_of, values_of

HOST = "http://localhost"


def png(size: tuple[int, int] = (900, 300)) -> bytes:
    out, hidden = io.BytesIO(), PngImagePlugin.PngInfo()
    hidden.add_text("Comment", "<script>alert(1)</script>")
    Image.new("RGB", size, "#336699").save(out, "PNG", pnginfo=hidden)
    return out.getvalue()


def upload(browser: Browser, page: str, content: bytes, name: str = "logo.png") -> Page:
    browser.open(page)
    form = browser.shown.form("Upload the logo")
    [token] = [e.attrib["value"] for e in form.iter("input") if e.get("name") == "csrf_token"]
    data = {"csrf_token": token, "logo": (io.BytesIO(content), name)}
    url = form.attrib["action"]
    sent = browser.send("POST", url, data=data, headers={"Origin": HOST})
    return browser._follow(url, sent)


def of(place: Organisation) -> str:
    return f"/o/{place.id}/admin/organisations/{place.id}"


def again(place: Organisation) -> Organisation:
    db.session().rollback()
    return db.session().get_one(Organisation, place.id, populate_existing=True)


def test_a_superuser_adds_an_organisation(superuser: Browser) -> None:
    empty = superuser.open("/admin/organisations")
    page = superuser.press("Add it", name="Northwind College")

    assert "There is no organisation yet" in empty.main
    assert page.heading == "Northwind College"
    assert "Northwind College" in superuser.open("/admin/organisations").main


def test_an_organisation_is_found_by_the_beginning_of_a_word(superuser: Browser) -> None:
    for name in ("Northwind College", "The North School", "Elsewhere", "100% School"):
        factories.organisation(name)

    north = superuser.open("/admin/organisations?q=north").main
    percent = superuser.open("/admin/organisations?q=%25").main

    assert "Northwind College" in north
    assert "The North School" in north
    assert "Elsewhere" not in north
    assert "Elsewhere" not in percent


def test_many_organisations_come_page_by_page(superuser: Browser) -> None:
    for number in range(30):
        factories.organisation(f"School {number:02}")

    first = superuser.open("/admin/organisations")
    second = superuser.click("More")

    assert "School 24" in first.main
    assert "School 25" not in first.main
    assert "School 29" in second.main
    assert superuser.open("/admin/organisations?after=forged").status == 400


def test_an_account_admin_is_led_to_the_own_organisation(
    chief: Browser, place: Organisation
) -> None:
    page = chief.open(f"/o/{place.id}/admin/organisations")

    assert page.url == of(place)
    assert "Suspend it" not in page.main
    assert "isPaid" not in page.main


def side_list(page: Page) -> list[str]:
    [side] = [each for each in page.root.iter("nav") if each.get("class") == "side"]
    return [text_of(link) for link in side.iter("a")]


def test_the_side_list_names_what_the_seat_looks_after(
    chief: Browser, superuser: Browser, place: Organisation
) -> None:
    own, portal = side_list(chief.open(of(place))), side_list(superuser.open("/admin/"))

    assert "Organisation" in own
    assert "Organisations" not in own
    assert "Organisations" in portal
    # What harms the most stands last, where nobody hits it by mistake.
    assert portal[-2:] == ["Sign everybody out", "Leave administration"]


def test_another_organisation_is_not_there(chief: Browser, place: Organisation) -> None:
    other = factories.organisation("Other")

    page = chief.open(f"/o/{place.id}/admin/organisations/{other.id}")

    assert page.status == 404
    assert "Other" not in page.main


def test_each_rule_says_who_set_it(chief: Browser, place: Organisation) -> None:
    chief.open(f"{of(place)}/rules")
    chief.press("Save the rules", lockMinutes="30", passwordMinLength="12")

    said = chief.shown.main
    assert "A lock lasts 30 minutes This organisation" in said
    assert "A new password has at least 12 characters This organisation" in said
    assert "Signed in at most 24 hours The portal's usual rule" in said


def test_the_second_step_is_told_as_it_is_asked(superuser: Browser) -> None:
    by_contract = factories.organisation("By contract", {"mfaForStudents": True})
    without_pins = factories.organisation(
        "Without PINs", {"mfaForTeachers": True}, pinAllowed=False
    )

    asked = superuser.open(f"/admin/organisations/{by_contract.id}").main
    strict = superuser.open(f"/admin/organisations/{without_pins.id}").main

    assert "Second step for students A PIN by e-mail, or better This organisation" in asked
    assert "Second step for teachers A password is enough The portal's usual rule" in asked
    assert "Second step for teachers An authenticator app or a passkey This organisation" in strict
    assert "Second step for students A password is enough The portal's usual rule" in strict


def test_only_what_may_stay_empty_is_called_optional(chief: Browser, place: Organisation) -> None:
    rules = chief.open(f"{of(place)}/rules").main
    looks = chief.open(of(place)).main

    assert "Students (optional)" not in rules
    assert "(defaultTratSettings) (optional)" not in rules
    assert "Hours that somebody stays signed in at most (optional)" in rules
    assert "(optional)" not in looks


def test_settings_that_were_never_touched_stay_null(chief: Browser, place: Organisation) -> None:
    chief.open(f"{of(place)}/rules")
    chief.press("Save the rules", lockMinutes="20")

    assert again(place).settings is None
    assert again(place).policy.lockMinutes == 20


def test_a_stricter_rule_tells_whom_it_affects_before_it_holds(
    chief: Browser, portal: Flask, place: Organisation
) -> None:
    student = member(Role.STUDENT, place, "Sam Student")
    factories.app_of(member(Role.STUDENT, place, "Abe App"))
    somewhere = Browser(portal)
    somewhere.sign_in(student)
    chief.open(f"{of(place)}/rules")

    told = chief.press("Save the rules", factorForStudents="app")

    assert told.status == 409
    assert "Sam Student" in told.main
    assert "Abe App" not in told.main
    assert "sign 1 person out here" in told.main
    assert again(place).policy.factorForStudents == "none"
    assert _sessions_of(student) == 1

    chief.press("Save nevertheless")

    assert again(place).policy.factorForStudents == "app"
    assert _sessions_of(student) == 0


def test_wrong_values_are_told_beside_their_fields(chief: Browser, place: Organisation) -> None:
    chief.open(f"{of(place)}/rules")

    page = chief.press("Save the rules", lockMinutes="0", defaultTratSettings="5, x")

    assert page.status == 400
    assert "Enter a number from 1 to 1440." in page.main
    assert "Enter one to ten numbers" in page.main
    assert again(place).policy.lockMinutes == 15


def test_every_change_asks_for_a_fresh_proof(
    chief: Browser, place: Organisation, clock: Clock
) -> None:
    chief.open(f"{of(place)}/rules")
    clock.advance(timedelta(minutes=11))

    page = chief.press("Save the rules", lockMinutes="20")

    assert page.url.startswith("/confirm")
    assert again(place).policy.lockMinutes == 15


def test_a_logo_is_drawn_anew_and_shown_at_sign_in(
    chief: Browser, portal: Flask, place: Organisation
) -> None:
    page = upload(chief, of(place), png())

    assert "The logo is changed." in page.main
    kept = db.session().get_one(OrganisationLogo, place.id)
    with Image.open(io.BytesIO(kept.png)) as drawn:
        assert drawn.size == (512, 171)
        assert "Comment" not in drawn.info
    assert b"script" not in kept.png
    stranger = Browser(portal)
    sent = stranger.send("GET", f"/logo/{place.id}")
    assert sent.headers["Content-Type"] == "image/png"
    assert sent.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in sent.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in sent.headers


def test_what_is_no_picture_is_refused(chief: Browser, place: Organisation) -> None:
    drawing = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    for content in (drawing, b"", png()[:200], b"GIF89a" + bytes(64)):
        page = upload(chief, of(place), content)

        assert page.status == 400
        assert "Choose a PNG or JPEG picture of at most 2 MB." in page.main
    assert db.session().get(OrganisationLogo, place.id) is None


def test_a_logo_is_removed(chief: Browser, place: Organisation) -> None:
    upload(chief, of(place), png())

    chief.press("Remove the logo")

    assert db.session().get(OrganisationLogo, place.id) is None
    assert chief.send("GET", f"/logo/{place.id}").status_code == 404


def test_a_colour_is_kept_only_as_a_colour(chief: Browser, place: Organisation) -> None:
    chief.open(of(place))
    chief.press("Change the colour", colour="#AA3300")
    wrong = chief.press("Change the colour", colour='red"/>')

    assert again(place).colour == "#aa3300"
    assert wrong.status == 400
    assert 'red"/>' not in wrong.response.text


def test_suspending_asks_once_and_shuts_at_once(
    superuser: Browser, portal: Flask, place: Organisation
) -> None:
    student = member(Role.STUDENT, place)
    Browser(portal).sign_in(student)
    superuser.open(f"/admin/organisations/{place.id}")
    superuser.click("Suspend it")
    superuser.press("Suspend it")

    assert again(place).suspended_at is not None
    assert "Suspended since" in superuser.shown.main

    superuser.press("Open it again")

    assert again(place).suspended_at is None


def test_what_contract_003_tells_is_the_portals_to_say(
    superuser: Browser, chief: Browser, place: Organisation
) -> None:
    superuser.open(f"/admin/organisations/{place.id}")
    superuser.press("Change that", isPaid="y", accountName="north")
    chief.open(of(place))
    url = f"{of(place)}/marks"

    assert again(place).paid_at is not None
    assert again(place).account_name == "north"
    assert chief.send("POST", url, headers={"Origin": HOST}).status_code in {403, 404}


def test_a_new_name_stands_everywhere(chief: Browser, place: Organisation) -> None:
    chief.open(of(place))

    page = chief.press("Change the name", name="  Xavier's   New School ")

    assert page.heading == "Xavier's New School"


def _sessions_of(who: Account) -> int:
    db.session().rollback()
    return db.session().query(Session).filter_by(account_id=who.id).count()


def test_the_page_tells_who_looks_after_it_and_leads_to_its_people(
    superuser: Browser, chief: Browser, place: Organisation
) -> None:
    out = member(Role.ACCOUNT_ADMIN, place, "Otto Out")
    out.suspended_at = now()
    factories.saved(out)
    elsewhere = factories.organisation()
    member(Role.ACCOUNT_ADMIN, elsewhere, "Eve Elsewhere")
    student = member(Role.STUDENT, place, "Sam Student")
    factories.own_password(student, place)
    factories.own_password(student, elsewhere)

    for browser, page in (
        (chief, of(place)),
        (superuser, f"/admin/organisations/{place.id}"),
    ):
        said = browser.open(page).main
        assert "Account administrators Alex Admin Otto Out suspended" in said
        assert "Eve Elsewhere" not in said
        own = browser.click("1 member")
        assert "Sam Student" in own.main
        assert "Alex Admin" not in own.main
        browser.open(page)
        members = browser.click("Members")
        assert "Sam Student" in members.main
        assert "Eve Elsewhere" not in members.main
        browser.open(page)
        assert browser.click("Alex Admin").heading == "Alex Admin"


def test_an_account_administrator_is_invited_from_there(
    superuser: Browser, place: Organisation
) -> None:
    page = superuser.open(f"/admin/organisations/{place.id}")
    assert "Nobody yet: only the portal's superusers look after it" in page.main
    assert "Nobody: everybody signs in here with their account's password" in page.main

    form = superuser.click("Invite an account administrator").form("Send the invitation")
    page = superuser.press("Send the invitation", email="ann@example.org")

    assert values_of(form)["role"] == "account-admin"
    assert "Account administrator · by Sue Super" in page.main


def test_a_role_that_cannot_be_given_is_not_chosen_beforehand(
    chief: Browser, place: Organisation
) -> None:
    for role in ("superuser", "king"):
        form = chief.open(f"{of(place)}/invitations/new?role={role}").form("Send the invitation")
        assert values_of(form)["role"] == "student"


def test_of_very_many_account_administrators_the_first_are_named(
    superuser: Browser, place: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(organisation_people, "MOST", 2)
    for name in ("Ann", "Ben", "Cat"):
        member(Role.ACCOUNT_ADMIN, place, name)

    page = superuser.open(f"/admin/organisations/{place.id}")
    everybody = superuser.click("See all of them")

    assert "Cat" not in page.main
    assert "Cat" in everybody.main
