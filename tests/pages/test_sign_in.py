from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import delete

from app import db
from app.models import Account, Organisation, Role, Verification
from tests import factories
from tests.conftest import Clock
from tests.factories import OWN_PASSWORD, PASSWORD
from tests.pages.browser import Browser, values_of

NO_MATCH = "That e-mail or username and password do not match."


def test_somebody_without_an_organisation_lands_at_home(guest: Browser) -> None:
    who = factories.account()

    page = guest.sign_in(who)

    assert (page.url, page.status) == ("/home", 200)
    assert "You belong to no organisation yet" in page.text


def test_a_username_signs_in_as_well(guest: Browser) -> None:
    factories.account(username="ann.smith")

    assert guest.sign_in("Ann.Smith").url == "/home"


def test_every_cause_is_told_alike(guest: Browser, new_guest: Callable[..., Browser]) -> None:
    account = factories.account()
    waiting = factories.account(activated=False)
    suspended = factories.account()
    suspended.suspended_at = suspended.created_at
    factories.saved(suspended)
    shut_out = factories.account()
    factories.membership(shut_out, _suspended("Closed School"))

    told = [
        new_guest().sign_in(identity, password)
        for identity, password in [
            (account.email or "", "not the password"),
            (waiting.email or "", PASSWORD),
            (suspended.email or "", PASSWORD),
            (shut_out.email or "", PASSWORD),
        ]
    ]
    unknown = guest.sign_in("nobody@example.org", "not the password")

    assert unknown.status == 401
    assert NO_MATCH in unknown.text
    for page in told:
        assert page.status == 401
        assert page.main == unknown.main


def test_a_password_is_never_shown_again(guest: Browser) -> None:
    page = guest.sign_in("nobody@example.org", "a password that is wrong")

    assert "a password that is wrong" not in page.response.text
    assert 'value="nobody@example.org"' in page.response.text


def test_empty_fields_are_named(guest: Browser) -> None:
    page = guest.sign_in("", "")

    assert page.status == 400
    assert "Enter your e-mail address or username." in page.text
    assert "Enter your password." in page.text


def test_nul_and_overlong_input_is_refused_without_an_error(guest: Browser) -> None:
    for identity, password in [
        ("a\0@example.org", PASSWORD),
        ("a" * 321, PASSWORD),
        ("a@example.org", "p" * 1025),
    ]:
        assert guest.sign_in(identity, password).status == 400
    assert guest.sign_in("a@example.org", "nul\0inside").status == 401


def test_bytes_that_are_no_text_are_refused_without_an_error(guest: Browser) -> None:
    sent = guest.send(
        "POST",
        "/sign-in",
        data=b"identity=%ED%A0%80&password=\xff\xfe",
        content_type="application/x-www-form-urlencoded",
    )

    assert sent.status_code == 403


def test_one_way_in_leads_straight_on(guest: Browser) -> None:
    who = factories.account()
    factories.membership(who, factories.organisation("Cy's University"))

    page = guest.sign_in(who)

    assert page.url == "/home"
    assert "Open now" in page.card("Cy's University")


def test_several_ways_in_are_offered_with_their_verdicts(guest: Browser) -> None:
    who = _member_of_four_places()

    page = guest.sign_in(who)

    assert page.url == "/sign-in/organisation"
    assert "Ready" in page.card("Cy's University", "Teacher")
    assert "Needs a PIN" in page.card("Careful College", "Student")
    assert "Another password here" in page.card("Own Academy", "Student")
    assert "Suspended" in page.card("Closed School", "Student")
    assert "Continue" not in page.card("Closed School")


def test_a_chosen_card_opens_its_own_seat_only(guest: Browser) -> None:
    who = _member_of_four_places()
    guest.sign_in(who)

    page = guest.press("Continue: Cy's University")

    assert page.url == "/home"
    assert "Open now" in page.card("Cy's University")
    assert "Open now" not in page.card("Careful College")
    assert "Open now" not in page.card("Own Academy")


def test_a_card_takes_the_password_of_its_organisation(guest: Browser) -> None:
    who = _member_of_four_places()
    guest.sign_in(who)

    wrong = guest.press("Continue: Own Academy", password=PASSWORD)
    right = guest.press("Continue: Own Academy", password=OWN_PASSWORD)

    assert wrong.status == 401
    assert "That is not the right password." in wrong.card("Own Academy")
    assert right.url == "/home"
    assert "Open now" in right.card("Own Academy")


def test_a_locked_card_says_until_when_and_offers_a_mail(guest: Browser) -> None:
    who = factories.account()
    factories.membership(who, factories.organisation("Cy's University"))
    strict = factories.organisation("Strict School", {"maxFailedSignInAttempts": 2})
    factories.membership(who, strict)
    factories.own_password(who, strict)
    guest.sign_in(who)
    for _ in range(2):
        guest.press("Continue: Strict School", password="not the password")

    page = guest.open("/sign-in/organisation")
    assert "Locked until" in page.card("Strict School")
    told = guest.press("Unlock by mail")

    assert "a mail to its address is on its way" in told.text
    assert factories.mails("unlock")


def test_a_lock_at_the_only_organisation_looks_like_a_wrong_password(guest: Browser) -> None:
    who = factories.account()
    strict = factories.organisation("Strict School", {"maxFailedSignInAttempts": 2})
    factories.membership(who, strict)
    wrong = [guest.sign_in(who, "not the password") for _ in range(2)]

    locked = guest.sign_in(who)

    assert NO_MATCH in locked.text
    for page in wrong:
        assert (page.status, page.main) == (locked.status, locked.main) == (401, wrong[0].main)


def test_the_last_choice_comes_first(guest: Browser) -> None:
    who = factories.account()
    for name in ("Aardvark School", "Zebra School"):
        factories.membership(who, factories.organisation(name))
    guest.sign_in(who)
    guest.press("Continue: Zebra School")
    guest.press("Sign out")

    page = guest.sign_in(who)

    assert page.places == ["Zebra School", "Aardvark School"]


def test_eight_ways_in_can_be_searched(guest: Browser) -> None:
    who = factories.account()
    for _ in range(8):
        factories.membership(who)

    page = guest.sign_in(who)

    assert len(page.cards) == 8
    assert "data-filter=" in page.response.text


def test_a_forged_handle_or_membership_leads_back(guest: Browser) -> None:
    who = _member_of_four_places()
    guest.sign_in(who)
    guest.shown.set("Continue: Cy's University", "handle", "forged")

    page = guest.press("Continue: Cy's University")

    assert page.url == "/sign-in"
    assert "That took too long. Sign in again." in page.text


def test_a_forged_membership_leads_back(guest: Browser) -> None:
    guest.sign_in(_member_of_four_places())
    guest.shown.set("Continue: Own Academy", "membership", "forged")

    assert guest.press("Continue: Own Academy", password=OWN_PASSWORD).url == "/sign-in"


def test_an_empty_password_on_a_card_is_named(guest: Browser) -> None:
    guest.sign_in(_member_of_four_places())

    page = guest.press("Continue: Own Academy", password="")

    assert page.status == 400
    assert "Enter the password you use there." in page.card("Own Academy")


def test_after_ten_failures_the_lock_says_until_when(guest: Browser) -> None:
    who = factories.account()
    for _ in range(10):
        guest.sign_in(who, "not the password")

    page = guest.sign_in(who)

    assert page.status == 429
    assert "try again in 15 minutes" in page.text
    assert int(page.response.headers["Retry-After"]) <= 900
    assert "Unlock by mail" in page.text


def test_a_lock_looks_the_same_for_nobody(
    guest: Browser, new_guest: Callable[..., Browser], clock: Clock
) -> None:
    who, other = factories.account(), new_guest()
    clock.advance(timedelta(0))
    for _ in range(10):
        guest.sign_in(who, "not the password")
        other.sign_in("nobody@example.org", "not the password")

    known, unknown = guest.sign_in(who), other.sign_in("nobody@example.org")

    assert (known.status, known.main) == (unknown.status, unknown.main)


def test_a_stale_verification_starts_again_and_keeps_next(guest: Browser, clock: Clock) -> None:
    who = _member_of_four_places()
    guest.open("/account/sessions")
    guest.press("Sign in", identity=who.email or "", password=PASSWORD)
    clock.advance(Verification.LIFETIME)

    late = guest.press("Continue: Cy's University")
    guest.press("Sign in", identity=who.email or "", password=PASSWORD)
    page = guest.press("Continue: Cy's University")

    assert late.url == "/sign-in"
    assert "That took too long. Sign in again." in late.text
    assert page.url == "/account/sessions" or page.heading == "Is it still you?"


def test_a_verification_that_is_gone_leads_back(guest: Browser) -> None:
    guest.sign_in(_member_of_four_places())
    db.session().execute(delete(Verification))
    db.session().commit()

    assert guest.open("/sign-in/organisation").url == "/sign-in"


def test_somebody_signed_in_is_not_asked_again(guest: Browser) -> None:
    guest.sign_in(factories.account())

    assert guest.open("/sign-in").url == "/home"
    assert guest.open("/sign-in?next=/account").url == "/account"


def test_keeping_somebody_signed_in_is_a_cookie_with_an_end(guest: Browser) -> None:
    who = factories.account()

    guest.sign_in(who)
    short = guest.client.get_cookie("doorward")
    guest.press("Sign out")
    guest.sign_in(who, keep="y")
    kept = guest.client.get_cookie("doorward")

    assert short is not None
    assert short.expires is None
    assert kept is not None
    assert kept.expires is not None


def test_session_and_form_token_change_at_sign_in(guest: Browser) -> None:
    who = factories.account()
    guest.open("/sign-in")
    before = guest.cookie()
    with guest.client.session_transaction() as session:
        token = session["csrf_token"]

    guest.press("Sign in", identity=who.email or "", password=PASSWORD)

    with guest.client.session_transaction() as session:
        assert session["csrf_token"] != token
        assert "verification" not in session
        assert "handle" not in session
    assert guest.cookie() != before


def test_signing_in_as_somebody_else_ends_the_session_before(guest: Browser) -> None:
    first, second = factories.account(), factories.account()
    guest.sign_in(first)
    token = values_of(guest.shown.form("Sign out"))["csrf_token"]

    typed = {"identity": second.email, "password": PASSWORD, "csrf_token": token}
    guest.send("POST", "/sign-in", data=typed)

    assert factories.sessions_open() == 1
    assert (second.email or "") in guest.open("/account").main


def _member_of_four_places() -> Account:
    who = factories.account()
    factories.membership(who, factories.organisation("Cy's University"), Role.TEACHER)
    factories.membership(who, factories.pin_organisation("Careful College"))
    own = factories.organisation("Own Academy")
    factories.membership(who, own)
    factories.own_password(who, own)
    factories.membership(who, _suspended("Closed School"))
    return who


def _suspended(name: str) -> Organisation:
    place = factories.organisation(name)
    place.suspended_at = place.created_at
    return factories.saved(place)


def test_a_way_in_for_the_portal_itself_is_named(guest: Browser) -> None:
    who = factories.account()
    factories.membership(who, role=Role.SUPERUSER)
    factories.membership(who, factories.organisation("Cy's University"))

    page = guest.sign_in(who)

    assert "Superuser" in page.card("The portal")
