"""Signing in by passkeys, and proving again who one is, on the pages."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from app import db
from app.models import Account, Role
from app.operations import lockout
from app.operations.passkey_challenges import OF_STRANGERS
from tests import factories
from tests.authenticator import PRESENT, Authenticator
from tests.conftest import Clock
from tests.factories import OWN_PASSWORD
from tests.operations.with_passkeys import recovery_code
from tests.pages.browser import Browser
from tests.pages.with_passkeys import MINE, ask, only, options, owner, place_of, signed_in, used

NOT_ACCEPTED = "This passkey was not accepted."
OPENS_NOTHING = "This passkey opens nothing here."
TEN_MINUTES = timedelta(minutes=10)


def test_a_passkey_answers_the_second_step(guest: Browser) -> None:
    who, holder = owner()

    page = guest.sign_in(who)
    home = used(guest, holder, "Use a passkey")

    assert page.url == "/sign-in/passkey"
    assert page.heading == "Use your passkey"
    assert home.url == "/home"


def test_without_script_the_page_says_so_and_leads_on(guest: Browser) -> None:
    who, _ = owner()
    recovery_code(who)

    page = guest.sign_in(who)

    assert "A passkey needs JavaScript" in page.main
    assert page.form("Use a passkey").get("hidden") is not None
    assert page.link("Use a recovery code") == "/sign-in/recovery"


def test_every_sentence_of_the_script_stands_on_the_page(guest: Browser) -> None:
    who, _ = owner()
    guest.sign_in(who)

    told = place_of(guest)

    for name in ("cancelled", "known", "elsewhere", "unsupported", "failed"):
        assert told[f"data-{name}"].endswith(".")
    assert "http://localhost:8000" in told["data-elsewhere"]


def test_the_other_factors_lead_there_and_back(guest: Browser) -> None:
    who, holder = owner()
    factories.app_of(who)

    assert guest.sign_in(who).url == "/sign-in/code"
    assert guest.press("Use a passkey").url == "/sign-in/passkey"
    assert guest.press("Use the authenticator app").url == "/sign-in/code"
    guest.press("Use a passkey")

    assert used(guest, holder, "Use a passkey").url == "/home"


def test_a_wrong_passkey_is_refused_and_the_right_one_still_works(guest: Browser) -> None:
    who, holder = owner()
    _, other = owner()
    guest.sign_in(who)

    wrong = used(guest, other, "Use a passkey")

    assert wrong.status == 401
    assert NOT_ACCEPTED in wrong.text
    assert factories.sessions_open() == 0
    assert used(guest, holder, "Use a passkey").url == "/home"


@pytest.mark.parametrize("code", ["", "{}", "\x00", "x" * 12_001])
def test_a_broken_answer_is_never_a_failure(guest: Browser, code: str) -> None:
    who, _ = owner()
    guest.sign_in(who)

    page = guest.press("Use a passkey", code=code)

    assert page.status in {400, 401}
    assert page.url == "/sign-in/passkey"
    assert "There is a problem" in page.text


def test_a_button_that_was_pressed_without_script_uses_up_no_try(guest: Browser) -> None:
    who, holder = owner()
    guest.sign_in(who)

    for _ in range(lockout.FACTOR.tries):
        assert guest.press("Use a passkey").status == 400

    assert used(guest, holder, "Use a passkey").url == "/home"


def test_after_five_wrong_answers_one_starts_again(guest: Browser) -> None:
    who, holder = owner()
    guest.sign_in(who)
    for _ in range(5):
        assert guest.press("Use a passkey", code="{}").status == 401

    page = used(guest, holder, "Use a passkey")

    assert page.url == "/sign-in"
    assert factories.sessions_open() == 0


def test_a_device_may_be_trusted(guest: Browser) -> None:
    who, holder = owner()
    guest.sign_in(who)
    used(guest, holder, "Use a passkey", trust="y")
    guest.open("/home")
    guest.press("Sign out")

    assert guest.sign_in(who).url == "/home"


@pytest.mark.parametrize("wrong", ["/sign-in/pin", "/sign-in/code", "/sign-in/set-up"])
def test_a_page_that_is_not_due_leads_to_the_one_that_is(guest: Browser, wrong: str) -> None:
    who, _ = owner()
    guest.sign_in(who)

    assert guest.open(wrong).url == "/sign-in/passkey"


def test_without_a_handle_one_signs_in_first(guest: Browser) -> None:
    assert guest.open("/sign-in/passkey").url == "/sign-in"

    answer = ask(guest, "/sign-in/passkey/options")

    assert answer.status_code == 410
    assert answer.get_json() == {"problem": "That is used up or too old."}


def test_a_passkey_alone_signs_in(guest: Browser) -> None:
    who, holder = owner()
    factories.membership(who, factories.organisation("Elm School"), Role.TEACHER)

    assert signed_in(guest, holder).url == "/home"
    assert guest.open("/account").status == 200


def test_the_browser_may_offer_passkeys_in_the_field(guest: Browser) -> None:
    guest.open("/sign-in")

    [field] = [each for each in guest.shown.root.iter("input") if each.get("name") == "identity"]

    assert field.attrib["autocomplete"] == "username webauthn"
    assert "data-silently" in place_of(guest)
    assert place_of(guest)["data-keep"] == "keep"
    assert options(guest, "/sign-in/by-passkey/options")["allowCredentials"] == []


def test_several_ways_in_are_for_the_person_to_choose(guest: Browser) -> None:
    who, holder = owner()
    factories.membership(who, factories.organisation("Elm School"))
    oak = factories.organisation("Oak Academy")
    factories.membership(who, oak)
    factories.own_password(who, oak)

    page = signed_in(guest, holder)

    assert page.url == "/sign-in/organisation"
    assert "Ready" in page.card("Elm School")
    assert "Another password here" in page.card("Oak Academy")
    home = guest.press("Continue: Oak Academy", password=OWN_PASSWORD)
    assert home.url == "/home"


def test_where_only_another_password_stands_it_is_asked_for(guest: Browser) -> None:
    who, holder = owner()
    oak = factories.organisation("Oak Academy", factorForStudents="app")
    factories.membership(who, oak)
    factories.own_password(who, oak)

    page = signed_in(guest, holder)

    assert page.url == "/sign-in/organisation"
    assert guest.press("Continue", password=OWN_PASSWORD).url == "/home"


def test_one_is_kept_signed_in_if_one_asked_for_it(guest: Browser, clock: Clock) -> None:
    _, holder = owner()
    guest.open("/sign-in")
    used(guest, holder, "Sign in with a passkey", keep="y")

    clock.advance(timedelta(days=2))

    assert guest.open("/home").url == "/home"


def test_one_is_not_kept_otherwise(guest: Browser, clock: Clock) -> None:
    _, holder = owner()
    signed_in(guest, holder)

    clock.advance(timedelta(days=2))

    assert guest.open("/home").url == "/sign-in"


SHUT: dict[str, Callable[[Account, Authenticator], object]] = {
    "nobody's passkey": lambda who, _: db.session().delete(only(who)),
    "not activated": lambda who, _: setattr(who, "activated_at", None),
    "suspended": lambda who, _: setattr(who, "suspended_at", who.created_at),
    "nobody verified": lambda _, holder: setattr(holder, "flags", PRESENT),
    "nowhere to go": lambda who, _: _only_shut_places(who),
}


@pytest.mark.parametrize("change", SHUT.values(), ids=SHUT.keys())
def test_what_is_shut_is_told_alike(
    guest: Browser, change: Callable[[Account, Authenticator], object]
) -> None:
    who, holder = owner()
    change(who, holder)
    db.session().commit()

    page = signed_in(guest, holder)

    assert page.status == 401
    assert page.heading == "Sign in"
    assert OPENS_NOTHING in page.text
    assert factories.sessions_open() == 0


def test_a_reload_of_the_refused_form_shows_the_page(guest: Browser) -> None:
    assert guest.open("/sign-in/by-passkey").url == "/sign-in"


@pytest.mark.parametrize("code", ["", "[]", "\x00"])
def test_a_broken_answer_signs_nobody_in(guest: Browser, code: str) -> None:
    guest.open("/sign-in")

    page = guest.press("Sign in with a passkey", code=code)

    assert page.status in {400, 401}
    assert "There is a problem" in page.text


def test_one_network_is_given_so_many_challenges(guest: Browser) -> None:
    guest.open("/sign-in")
    for _ in range(OF_STRANGERS.tries):
        lockout_of_network()

    answer = ask(guest, "/sign-in/by-passkey/options")

    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.get_json()["problem"].endswith(".")


def test_after_too_many_failures_the_network_waits(guest: Browser) -> None:
    _, holder = owner()
    guest.open("/sign-in")
    for _ in range(lockout.NETWORK.tries):
        guest.press("Sign in with a passkey", code="{}")

    page = used(guest, holder, "Sign in with a passkey")

    assert page.status == 429


@pytest.mark.parametrize(
    "url",
    [
        "/sign-in/passkey/options",
        "/sign-in/by-passkey/options",
        "/confirm/passkey/options",
        f"{MINE}/add/options",
    ],
)
def test_options_need_the_pages_token_and_its_origin(guest: Browser, url: str) -> None:
    _, holder = owner()
    signed_in(guest, holder)
    guest.open("/home")

    assert ask(guest, url, **{"X-CSRFToken": "forged"}).status_code == 403
    assert ask(guest, url, Origin="https://evil.example").status_code == 403
    assert guest.send("GET", url).status_code == 405


def test_a_passkey_confirms_who_one_is(guest: Browser, clock: Clock) -> None:
    _, holder = owner()
    signed_in(guest, holder)
    clock.advance(TEN_MINUTES)

    page = guest.open("/account/password")
    after = used(guest, holder, "Use a passkey instead")

    assert page.heading == "Is it still you?"
    assert after.url == "/account/password"


def test_whoever_has_none_is_not_offered_one(guest: Browser, clock: Clock) -> None:
    guest.sign_in(factories.account())
    clock.advance(TEN_MINUTES)

    page = guest.open("/account/password")

    assert "passkey" not in page.main


def test_a_wrong_passkey_confirms_nothing(guest: Browser, clock: Clock) -> None:
    _, holder = owner()
    _, other = owner()
    signed_in(guest, holder)
    clock.advance(TEN_MINUTES)
    guest.open("/account/password")

    page = used(guest, other, "Use a passkey instead")

    assert page.status == 401
    assert NOT_ACCEPTED in page.text
    assert guest.press("Use a passkey instead").status == 400
    assert guest.open("/confirm/passkey").heading == "Is it still you?"
    assert used(guest, holder, "Use a passkey instead").url == "/account/password"


def lockout_of_network() -> None:
    with db.transaction():
        lockout.charge(OF_STRANGERS, "passkey:192.0.2.1/32")


def _only_shut_places(who: Account) -> None:
    place = factories.organisation()
    place.suspended_at = who.created_at
    factories.membership(who, place)
