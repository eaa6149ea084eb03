"""Changing the address: the new one confirms, the old one is told, and strangers learn nothing."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import db
from app.clock import now
from app.errors import AlreadyExists, InvalidAddress, ProofRequired, TicketRefused
from app.models import Account, AddressTicket, AuditEvent, Role, Session
from app.operations import (
    addresses,
    administration,
    known_devices,
    lockout,
    passwords,
    registration,
    sessions,
    sign_in,
    unlocking,
)
from tests import factories
from tests.conftest import Clock
from tests.factories import OWN_PASSWORD, PASSWORD, STRANGER, VISITOR
from tests.operations.signing_in import known_device, opens, reason, signed_in
from tests.operations.test_races import FIFTY, WON, at_once

pytestmark = pytest.mark.usefixtures("portal")

NEW = "new@example.org"
SECRETS = ("link", "code")


def asked(who: Account, address: str = NEW) -> Session:
    """Ask for a new address in a new session; return the session."""
    session = signed_in(who).session
    addresses.ask(session, address, VISITOR)
    return session


def ticket() -> str:
    return factories.ticket_in("new_address")


def recipients(kind: str) -> list[str]:
    return [mail.recipient for mail in factories.mails(kind)]


def events(what: str) -> int:
    rows = select(func.count()).where(AuditEvent.what == what)
    return db.session().scalar(rows) or 0


def address_of(who: Account) -> str | None:
    db.session().rollback()
    return db.session().scalar(select(Account.email).where(Account.id == who.id))


def register(address: str) -> None:
    registration.register(address, "Squatter", "nine calm otters", STRANGER)


def test_the_mail_goes_to_the_new_address_and_nothing_changes_before_it_is_used() -> None:
    who = factories.account("old@example.org")

    asked(who)

    assert recipients("new_address") == [NEW]
    assert address_of(who) == "old@example.org"
    assert events("address_change_asked") == 1


def test_the_link_makes_it_the_address() -> None:
    who = factories.account("old@example.org")
    asked(who, " New@EXAMPLE.org ")

    addresses.confirm(ticket(), VISITOR)

    assert address_of(who) == "New@example.org"
    assert opens(who)
    assert reason("old@example.org") == "unknown_account"
    assert events("address_changed") == 1


def test_the_code_does_as_well_and_the_link_is_used_up_then() -> None:
    who = factories.account("old@example.org")
    asked(who)
    link, code = ticket(), factories.latest_words("new_address")["code"]

    addresses.confirm(addresses.ticket_for_code("old@example.org", code.lower()), VISITOR)

    assert address_of(who) == NEW
    with pytest.raises(TicketRefused):
        addresses.confirm(link, VISITOR)


def test_the_former_address_is_told_by_whom_and_not_what_the_new_one_was() -> None:
    who = factories.account("old@example.org", name="Ann")
    asked(who)
    secrets = [factories.latest_words("new_address")[each] for each in SECRETS]

    addresses.confirm(ticket(), STRANGER)

    [told] = factories.mails("address_changed")
    words = factories.words(told)
    assert told.recipient == "old@example.org"
    assert told.account_id == who.id
    assert words["new_address"] == "n•••@example.org"
    assert (words["user_agent"], words["address"]) == (STRANGER.user_agent, STRANGER.address)
    assert "/not-me?ticket=" in words["not_me_link"]
    assert not any(secret in str(words) for secret in secrets)


def test_a_generic_account_gets_its_first_address_so() -> None:
    who = factories.account(None, username="generic")
    asked(who)

    addresses.confirm(ticket(), VISITOR)

    assert address_of(who) == NEW
    assert factories.mails("address_changed") == []
    assert reason("generic") == ""


def test_its_own_address_is_refused_and_other_capitals_of_it_are_not() -> None:
    who = factories.account("Ann@example.org")
    session = signed_in(who).session

    with pytest.raises(AlreadyExists):
        addresses.ask(session, "Ann@EXAMPLE.org", VISITOR)
    addresses.ask(session, "ann@example.org", VISITOR)
    addresses.confirm(ticket(), VISITOR)

    assert address_of(who) == "ann@example.org"


@pytest.mark.parametrize("address", ["", "ann", "ann@", "ann@example", "a\u0000b@example.org"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidAddress):
        asked(factories.account(), address)


def test_after_ten_minutes_it_asks_to_sign_in_again(clock: Clock) -> None:
    session = signed_in(factories.account()).session
    clock.advance(timedelta(minutes=10))

    with pytest.raises(ProofRequired):
        addresses.ask(session, NEW, VISITOR)


def test_a_mere_seat_changes_no_address_and_withdraws_none() -> None:
    who, place = factories.account(), factories.organisation()
    factories.membership(who, place)
    factories.own_password(who, place)
    seated = signed_in(who, OWN_PASSWORD).session

    with pytest.raises(ProofRequired):
        addresses.ask(seated, NEW, VISITOR)
    with pytest.raises(ProofRequired):
        addresses.withdraw(seated, VISITOR)


# --- what becomes of everything else ---------------------------------------------------------


def test_all_other_sessions_end_and_this_one_gets_a_new_bearer() -> None:
    who = factories.account()
    elsewhere, here = signed_in(who), signed_in(who)
    addresses.ask(here.session, NEW, VISITOR)

    bearer = addresses.confirm(ticket(), VISITOR, here.session)

    assert bearer
    assert sessions.find(bearer).id == here.session.id
    for old in (elsewhere.bearer, here.bearer):
        with pytest.raises(TicketRefused):
            sessions.find(old)


def test_confirmed_elsewhere_it_ends_every_session() -> None:
    who = factories.account()
    asked(who)

    assert addresses.confirm(ticket(), VISITOR) is None

    assert factories.sessions_open() == 0


def test_a_session_of_somebody_else_is_left_alone() -> None:
    other = signed_in(factories.account())
    asked(factories.account())

    assert addresses.confirm(ticket(), VISITOR, other.session) is None

    assert sessions.find(other.bearer).id == other.session.id


def test_what_was_mailed_to_the_former_address_opens_nothing_any_more() -> None:
    who = factories.account("old@example.org")
    passwords.forgotten("old@example.org", VISITOR)
    unlocking.send("old@example.org", VISITOR)
    asked(who)

    addresses.confirm(ticket(), VISITOR)

    with pytest.raises(TicketRefused):
        passwords.reset(factories.ticket_in("reset"), "nine calm otters", VISITOR)
    with pytest.raises(TicketRefused):
        unlocking.unlock(factories.ticket_in("unlock"), VISITOR)


def test_a_sign_in_that_is_half_done_starts_again() -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    here = signed_in(who)
    half = sign_in.verify_password(who.email or "", PASSWORD, VISITOR).offers[0].handle
    addresses.ask(here.session, NEW, VISITOR)

    addresses.confirm(ticket(), VISITOR)

    with pytest.raises(TicketRefused):
        sign_in.proceed(half, VISITOR)


def test_known_devices_stay_known() -> None:
    who = factories.account()
    known = known_device(who)
    asked(who)

    addresses.confirm(ticket(), VISITOR)

    assert known_devices.known_as(who, known).name is not None


# --- addresses of others ---------------------------------------------------------------------


def test_a_taken_address_gets_another_mail_and_keeps_its_owner() -> None:
    owner = factories.account(NEW)
    who = factories.account("old@example.org")

    asked(who)

    assert factories.mails("new_address") == []
    assert recipients("already_registered") == [NEW]
    assert (address_of(owner), address_of(who)) == (NEW, "old@example.org")


@pytest.mark.parametrize("taken", [False, True])
def test_whoever_asks_sees_the_same_for_a_taken_address(taken: bool) -> None:  # noqa: FBT001
    """The older request dies in either case: that it lived on would tell."""
    if taken:
        factories.account(NEW)
    who = factories.account("old@example.org")
    asked(who, "own@example.org")
    own = ticket()

    asked(who)

    waiting = addresses.asked_of(who)
    assert waiting is not None
    assert (waiting.new_email, waiting.tries_left) == (NEW, AddressTicket.TRIES)
    assert events("address_change_asked") == 2
    with pytest.raises(TicketRefused):
        addresses.change_of(own)


@pytest.mark.parametrize("taken", [False, True])
def test_the_sixth_request_of_an_hour_does_nothing(taken: bool, clock: Clock) -> None:  # noqa: FBT001
    """Requests are counted, not mails: else the missing one would tell who has an account."""
    if taken:
        factories.account(NEW)
    who = factories.account("old@example.org")
    session = signed_in(who).session
    for number in range(4):
        addresses.ask(session, f"own{number}@example.org", VISITOR)
    addresses.ask(session, NEW, VISITOR)

    addresses.ask(session, "own5@example.org", VISITOR)
    waiting = addresses.asked_of(who)

    assert waiting is not None
    assert waiting.new_email == NEW
    assert "own5@example.org" not in recipients("new_address")
    clock.advance(addresses.HOUR)
    asked(who, "own6@example.org")
    assert "own6@example.org" in recipients("new_address")


def test_one_address_gets_five_such_mails_an_hour_whoever_asks() -> None:
    for _ in range(6):
        asked(factories.account())

    assert recipients("new_address") == [NEW] * 5


def test_one_network_asks_for_two_hundred_mails_an_hour(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lockout, "may_ask", lambda _network: False)

    asked(factories.account())

    assert factories.mails() == []
    assert db.session().scalar(select(func.count()).select_from(AddressTicket)) == 0


def test_the_limits_can_be_lifted_for_measuring(change_settings: Callable[..., None]) -> None:
    change_settings(rate_limits=False)
    session = signed_in(factories.account()).session

    for number in range(8):
        addresses.ask(session, f"own{number}@example.org", VISITOR)

    assert len(factories.mails("new_address")) == 8


def test_an_address_that_was_taken_meanwhile_is_refused_and_the_ticket_is_spent() -> None:
    who = factories.account("old@example.org")
    asked(who)
    owner = factories.account(NEW)

    with pytest.raises(TicketRefused):
        addresses.confirm(ticket(), VISITOR)

    assert (address_of(who), address_of(owner)) == ("old@example.org", NEW)
    assert addresses.asked_of(who) is None
    assert factories.mails("address_changed") == []


def test_of_five_accounts_that_confirm_one_address_at_once_one_gets_it(portal: Flask) -> None:
    links = []
    for _ in range(5):
        asked(factories.account())
        links.append(ticket())

    ended = at_once(portal, lambda n: addresses.confirm(links[n], VISITOR), times=5)

    assert (ended[WON], ended[TicketRefused.reason]) == (1, 4)
    db.session().rollback()  # look at what is there now
    has_it = select(func.count()).where(Account.email_key == NEW)
    assert db.session().scalar(has_it) == 1


def test_one_ticket_changes_one_address_once(portal: Flask) -> None:
    asked(factories.account("old@example.org"))
    link = ticket()

    ended = at_once(portal, lambda _: addresses.confirm(link, VISITOR))

    assert (ended[WON], ended[TicketRefused.reason]) == (1, FIFTY - 1)
    db.session().rollback()
    assert len(factories.mails("address_changed")) == 1


# --- whoever registered the address, and never confirmed it -----------------------------------


def test_whoever_only_registered_the_address_makes_room() -> None:
    register(NEW)
    who = factories.account("old@example.org")

    asked(who)
    addresses.confirm(ticket(), VISITOR)

    assert address_of(who) == NEW
    assert db.session().scalar(select(func.count()).select_from(Account)) == 1


def test_whoever_registered_and_confirmed_it_meanwhile_keeps_it() -> None:
    who = factories.account("old@example.org")
    asked(who)
    register(NEW)
    registration.activate_by_password(
        factories.ticket_in("activation"), "nine calm otters", STRANGER
    )

    with pytest.raises(TicketRefused):
        addresses.confirm(ticket(), VISITOR)

    assert address_of(who) == "old@example.org"


def test_an_account_that_an_administrator_prepared_makes_no_room() -> None:
    prepared = factories.account(NEW, activated=False)
    factories.membership(prepared, role=Role.TEACHER)
    who = factories.account("old@example.org")

    asked(who)

    assert factories.mails("new_address") == []
    assert address_of(prepared) == NEW


# --- what ends a request ----------------------------------------------------------------------


def test_a_ticket_dies_after_a_day(clock: Clock) -> None:
    asked(factories.account())
    clock.advance(AddressTicket.LIFETIME)

    with pytest.raises(TicketRefused):
        addresses.confirm(ticket(), VISITOR)


def test_a_newer_request_takes_the_place_of_the_older() -> None:
    who = factories.account("old@example.org")
    asked(who, "first@example.org")
    first = ticket()
    asked(who, "second@example.org")

    with pytest.raises(TicketRefused):
        addresses.confirm(first, VISITOR)
    addresses.confirm(ticket(), VISITOR)

    assert address_of(who) == "second@example.org"


def test_a_request_can_be_withdrawn() -> None:
    who = factories.account()
    session = asked(who)

    addresses.withdraw(session, VISITOR)
    addresses.withdraw(session, VISITOR)

    assert addresses.asked_of(who) is None
    assert events("address_change_withdrawn") == 1
    with pytest.raises(TicketRefused):
        addresses.confirm(ticket(), VISITOR)


def test_a_new_password_ends_what_a_thief_may_have_asked_for() -> None:
    who = factories.account("old@example.org")
    asked(who)
    passwords.forgotten("old@example.org", VISITOR)

    passwords.reset(factories.ticket_in("reset"), "nine calm otters", VISITOR)

    with pytest.raises(TicketRefused):
        addresses.confirm(ticket(), VISITOR)


def test_a_changed_password_ends_it_too() -> None:
    session = asked(factories.account())

    passwords.change(session, PASSWORD, "nine calm otters", VISITOR)

    with pytest.raises(TicketRefused):
        addresses.confirm(ticket(), VISITOR)


def test_a_suspended_account_changes_no_address_also_not_later() -> None:
    who = factories.account("old@example.org")
    asked(who)
    who.suspended_at = now()
    db.session().commit()
    with pytest.raises(TicketRefused):
        addresses.confirm(ticket(), VISITOR)

    administration.suspend_account(who, VISITOR)
    administration.reactivate_account(who, VISITOR)

    with pytest.raises(TicketRefused):
        addresses.confirm(ticket(), VISITOR)
    assert address_of(who) == "old@example.org"


def test_an_address_ticket_opens_no_other_door() -> None:
    asked(factories.account())

    for open_ in (passwords.reset_of, registration.activation_of, unlocking.lock_of):
        with pytest.raises(TicketRefused):
            open_(ticket())


def test_the_account_is_shown_only_to_those_who_know_it() -> None:
    assert addresses.shown(factories.account("johanna@example.org")) == "j•••@example.org"
    assert addresses.shown(factories.account(None, username="johanna")) == "j•••"
