"""The pages on which an account's passkeys are added, named and removed."""

import uuid
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from app import db
from app.models import Passkey
from tests import factories
from tests.authenticator import PRESENT, Authenticator, encoded
from tests.conftest import Clock
from tests.factories import PASSWORD
from tests.pages.browser import Browser, values_of
from tests.pages.with_passkeys import (
    MINE,
    added,
    ask,
    only,
    options,
    owner,
    proved,
    signed_in,
    used,
)

NOT_ACCEPTED = "This passkey was not accepted."
TEN_MINUTES = timedelta(minutes=10)


def test_a_passkey_is_added(guest: Browser) -> None:
    who = factories.account()
    proved(guest, who)

    holder = added(guest, "Blue key")

    page = guest.shown
    assert page.url == "/account/second-factor/recovery-codes"
    assert "The passkey is added." in page.text
    assert only(who).name == "Blue key"
    assert only(who).credential_id == encoded(holder.credential_id)
    listed = guest.open(MINE)
    assert "Blue key" in listed.main
    assert "not used yet" in listed.main


def test_the_first_factor_needs_the_mail_too(guest: Browser) -> None:
    guest.sign_in(factories.account())

    page = guest.open(f"{MINE}/add")

    assert page.heading == "Is it still you?"
    assert guest.press("Continue", password=PASSWORD).url == "/sign-in/pin"
    pin = factories.latest_words("pin")["pin"]
    assert guest.press("Continue", code=pin).url == f"{MINE}/add"


def test_the_name_is_suggested_and_needed(guest: Browser) -> None:
    who = factories.account()
    proved(guest, who)
    page = guest.open(f"{MINE}/add")

    assert values_of(page.form("Make the passkey"))["name"] == "Firefox on Ubuntu"
    for name in ("", " ", "x" * 101, "a\x07b"):
        credential = Authenticator().make(options(guest, f"{MINE}/add/options"))
        refused = guest.press("Make the passkey", name=name, code=credential)
        assert refused.status == 400
    assert guest.press("Make the passkey", name="Blue key").status == 400


def test_what_is_not_accepted_is_said_and_nothing_is_kept(guest: Browser) -> None:
    who = factories.account()
    proved(guest, who)

    added(guest, flags=PRESENT)

    assert guest.shown.status == 401
    assert NOT_ACCEPTED in guest.shown.text
    assert db.session().scalar(select(Passkey.id)) is None


def test_a_passkey_of_another_account_is_said_to_be_there(guest: Browser) -> None:
    _, holder = owner()
    proved(guest, factories.account())
    guest.open(f"{MINE}/add")

    credential = holder.make(options(guest, f"{MINE}/add/options"))
    page = guest.press("Make the passkey", name="Mine", code=credential)

    assert page.status == 409
    assert "An account has this passkey already." in page.text


def test_where_the_proof_grows_old_it_is_asked_for_again(guest: Browser, clock: Clock) -> None:
    proved(guest, factories.account())
    guest.open(f"{MINE}/add")
    credential = Authenticator().make(options(guest, f"{MINE}/add/options"))

    clock.advance(TEN_MINUTES)

    answer = ask(guest, f"{MINE}/add/options")
    assert answer.status_code == 403
    assert answer.get_json() == {"problem": "Confirm first that it is you."}
    assert (
        guest.press("Make the passkey", name="Late", code=credential).heading == "Is it still you?"
    )


def test_the_others_end_and_this_browser_goes_on(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    who, elsewhere = factories.account(), new_guest()
    elsewhere.sign_in(who)
    proved(guest, who)
    before = guest.cookie()

    added(guest)

    assert guest.cookie() != before
    assert guest.open("/home").url == "/home"
    assert elsewhere.open("/home").url.startswith("/sign-in")


def test_a_passkey_gets_another_name(guest: Browser) -> None:
    who, holder = owner()
    signed_in(guest, holder)
    guest.open(MINE)

    page = guest.click("Rename")
    assert values_of(page.form("Rename"))["name"] == "Blue key"
    assert guest.press("Rename", name="").status == 400
    listed = guest.press("Rename", name="<b>Red</b> key")

    assert listed.url == MINE
    assert "<b>Red</b> key" in listed.main
    assert only(who).name == "<b>Red</b> key"


def test_a_passkey_is_removed_after_a_question(guest: Browser) -> None:
    who, holder = owner()
    signed_in(guest, holder)
    guest.open(MINE)

    page = guest.click("Remove")
    assert page.heading == "Remove the passkey?"
    assert "Blue key" in page.main
    assert only(who)
    listed = guest.press("Remove the passkey")

    assert listed.url == MINE
    assert "No passkeys yet" in listed.main
    assert factories.mails("passkey_removed")
    assert guest.open("/home").url == "/home"


def test_what_an_organisation_demands_stays(guest: Browser) -> None:
    who, holder = owner()
    factories.membership(who, factories.organisation(factorForStudents="app"))
    signed_in(guest, holder)
    guest.open(MINE)
    guest.click("Remove")

    page = guest.press("Remove the passkey")

    assert "An organisation of yours demands this." in page.text
    assert "Blue key" in page.main


def test_removing_asks_for_a_fresh_proof(guest: Browser, clock: Clock) -> None:
    _, holder = owner()
    signed_in(guest, holder)
    clock.advance(TEN_MINUTES)
    guest.open(MINE)

    assert guest.click("Remove").heading == "Is it still you?"
    assert used(guest, holder, "Use a passkey instead").heading == "Remove the passkey?"


def test_anothers_passkey_is_not_there(guest: Browser) -> None:
    other, _ = owner()
    _, holder = owner()
    signed_in(guest, holder)

    for passkey_id in (only(other).id, uuid.uuid4()):
        for page in ("name", "remove"):
            assert guest.open(f"{MINE}/{passkey_id}/{page}").status == 404


def test_strangers_are_turned_away(guest: Browser) -> None:
    assert guest.open(MINE).url.startswith("/sign-in")
    assert guest.open(f"{MINE}/add").url.startswith("/sign-in")


def test_the_page_of_the_second_step_leads_there(guest: Browser) -> None:
    _, holder = owner()
    signed_in(guest, holder)

    page = guest.open("/account/second-factor")

    assert "1 passkey" in page.main
    assert guest.open(MINE).link("Add a passkey") == f"{MINE}/add"
