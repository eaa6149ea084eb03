from datetime import timedelta

import pytest

from app import db
from app.clock import now
from app.models import Account, Organisation, Role, TotpDevice
from app.security import totp
from tests import factories
from tests.conftest import Clock
from tests.factories import PASSWORD
from tests.pages.browser import Browser, Page, text_of

STEP = timedelta(seconds=30)


def test_a_code_from_the_app_opens_the_seat(guest: Browser) -> None:
    who, secret = _owner_of_an_app()

    page = guest.sign_in(who)
    home = guest.press("Continue", code=_code(secret))

    assert page.url == "/sign-in/code"
    assert page.heading == "Enter the code"
    assert home.url == "/home"


def test_the_field_asks_the_device_for_the_code(guest: Browser) -> None:
    who, _ = _owner_of_an_app()

    page = guest.sign_in(who)

    [field] = [each for each in page.root.iter("input") if each.get("name") == "code"]
    assert field.attrib["autocomplete"] == "one-time-code"
    assert field.attrib["inputmode"] == "numeric"


@pytest.mark.parametrize("between", [" ", "-", "\u00a0"])
def test_blanks_and_hyphens_in_a_code_do_not_matter(guest: Browser, between: str) -> None:
    who, secret = _owner_of_an_app()
    guest.sign_in(who)
    code = _code(secret)

    assert guest.press("Continue", code=f" {code[:3]}{between}{code[3:]} ").url == "/home"


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "\uff11" * 6])
def test_only_six_digits_are_a_code(guest: Browser, code: str) -> None:
    who, _ = _owner_of_an_app()
    guest.sign_in(who)

    page = guest.press("Continue", code=code)

    assert page.status == 400
    assert "six digits." in page.text or "Enter the code from the app." in page.text


def test_a_wrong_code_is_refused_and_the_right_one_still_works(guest: Browser) -> None:
    who, secret = _owner_of_an_app()
    guest.sign_in(who)

    wrong = guest.press("Continue", code=_wrong(secret))

    assert wrong.status == 401
    assert "Those digits are not right." in wrong.text
    assert factories.sessions_open() == 0
    assert guest.press("Continue", code=_code(secret)).url == "/home"


def test_after_five_wrong_codes_one_starts_again(guest: Browser) -> None:
    who, secret = _owner_of_an_app()
    guest.sign_in(who)
    for _ in range(5):
        guest.press("Continue", code=_wrong(secret))

    page = guest.press("Continue", code=_code(secret))

    assert page.url == "/sign-in"
    assert factories.sessions_open() == 0


def test_a_code_works_once(guest: Browser, clock: Clock) -> None:
    who, secret = _owner_of_an_app()
    guest.sign_in(who)
    guest.press("Continue", code=_code(secret))
    guest.open("/home")
    guest.press("Sign out")
    guest.sign_in(who)

    again = guest.press("Continue", code=_code(secret))
    clock.advance(STEP)

    assert again.status == 401
    assert guest.press("Continue", code=_code(secret)).url == "/home"


def test_the_app_is_asked_where_a_pin_would_do(guest: Browser) -> None:
    who, secret = _owner_of_an_app()
    factories.membership(who, factories.pin_organisation("Careful College"), Role.STUDENT)

    page = guest.sign_in(who)

    assert page.url == "/sign-in/code"
    assert "Careful College" in page.text
    assert not factories.mails("pin")
    assert guest.press("Continue", code=_code(secret)).url == "/home"


@pytest.mark.parametrize("wrong", ["/sign-in/pin", "/sign-in/set-up"])
def test_a_page_that_is_not_due_leads_to_the_one_that_is(guest: Browser, wrong: str) -> None:
    who, _ = _owner_of_an_app()
    guest.sign_in(who)

    assert guest.open(wrong).url == "/sign-in/code"


@pytest.mark.parametrize("path", ["/sign-in/code", "/sign-in/set-up"])
def test_without_a_handle_one_signs_in_first(guest: Browser, path: str) -> None:
    page = guest.open(path)

    assert page.url == "/sign-in"


def test_a_late_code_is_too_late(guest: Browser, clock: Clock) -> None:
    who, secret = _owner_of_an_app()
    guest.sign_in(who)
    clock.advance(timedelta(minutes=11))

    page = guest.press("Continue", code=_code(secret))

    assert page.url == "/sign-in"
    assert "That took too long." in page.text


def test_an_app_that_is_demanded_is_set_up_after_a_pin(guest: Browser) -> None:
    who = _student_who_needs_an_app()

    assert guest.sign_in(who).url == "/sign-in/pin"
    page = guest.press("Continue", code=_pin())
    assert page.url == "/sign-in/set-up"
    assert "App School" in page.text

    codes = guest.press("Continue", code=_code(_secret_on(page)))
    home = guest.press("I have kept them")

    assert codes.url == "/account/second-factor/recovery-codes"
    assert home.url == "/home"
    assert "Open now" in home.card("App School")
    assert _confirmed(who)
    assert factories.mails("app_added")


def test_whoever_was_on_the_way_somewhere_gets_there_after_the_codes(guest: Browser) -> None:
    who = _student_who_needs_an_app()
    guest.open("/account/sessions")
    page = guest.press("Sign in", identity=who.email or "", password=PASSWORD)
    page = guest.press("Continue", code=_pin())

    guest.press("Continue", code=_code(_secret_on(page)))

    assert guest.press("I have kept them").url == "/account/sessions"


def test_the_picture_says_the_secret_that_stands_below(guest: Browser) -> None:
    page = _at_set_up(guest, _student_who_needs_an_app())

    [figure] = page.root.findall(".//figure")
    [picture] = [each for each in figure.iter("span") if each.get("role") == "img"]
    shown = text_of(page.root.findall(".//code")[0])
    assert picture.attrib["aria-label"]
    assert list(picture.iter("{http://www.w3.org/2000/svg}svg"))
    assert {len(group) for group in shown.split(" ")} == {4}
    assert page.response.headers["Cache-Control"] == "no-store"


def test_loading_the_page_again_keeps_the_secret(guest: Browser) -> None:
    page = _at_set_up(guest, _student_who_needs_an_app())

    again = guest.open("/sign-in/set-up")

    assert _secret_on(again) == _secret_on(page)


def test_a_wrong_first_code_binds_nothing(guest: Browser) -> None:
    who = _student_who_needs_an_app()
    page = _at_set_up(guest, who)

    wrong = guest.press("Continue", code=_wrong(_secret_on(page)))

    assert wrong.status == 401
    assert _secret_on(wrong) == _secret_on(page)
    assert not _confirmed(who)
    assert factories.sessions_open() == 0


def test_a_stolen_password_alone_sees_no_secret(guest: Browser) -> None:
    guest.sign_in(_student_who_needs_an_app())

    page = guest.open("/sign-in/set-up")

    assert page.url == "/sign-in/pin"


def test_who_has_no_address_sets_the_app_up_at_once(guest: Browser) -> None:
    who = factories.account(None, username="generic.jane")
    factories.membership(who, _app_school({"allowGenericUsers": True}), Role.STUDENT)

    page = guest.sign_in(who)

    assert page.url == "/sign-in/set-up"
    guest.press("Continue", code=_code(_secret_on(page)))
    assert guest.press("I have kept them").url == "/home"


def test_an_app_set_up_on_the_way_to_one_more_seat_opens_it(guest: Browser) -> None:
    who = _student_who_needs_an_app()
    factories.membership(who, factories.organisation("Cy"), Role.STUDENT)
    guest.sign_in(who)
    guest.press("Continue: Cy,")
    guest.press("Switch: App School")
    page = guest.press("Continue", code=_pin())
    assert page.url == "/sign-in/set-up"

    seat = guest.press("Continue", code=_code(_secret_on(page)))

    assert seat.url.startswith("/o/")
    assert "App School" in seat.text
    assert factories.sessions_open() == 1


def test_confirming_asks_for_the_code_too(guest: Browser, clock: Clock) -> None:
    who, secret = _owner_of_an_app()
    guest.sign_in(who)
    guest.press("Continue", code=_code(secret))
    clock.advance(timedelta(minutes=11))
    guest.open("/confirm?next=/account/password")

    page = guest.press("Continue", password=PASSWORD)

    assert page.url == "/sign-in/code"
    assert guest.press("Continue", code=_code(secret)).url == "/account/password"


def test_the_cards_say_what_each_way_in_asks(guest: Browser) -> None:
    who = _student_who_needs_an_app()
    factories.membership(who, factories.pin_organisation("Careful College"), Role.STUDENT)

    page = guest.sign_in(who)

    assert "Needs an app" in page.card("App School")
    assert "Needs a PIN" in page.card("Careful College")


def test_the_cards_of_an_apps_owner_ask_for_a_code(guest: Browser) -> None:
    who, _ = _owner_of_an_app()
    factories.membership(who, factories.pin_organisation("Careful College"), Role.STUDENT)
    factories.membership(who, factories.organisation("Cy"), Role.STUDENT)

    page = guest.sign_in(who)

    assert "Needs a code" in page.card("Careful College")
    assert "Needs a code" in page.card("Cy")


def _owner_of_an_app() -> tuple[Account, str]:
    who = factories.account()
    return who, factories.app_of(who)


def _student_who_needs_an_app() -> Account:
    who = factories.account("jane@example.org")
    factories.membership(who, _app_school(), Role.STUDENT)
    return who


def _app_school(settings: dict[str, object] | None = None) -> Organisation:
    return factories.organisation("App School", settings, factorForStudents="app")


def _at_set_up(guest: Browser, who: Account) -> Page:
    guest.sign_in(who)
    return guest.press("Continue", code=_pin())


def _secret_on(page: Page) -> str:
    return text_of(page.root.findall(".//code")[0]).replace(" ", "")


def _code(secret: str) -> str:
    return totp.code_at(secret, totp.step_at(now()))


def _wrong(secret: str) -> str:
    """Return six digits that no step nearby has."""
    here = totp.step_at(now())
    near = {totp.code_at(secret, step) for step in range(here - 3, here + 4)}
    return next(code for code in ("000000", "111111", "222222") if code not in near)


def _pin() -> str:
    return factories.latest_words("pin")["pin"]


def _confirmed(who: Account) -> bool:
    devices = db.session().query(TotpDevice).filter_by(account_id=who.id)
    return any(device.confirmed_at for device in devices)
