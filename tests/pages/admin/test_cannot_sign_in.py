"""Why can't they sign in? Named, found out, mended."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from app import db
from app.clock import now
from app.models import Account, Counted, Invitation, Organisation, OutgoingMail, Role
from app.operations import audit, sessions
from tests import factories
from tests.authenticator import Authenticator
from tests.conftest import Clock
from tests.factories import PASSWORD, STRANGER
from tests.operations.signing_in import fail, reason, signed_in
from tests.operations.test_account_list import lock
from tests.pages.admin.conftest import member
from tests.pages.browser import Browser, Page, text_of

LOOK, OPEN_ALL = "Look", "Open all locks"


def examined(browser: Browser, identity: str, at: Organisation | None = None) -> Page:
    prefix = f"/o/{at.id}" if at else ""
    browser.open(f"{prefix}/admin/cannot-sign-in")
    return browser.press(LOOK, identity=identity)


def rows_under(page: Page, heading: str) -> list[str]:
    """Return the rows of the list below a heading."""
    [main] = page.root.findall(".//main")
    under = False
    for each in main.iter():
        if each.tag == "h2":
            under = text_of(each) == heading
        if under and each.tag in {"ul", "ol"}:
            return [text_of(row) for row in each.findall("li")]
    return []


def test_it_stands_in_the_side_list_and_beside_the_search(superuser: Browser) -> None:
    superuser.open("/admin/accounts")
    assert superuser.shown.link("Can't sign in?") == "/admin/cannot-sign-in"

    page = superuser.click("Can't somebody sign in?")

    assert page.url == "/admin/cannot-sign-in"
    assert page.heading == "Why can't they sign in?"


def test_one_account_leads_there(superuser: Browser) -> None:
    who = member(Role.STUDENT, name="Ann Smith")
    superuser.open(f"/admin/accounts/{who.id}")

    page = superuser.click("Why can't they sign in?")

    assert page.heading == "Why can't Ann Smith sign in?"
    assert "Nothing keeps them out" in page.main


def test_what_is_typed_stands_in_no_address(superuser: Browser) -> None:
    who = factories.account("ann@example.org", username="ann.s", name="Ann Smith")

    for typed in ("ann@example.org", "Ann.S"):
        page = examined(superuser, typed)
        assert page.url == f"/admin/cannot-sign-in/{who.id}"


def test_nobody_is_told_neutrally_and_the_form_keeps_what_was_typed(superuser: Browser) -> None:
    page = examined(superuser, "nobody@example.org")

    assert page.status == 404
    assert page.url == "/admin/cannot-sign-in"
    assert "Nobody here by this name" in page.main
    assert 'value="nobody@example.org"' in page.response.text


def test_an_empty_form_asks_again(superuser: Browser) -> None:
    page = examined(superuser, " ")

    assert page.status == 400
    assert "Enter an e-mail address or a username." in page.main
    assert "Nobody here" not in page.main


def test_a_lock_is_found_out_opened_and_they_sign_in(
    superuser: Browser, guest: Browser, clock: Clock
) -> None:
    who = factories.account("ann@example.org", name="Ann Smith")
    factories.membership(who)
    fail(who.email, 10)
    clock.advance(timedelta(minutes=3))
    guest.sign_in(who)
    assert guest.shown.status == 429

    page = examined(superuser, "ann@example.org")
    assert "Nothing lets them in just now." in page.main
    [cause, *_] = rows_under(page, "What keeps them out")
    assert "The account is locked after too many wrong passwords" in cause
    assert "in 12 minutes" in cause
    superuser.click(OPEN_ALL)
    page = superuser.press(OPEN_ALL)

    assert page.url == f"/admin/cannot-sign-in/{who.id}"
    assert "The locks are open." in page.text
    assert "Nothing keeps them out" in page.main
    assert guest.sign_in(who).url == "/home"


def test_the_lock_of_a_network_is_told_with_what_it_turned_away_and_opened(
    superuser: Browser,
) -> None:
    who = factories.account("ann@example.org", name="Ann Smith")
    factories.membership(who)
    signed_in(who, visitor=STRANGER)
    lock(Counted.NETWORK, STRANGER.network)
    fail(who.email, 2)

    page = examined(superuser, "ann@example.org")
    [hint, *_] = rows_under(page, "What else to know")
    assert f"the network {STRANGER.network}. Since then, 2 tries from there were turned" in hint
    page = superuser.click("Open the lock of the network")
    assert "Everybody behind it can try again" in page.main
    assert reason(who.email, visitor=STRANGER) == "too_many_tries"
    page = superuser.press("Open the lock of the network")

    assert page.url == f"/admin/cannot-sign-in/{who.id}"
    assert "The lock of the network is open." in page.text
    assert "came from the network" not in page.main
    assert reason(who.email, visitor=STRANGER) == ""
    asked = f"/admin/cannot-sign-in/unlock-network?at=192.0.2.9%2F32&who={who.id}"
    again = superuser.open(asked)
    assert again.url == f"/admin/cannot-sign-in/{who.id}"
    assert "it is so already" in again.text


def test_tries_that_a_lock_turned_away_are_told(superuser: Browser) -> None:
    who = factories.account("ann@example.org", name="Ann Smith")
    fail(who.email, 12)

    page = examined(superuser, "ann@example.org")

    assert any("2 tries were turned away" in hint for hint in rows_under(page, "What else to know"))


def test_an_account_administrator_has_no_button_for_a_network(
    chief: Browser, place: Organisation
) -> None:
    who = member(Role.STUDENT, place)
    signed_in(who, visitor=STRANGER)
    lock(Counted.NETWORK, STRANGER.network)

    page = examined(chief, who.email or "", place)

    assert "came from the network" in page.main
    assert "Open the lock of the network" not in page.main
    url = f"/o/{place.id}/admin/cannot-sign-in"
    assert STRANGER.network not in chief.open(url).main
    assert chief.open(f"{url}/unlock-network?at=198.51.100.7%2F32").status == 404


def test_locked_networks_are_listed_where_somebody_is_named(superuser: Browser) -> None:
    who = factories.account("ann@example.org")
    assert "locked now" not in superuser.open("/admin/cannot-sign-in").main
    lock(Counted.NETWORK, STRANGER.network)
    fail(who.email, 2)

    page = superuser.open("/admin/cannot-sign-in")
    [row] = rows_under(page, "Networks that are locked now")
    assert f"the network {STRANGER.network}." in row
    assert "2 tries from there" in row
    superuser.click("Open the lock of the network")
    page = superuser.press("Open the lock of the network")

    assert page.url == "/admin/cannot-sign-in"
    assert "locked now" not in page.main
    assert reason(who.email, visitor=STRANGER) == ""


def test_an_address_that_nobody_could_mean_is_none(superuser: Browser) -> None:
    url = "/admin/cannot-sign-in/unlock-network"

    assert superuser.open(f"{url}?at=x&who=somebody").status == 400
    assert superuser.open(f"{url}?at={'x' * 400}").status == 400
    assert superuser.open(f"{url}?at=x&who=6f0c1f7e-3a5c-4a43-9a0b-3b2f0f6f7d11").status == 404


def test_not_now_leads_back_without_doing_anything(superuser: Browser) -> None:
    who = factories.account("ann@example.org")
    factories.membership(who)
    fail(who.email, 10)
    examined(superuser, "ann@example.org")
    superuser.click(OPEN_ALL)

    page = superuser.click("Not now")

    assert page.url == f"/admin/cannot-sign-in/{who.id}"
    assert reason(who.email) == "locked"


def test_an_act_leads_nowhere_but_to_pages_of_ours(superuser: Browser) -> None:
    who = factories.account()

    superuser.open(f"/admin/accounts/{who.id}/unlock?next=https%3A%2F%2Fevil.example%2F")
    page = superuser.press(OPEN_ALL)

    assert page.url == f"/admin/accounts/{who.id}"


def test_an_act_asked_for_long_after_signing_in_leads_back_as_well(
    superuser: Browser, clock: Clock
) -> None:
    who = factories.account("ann@example.org")
    factories.membership(who)
    fail(who.email, 10)
    examined(superuser, "ann@example.org")
    clock.advance(sessions.STEP_UP + timedelta(minutes=1))
    lock(Counted.IDENTITY, f"account:{who.id}")

    superuser.click(OPEN_ALL)
    assert superuser.shown.url.startswith("/confirm")
    superuser.press("Continue", password=PASSWORD)
    page = superuser.press(OPEN_ALL)

    assert page.url == f"/admin/cannot-sign-in/{who.id}"
    assert reason(who.email) == ""


def test_a_role_that_is_locked_is_opened_where_it_is(superuser: Browser) -> None:
    who = factories.account("ann@example.org")
    strict = factories.organisation("Strict School", {"maxFailedSignInAttempts": 2})
    factories.membership(who, strict)
    factories.membership(who, factories.organisation("Mild School"))
    fail(who.email, 2)

    page = examined(superuser, "ann@example.org")
    [first, *rest] = rows_under(page, "Ways in")
    assert "Some ways in are open, others are not." in page.main
    assert "Student · Strict School" in first
    assert "Locked" in first
    assert "Open the lock here" in first
    assert not [row for row in rest if "Locked" in row]
    superuser.click("Open the lock here")
    page = superuser.press("Open the lock here")

    assert page.url == f"/admin/cannot-sign-in/{who.id}"
    assert "Nothing keeps them out" in page.main


def test_a_suspended_organisation_leads_to_where_it_is_opened(superuser: Browser) -> None:
    who = factories.account("ann@example.org")
    place = factories.organisation("Shut School")
    place.suspended_at = now()
    factories.saved(place)
    factories.membership(who, place)
    examined(superuser, "ann@example.org")

    superuser.click("Look at the organisation")
    superuser.press("Open it again")

    assert "Nothing keeps them out" in examined(superuser, "ann@example.org").main


@pytest.mark.parametrize(
    ("values", "sentence", "button"),
    [
        ({"suspended_at": True}, "The account is suspended.", "Reactivate"),
        ({"activated_at": None}, "not activated", "Send the activation mail again"),
    ],
)
def test_what_an_account_is_in_is_told_with_what_mends_it(
    superuser: Browser, values: dict[str, object], sentence: str, button: str
) -> None:
    who = factories.account("ann@example.org")
    moments = {name: now() if value else None for name, value in values.items()}
    with db.transaction() as session:
        session.execute(update(Account).where(Account.id == who.id).values(**moments))

    [cause] = rows_under(examined(superuser, "ann@example.org"), "What keeps them out")

    assert sentence in cause
    assert button in cause


def test_a_lock_for_good_says_so(superuser: Browser) -> None:
    who = factories.account("ann@example.org")
    factories.membership(who, factories.pin_organisation())
    lock(Counted.FACTOR_EVER, str(who.id), minutes=100 * 365 * 24 * 60)

    [cause] = rows_under(examined(superuser, "ann@example.org"), "What keeps them out")

    assert "Stays until an administrator opens it" in cause
    assert OPEN_ALL in cause


def test_what_else_is_known_is_told(superuser: Browser, clock: Clock) -> None:
    who = factories.account("ann@example.org", name="Ann Smith")
    factories.membership(who, factories.organisation("Strict School", factorForStudents="app"))
    factories.own_password(who, factories.organisation("Elsewhere"))
    factories.passkey_of(who, Authenticator())
    factories.recovery_codes_of(who, 3)
    fail(who.email, 3)
    who = db.session().get_one(Account, who.id)
    who.removal_due_at = clock.time + timedelta(days=2)
    factories.saved(who)
    lock(Counted.NETWORK, "198.51.100.7/32")

    page = examined(superuser, "ann@example.org")

    for told in (
        "Since they last got in, 3 tries were with wrong passwords. Send a reset mail",
        "Too many wrong passwords came from the network 198.51.100.7/32.",
        "They asked to have the account removed.",
        "They have a passkey: no lock of a password stops that one.",
        "3 recovery codes are left. Remove the second step",
        "A sign-in failed · Wrong password 3 times",
        "Asked by Strict School",
        "An authenticator app or a passkey",
        "Needs a passkey",
    ):
        assert told in page.main, told


def test_a_clock_that_is_slow_is_told_in_seconds(superuser: Browser, portal: Flask) -> None:
    who = factories.account("ann@example.org")
    factories.app_of(who)
    with portal.app_context(), db.transaction():
        audit_a_late_code(who)

    page = examined(superuser, "ann@example.org")

    assert "Their newest wrong code was about 90 seconds old" in page.main


def audit_a_late_code(who: Account) -> None:
    audit.record(
        "wrong_code", factories.VISITOR, account_id=who.id, factor="code", clock_offset_s=-90
    )


def test_a_pin_that_still_waits_is_not_said_to_be_lost(superuser: Browser) -> None:
    who = factories.account("ann@example.org")
    factories.membership(who, factories.pin_organisation())
    signed_in(who)

    page = examined(superuser, "ann@example.org")

    assert "The newest PIN is not sent yet" in page.main
    assert "did not get through" not in page.main


def test_mails_are_told_with_their_fate_and_without_their_words(superuser: Browser) -> None:
    who = factories.account("ann@example.org")
    factories.membership(who, factories.pin_organisation())
    signed_in(who)
    pin = factories.latest_words("pin")["pin"]
    failed = {"failed_at": now(), "last_error": "RCPT TO: 550 5.1.1"}
    with db.transaction() as session:
        session.execute(update(OutgoingMail).where(OutgoingMail.kind == "pin").values(**failed))

    page = examined(superuser, "ann@example.org")

    [mail] = rows_under(page, "Mails to them")
    assert mail.startswith("A PIN")
    assert "RCPT TO: 550 5.1.1" in mail
    assert mail.endswith("Refused for good")
    assert "The newest PIN did not get through" in page.main
    assert pin not in page.response.text


def test_the_page_holds_no_secret(superuser: Browser) -> None:
    who = factories.account("ann@example.org")
    place = factories.pin_organisation()
    factories.membership(who, place)
    factories.own_password(who, place)
    secret = factories.app_of(who)
    codes = factories.recovery_codes_of(who)

    text = examined(superuser, "ann@example.org").response.text

    for each in (secret, *codes, "argon2", PASSWORD):
        assert each not in text


# From an organisation


def test_an_organisation_mends_what_is_its_own(chief: Browser, place: Organisation) -> None:
    both = factories.account("both@example.org", name="Both Smith")
    with db.transaction() as session:
        row = session.get_one(Organisation, place.id)
        row.settings = row.effective_settings.model_copy(update={"maxFailedSignInAttempts": 2})
    factories.membership(both, place)
    factories.membership(both, factories.organisation("Yonder"))
    fail(both.email, 2)

    page = examined(chief, "both@example.org", place)
    assert "Yonder" not in page.text
    assert OPEN_ALL not in page.main
    assert "ask the portal's superusers" in page.main
    chief.click("Open the lock here")
    page = chief.press("Open the lock here")

    assert page.url == f"/o/{place.id}/admin/cannot-sign-in/{both.id}"
    assert "Nothing at this organisation keeps them out." in page.main
    assert reason(both.email) == ""


def test_an_organisation_is_shown_all_of_who_is_its_own(
    chief: Browser, place: Organisation
) -> None:
    only = member(Role.STUDENT, place, "Only Here")
    lock(Counted.IDENTITY, f"account:{only.id}")

    page = examined(chief, only.email or "", place)

    assert OPEN_ALL in page.main
    assert "Rules for this account as a whole" in page.main


def test_a_second_step_that_has_to_be_set_up_is_told(
    superuser: Browser, chief: Browser, place: Organisation
) -> None:
    who = factories.account("ann@example.org")
    factories.membership(who, factories.organisation("Strict", factorForStudents="app"))
    factories.membership(who, place)

    [first, _, whole] = rows_under(examined(superuser, "ann@example.org"), "Ways in")
    [seen] = rows_under(examined(chief, "ann@example.org", place), "Ways in")

    assert "an authenticator app is set up at the next sign-in" in first
    assert "Needs an app" in first
    assert "Most programs cannot do that" in whole
    assert "by this organisation's rules: A password is enough" in seen


def test_nothing_of_the_portal_s_is_offered_to_an_organisation(
    chief: Browser, place: Organisation
) -> None:
    generic = factories.account(None, username="desk-1")
    factories.membership(generic, place)

    page = examined(chief, "desk-1", place)

    assert "admits no accounts without an e-mail address" in page.main
    page = chief.click("Look at the organisation")
    assert page.url == f"/o/{place.id}/admin/organisations/{place.id}"


def test_whoever_is_elsewhere_is_nobody_here(chief: Browser, place: Organisation) -> None:
    hidden = member(Role.STUDENT, factories.organisation("Yonder"), "Hidden")

    page = examined(chief, hidden.email or "", place)

    assert page.status == 404
    assert "Hidden" not in page.text
    assert "Nobody here by this name" in page.main


# Invitations


def test_an_invitation_that_waits_is_told_and_sent_again(superuser: Browser) -> None:
    who = factories.account("ann@example.org")
    place = factories.organisation("Waiting School")
    factories.invitation(place, "ann@example.org", Role.TEACHER)

    page = examined(superuser, "ann@example.org")
    [row] = rows_under(page, "Invited, and not accepted yet")
    assert "As Teacher at Waiting School" in row
    page = superuser.press("Send again")

    assert page.url == f"/admin/cannot-sign-in/{who.id}"
    assert "on its way again" in page.text
    assert len(factories.mails("invitation")) == 1


def test_whoever_is_invited_and_has_no_account_is_told_so(
    chief: Browser, place: Organisation
) -> None:
    invitation = factories.invitation(place, "new@example.org")
    with db.transaction() as session:
        old = {"expires_at": now() - timedelta(days=1)}
        session.execute(update(Invitation).where(Invitation.id == invitation.id).values(**old))
    factories.invitation(factories.organisation("Yonder"), "new@example.org")

    page = examined(chief, "new@example.org", place)

    assert page.status == 404
    [row] = rows_under(page, "Invited, and not here yet")
    assert "As Student at Xavier's School" in row
    assert "Expired" in row
    assert "Yonder" not in page.text
    page = chief.press("Send again")
    assert page.url == f"/o/{place.id}/admin/cannot-sign-in"
    assert "on its way again" in page.text
