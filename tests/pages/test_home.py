import uuid
from collections.abc import Callable

from app.models import Account, Role
from app.operations import memberships
from tests import factories
from tests.factories import OWN_PASSWORD, PASSWORD
from tests.pages.browser import Browser, values_of


def test_the_first_page_leads_home_or_to_signing_in(guest: Browser) -> None:
    assert guest.open("/").url == "/sign-in"

    guest.sign_in(factories.account())

    assert guest.open("/").url == "/home"


def test_one_more_seat_that_asks_nothing_is_taken_at_once(guest: Browser) -> None:
    who = _member_of("Cy", "Cy's University")
    guest.sign_in(who)
    guest.press("Continue: Cy,")

    page = guest.press("Switch: Cy's University")

    assert page.heading == "Student at Cy's University"
    home = guest.open("/home")
    assert "Open now" in home.card("Cy's University")
    assert "Open now" in home.card("Cy,")


def test_a_seat_with_a_pin_asks_for_it_and_leads_to_the_seat(guest: Browser) -> None:
    who = _member_of("Cy")
    factories.membership(who, factories.pin_organisation("Careful College"))
    guest.sign_in(who)
    guest.press("Continue: Cy,")
    assert "Needs a PIN" in guest.shown.card("Careful College")

    asked = guest.press("Switch: Careful College")
    page = guest.press("Continue", code=factories.latest_words("pin")["pin"])

    assert asked.url == "/sign-in/pin"
    assert page.heading == "Student at Careful College"


def test_a_seat_with_a_password_of_its_own_asks_for_it(guest: Browser) -> None:
    who = _member_of("Cy")
    own = factories.organisation("Own Academy")
    membership = factories.membership(who, own)
    factories.own_password(who, own)
    guest.sign_in(who)
    guest.press("Continue: Cy,")

    asked = guest.press("Switch: Own Academy")
    wrong = guest.press("Switch: Own Academy", password=PASSWORD)
    again = guest.open(f"/home/seats/{membership.id}/password")
    page = guest.press("Switch: Own Academy", password=OWN_PASSWORD)

    assert "Another password here" in asked.card("Own Academy")
    assert wrong.status == 401
    assert "That is not the right password." in wrong.card("Own Academy")
    assert again.url == f"/home?ask={membership.id}"
    assert page.heading == "Student at Own Academy"


def test_switching_gives_the_session_a_new_bearer_and_keeps_other_tabs_good(
    guest: Browser,
) -> None:
    guest.sign_in(_member_of("Cy", "Cy's University"))
    guest.press("Continue: Cy,")
    other_tab = guest.shown
    with guest.client.session_transaction() as session:
        before = session["_user_id"]

    guest.press("Switch: Cy's University")

    with guest.client.session_transaction() as session:
        assert session["_user_id"] != before
    assert factories.sessions_open() == 1
    guest.page = other_tab
    assert guest.press("Sign out").url == "/sign-in"


def test_two_tabs_can_be_two_organisations(guest: Browser) -> None:
    guest.sign_in(_member_of("Cy", "Cy's University"))
    guest.press("Continue: Cy,")
    guest.press("Switch: Cy's University")
    home = guest.open("/home")

    first = guest.open(home.link("Open: Cy,"))
    second = guest.open(home.link("Open: Cy's University"))

    assert first.heading == "Student at Cy"
    assert second.heading == "Student at Cy's University"
    assert guest.open(first.url).heading == "Student at Cy"


def test_a_seat_that_is_not_held_is_offered(guest: Browser) -> None:
    who = _member_of("Cy")
    other = factories.organisation("Cy's University")
    factories.membership(who, other, Role.TEACHER)
    guest.sign_in(who)
    guest.press("Continue: Cy,")

    page = guest.open(f"/o/{other.id}/teacher/")

    assert page.url.startswith("/home")
    assert "You have not taken this seat yet." in page.text
    assert guest.press("Switch: Cy's University").heading == "Teacher at Cy's University"


def test_other_seats_and_unknown_ones_are_not_there(guest: Browser) -> None:
    who, foreign = _member_of("Cy"), factories.organisation()
    stranger = factories.membership(factories.account(), foreign)
    own = _place_of(who)
    guest.sign_in(who)

    assert guest.open(f"/o/{foreign.id}/student/").status == 404
    assert guest.open(f"/o/{uuid.uuid4()}/student/").status == 404
    assert guest.open(f"/o/{own}/teacher/").status == 404
    assert guest.open(f"/o/{own}/superuser/").status == 404
    assert guest.open(f"/o/{own}/nonsense/").status == 404
    assert guest.open("/admin/").status == 404
    token = values_of(guest.open("/home").form("Sign out"))["csrf_token"]
    sent = guest.send("POST", f"/home/seats/{stranger.id}", data={"csrf_token": token})
    assert sent.status_code == 404


def test_a_seat_page_tells_role_administrators_and_rules(guest: Browser) -> None:
    place = factories.organisation(
        "Careful College",
        {"mfaForTeachers": True, "maxFailedSignInAttempts": 4},
        lockMinutes=30,
        sessionHours=8,
    )
    who = factories.account()
    factories.membership(who, place, Role.TEACHER)
    chief = factories.account(name="Chief Admin")
    factories.membership(chief, place, Role.ACCOUNT_ADMIN)
    guest.sign_in(who)
    guest.press("Continue", code=factories.latest_words("pin")["pin"])

    page = guest.click("Open")

    assert "You teach at this organisation." in page.text
    assert "Chief Admin" in page.text
    assert (chief.email or "") in page.text
    assert "Signing in takes a PIN from a mail as well." in page.text
    assert "Careful College asks this of everybody here as Teacher." in page.text
    assert "After 4 wrong passwords the seat is locked for 30 minutes." in page.text
    assert "You stay signed in for 8 hours at most." in page.text


def test_a_seat_that_asks_no_second_step_says_when_ones_own_is_asked(guest: Browser) -> None:
    who = factories.account()
    factories.membership(who, factories.organisation("Cy"))
    guest.sign_in(who)

    page = guest.click("Open")

    assert "A password is enough; no second step is asked." in page.text
    assert "Whoever has set up a second step is asked for it each time." in page.text
    assert "on every device" not in page.text


def test_the_superuser_has_a_seat_of_their_own(guest: Browser) -> None:
    who = factories.account()
    factories.membership(who, role=Role.SUPERUSER)

    home = guest.sign_in(who)
    page = guest.click("Open")

    assert "The portal" in home.card("Superuser")
    assert page.url == "/superuser/"
    assert page.heading == "Superuser"


def test_a_place_that_wants_an_app_says_so_and_leads_to_it(guest: Browser) -> None:
    who = _member_of("Cy")
    factories.membership(who, factories.organisation("App School", factorForStudents="app"))
    guest.sign_in(who)
    home = guest.press("Continue: Cy,")
    assert "Needs an app" in home.card("App School")

    page = guest.press("Switch: App School")

    assert page.url == "/sign-in/pin"
    assert guest.click("Not now").url == "/home"


def test_empty_password_fields_are_named(guest: Browser) -> None:
    who = _member_of("Cy")
    own = factories.organisation("Own Academy")
    factories.membership(who, own)
    factories.own_password(who, own)
    guest.sign_in(who)
    guest.press("Continue: Cy,")
    guest.press("Switch: Own Academy")

    page = guest.press("Switch: Own Academy", password="")

    assert page.status == 400
    assert "Enter the password you use there." in page.text


def test_a_suspended_organisation_offers_nothing(guest: Browser) -> None:
    who = _member_of("Cy")
    closed = factories.organisation("Closed School")
    closed.suspended_at = closed.created_at
    factories.saved(closed)
    factories.membership(who, closed)
    guest.sign_in(who)

    page = guest.press("Continue: Cy,")

    assert "Suspended" in page.card("Closed School")
    assert "Switch" not in page.card("Closed School")


def test_names_full_of_markup_are_only_names(guest: Browser) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}%s"
    who = factories.account(name=evil)
    factories.membership(who, factories.organisation(evil))
    factories.membership(who, factories.organisation(f"{evil} two"))

    picker = guest.sign_in(who)
    assert evil in picker.places
    guest.press(f"Continue: {evil},")
    page = guest.open(guest.shown.link("Open"))

    assert page.heading == f"Student at {evil}"
    assert evil in guest.open("/account").text


def test_strangers_are_led_to_signing_in_and_back(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    who = _member_of("Cy")
    place = _place_of(who)
    assert new_guest().open("/account").url == "/sign-in?next=/account"

    guest.open(f"/o/{place}/student/")
    page = guest.press("Sign in", identity=who.email or "", password=PASSWORD)

    assert page.url == f"/o/{place}/student/"


def _place_of(who: Account) -> uuid.UUID:
    [membership] = memberships.of(who.id)
    assert membership.organisation_id
    return membership.organisation_id


def _member_of(*names: str) -> Account:
    who = factories.account()
    for name in names:
        factories.membership(who, factories.organisation(name))
    return who
