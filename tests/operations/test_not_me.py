"""Attacks that an owner undoes by mail, and what such a mail cannot do."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import db
from app.clock import now
from app.errors import TicketRefused
from app.models import (
    Account,
    AddressTicket,
    AuditEvent,
    Interface,
    NotMeTicket,
    Passkey,
    RecoveryCode,
    RememberedDevice,
    Role,
    Session,
    TotpDevice,
    Verification,
)
from app.operations import (
    addresses,
    factor_changes,
    factors,
    known_devices,
    news,
    not_me,
    passwords,
    recovery_codes,
    refreshing,
    registration,
    removal,
    sessions,
    sign_in,
    tickets,
    totp_setup,
    undoing,
)
from app.operations.sign_in import SignedIn
from app.operations.visitor import Visitor
from app.security import totp
from app.security.tokens import digest
from tests import factories
from tests.conftest import Clock
from tests.factories import PASSWORD, VISITOR
from tests.operations.signing_in import opens, reason, signed_in
from tests.operations.test_races import FIFTY, WON, at_once

THIEF = Visitor(Interface.HASURA_BACKEND_PLUS, "203.0.113.66", "curl/8.0")
THIEFS_PASSWORD = "what the thief typed"
NEW = "a fresh start at last"
A_MOMENT = timedelta(seconds=2)
FORMER, THIEFS = "ann@example.org", "thief@evil.example"


@pytest.fixture(autouse=True)
def time_passes(portal: Flask, clock: Clock) -> Iterator[None]:  # noqa: ARG001 (it comes first)
    """Let the clock stand still but where a story lets it go on."""
    yield
    db.session().rollback()


def stolen(who: Account) -> SignedIn:
    """Sign in as whoever knows the password and nothing else, through contract 004."""
    offer = sign_in.verify_password(who.email or "", PASSWORD, THIEF, whole=True).offers[0]
    step = sign_in.proceed(offer.handle, THIEF)
    assert isinstance(step, SignedIn)
    return step


def code_of(secret: str) -> str:
    return totp.code_at(secret, totp.step_at(now()))


def add_app(session: Session) -> str:
    secret = totp_setup.generate(session)
    totp_setup.enable(session, code_of(secret), THIEF)
    return secret


def change_address(address: str, session: Session) -> None:
    addresses.ask(session, address, THIEF)
    addresses.confirm(factories.ticket_in("new_address"), THIEF, session)


def passkey_of(who: Account, name: str = "Key") -> Passkey:
    made = Passkey(account_id=who.id, credential_id=f"{who.id}{name}", public_key=b"", name=name)
    return factories.saved(made)


def has_app(who: Account) -> bool:
    db.session().rollback()
    return factors.of(who).app


def owner_sets_a_password(reset: str) -> None:
    passwords.reset(reset, NEW, VISITOR)


def live(done: SignedIn) -> bool:
    theirs = select(Session.id).where(Session.digest == digest(done.bearer))
    return db.session().scalar(theirs) is not None


def count(table: type[db.Base]) -> int:
    return db.session().scalar(select(func.count()).select_from(table)) or 0


def good(secret: str) -> bool:
    try:
        undoing.by(secret)
    except TicketRefused:
        return False
    return True


def refused(secret: str) -> bool:
    try:
        not_me.report(secret, VISITOR)
    except TicketRefused:
        return True
    return False


# The stories of a thief who has the password alone


def test_an_app_that_a_thief_added_is_taken_away_and_the_owner_comes_back(clock: Clock) -> None:
    who = factories.account()
    thief = stolen(who)
    token = refreshing.begin(thief.session)
    add_app(thief.session)
    clock.advance(timedelta(hours=8))

    owner_sets_a_password(not_me.report(factories.not_me_in("app_added"), VISITOR))

    assert not has_app(who)
    assert not live(thief)
    with pytest.raises(TicketRefused):
        refreshing.renew(token, THIEF)
    assert not opens(who, PASSWORD)
    assert isinstance(signed_in(who, NEW), SignedIn)


def test_a_password_that_a_thief_chose_opens_nothing_any_more() -> None:
    who = factories.account()
    thief = stolen(who)
    passwords.change(thief.session, PASSWORD, THIEFS_PASSWORD, THIEF)

    owner_sets_a_password(not_me.report(factories.not_me_in("password_changed"), VISITOR))

    assert factories.sessions_open() == 0
    assert not opens(who, THIEFS_PASSWORD)
    assert opens(who, NEW)


def test_an_address_that_a_thief_put_in_is_the_owners_again() -> None:
    who = factories.account(FORMER)
    thief = stolen(who)
    change_address(THIEFS, thief.session)

    owner_sets_a_password(not_me.report(factories.not_me_in("address_changed"), VISITOR))

    assert (who.email, who.email_key) == (FORMER, FORMER)
    assert opens(who, NEW)
    assert reason(THIEFS, NEW) == "unknown_account"
    [told] = factories.mails("address_put_back")
    assert told.recipient == THIEFS
    assert factories.mails("password_changed")[-1].recipient == FORMER


def test_the_first_mail_undoes_what_a_thief_did_after_it(clock: Clock) -> None:
    who = factories.account(FORMER)
    signed_in(who)
    clock.advance(A_MOMENT)
    thief = stolen(who)
    clock.advance(A_MOMENT)
    change_address(THIEFS, thief.session)
    clock.advance(A_MOMENT)
    add_app(thief.session)

    owner_sets_a_password(not_me.report(factories.not_me_in("new_device"), VISITOR))

    assert who.email == FORMER
    assert not has_app(who)
    assert count(RecoveryCode) == 0
    assert opens(who, NEW)


def test_of_several_addresses_the_one_before_the_first_change_comes_back(clock: Clock) -> None:
    who = factories.account(FORMER)
    thief = stolen(who)
    change_address(THIEFS, thief.session)
    first = factories.not_me_in("address_changed")
    clock.advance(A_MOMENT)
    change_address("another@evil.example", thief.session)

    not_me.report(first, VISITOR)

    assert who.email == FORMER


def test_what_was_mailed_to_the_thief_is_worth_nothing_once_the_address_is_back(
    clock: Clock,
) -> None:
    who = factories.account(FORMER)
    thief = stolen(who)
    change_address(THIEFS, thief.session)
    clock.advance(A_MOMENT)
    add_app(thief.session)
    thiefs, owners = factories.not_me_in("app_added"), factories.not_me_in("address_changed")
    assert factories.mails("app_added")[-1].recipient == THIEFS

    not_me.report(owners, VISITOR)

    assert refused(thiefs)


def test_a_thief_who_reports_first_takes_nothing_from_the_owner(clock: Clock) -> None:
    who = factories.account(FORMER)
    thief = stolen(who)
    change_address(THIEFS, thief.session)
    clock.advance(A_MOMENT)
    add_app(thief.session)
    reset = not_me.report(factories.not_me_in("app_added"), THIEF)

    owner_sets_a_password(not_me.report(factories.not_me_in("address_changed"), VISITOR))

    with pytest.raises(TicketRefused):
        passwords.reset(reset, THIEFS_PASSWORD, THIEF)
    assert (who.email, opens(who, NEW)) == (FORMER, True)


def test_registering_the_former_address_does_not_keep_it() -> None:
    who = factories.account(FORMER)
    change_address(THIEFS, stolen(who).session)
    registration.register(FORMER, "Thief", THIEFS_PASSWORD, THIEF)

    not_me.report(factories.not_me_in("address_changed"), VISITOR)

    assert who.email == FORMER
    assert count(Account) == 1


def test_an_address_that_is_somebody_elses_by_now_stays_theirs_and_the_rest_is_undone() -> None:
    who = factories.account(FORMER)
    thief = stolen(who)
    change_address(THIEFS, thief.session)
    other = factories.account(FORMER)
    ticket = factories.not_me_in("address_changed")
    assert undoing.by(ticket).took_email

    owner_sets_a_password(not_me.report(ticket, VISITOR))

    assert (who.email, other.email) == (THIEFS, FORMER)
    assert not live(thief)
    assert factories.mails("address_put_back") == []


def test_an_address_that_is_taken_in_the_same_moment_stays_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    who = factories.account(FORMER)
    thief = stolen(who)
    change_address(THIEFS, thief.session)
    factories.account(FORMER)
    looked: list[str] = []

    def look(email: str, _: Account) -> bool:
        looked.append(email)
        return len(looked) == 1  # at first the address was free

    monkeypatch.setattr(addresses, "make_room", look)

    not_me.report(factories.not_me_in("address_changed"), VISITOR)

    assert looked == [FORMER, FORMER]
    assert who.email == THIEFS
    assert not live(thief)


def test_a_flood_of_changes_hides_no_app_from_its_owner(clock: Clock) -> None:
    who = factories.account()
    thief = stolen(who)
    for _ in range(11):
        clock.advance(timedelta(seconds=30))
        secret = add_app(thief.session)
        totp_setup.disable(thief.session, code_of(secret), THIEF)
    clock.advance(timedelta(seconds=30))
    add_app(thief.session)
    assert len(factories.mails("app_added")) == 10

    not_me.report(factories.not_me_in("app_added"), VISITOR)

    assert not has_app(who)


def test_an_app_that_waits_to_be_confirmed_is_forgotten() -> None:
    who = factories.account()
    signed_in(who)
    totp_setup.generate(stolen(who).session)

    not_me.report(factories.not_me_in("new_device"), VISITOR)

    assert count(TotpDevice) == 0


# What a mail alone cannot do


def test_after_three_days_a_mail_undoes_nothing(clock: Clock) -> None:
    who = factories.account()
    add_app(stolen(who).session)
    ticket = factories.not_me_in("app_added")

    clock.advance(timedelta(days=3))

    assert refused(ticket)
    assert has_app(who)


def test_what_earlier_mails_tell_of_is_not_undone(clock: Clock) -> None:
    who = factories.account(FORMER)
    own = signed_in(who)
    change_address("ann@new.example", own.session)
    secret = add_app(own.session)
    clock.advance(timedelta(minutes=1))
    [offer] = sign_in.verify_password("ann@new.example", PASSWORD, THIEF, whole=True).offers
    sign_in.proceed(offer.handle, THIEF)
    thief = sign_in.answer(offer.handle, code_of(secret), THIEF)
    assert isinstance(thief, SignedIn)

    not_me.report(factories.not_me_in("new_device"), VISITOR)

    assert who.email == "ann@new.example"
    assert has_app(who)
    assert not live(thief)
    assert factories.sessions_open() == 1


def test_a_ticket_does_nothing_to_another_account(clock: Clock) -> None:
    other = factories.account()
    bystander = stolen(other)
    add_app(bystander.session)
    clock.advance(A_MOMENT)
    who = factories.account()
    add_app(stolen(who).session)
    ticket = factories.not_me_in("app_added")
    clock.advance(A_MOMENT)
    later = factories.account()
    add_app(stolen(later).session)

    not_me.report(ticket, VISITOR)

    assert [has_app(each) for each in (other, who, later)] == [True, False, True]
    assert live(bystander)
    assert count(NotMeTicket) == 2


def test_a_factor_that_took_anothers_place_is_not_undone_by_mail() -> None:
    who = factories.account()
    factories.app_of(who)
    device = db.session().scalars(select(TotpDevice)).one()
    key = passkey_of(who)

    assert factor_changes.undone_by_mail(who, device, None) == {"session_id": None}
    assert factor_changes.undone_by_mail(who, key, None) == {"session_id": None}
    assert factor_changes.undone_by_mail(who, None, None) == {"session_id": None}


def test_a_replaced_app_stays(clock: Clock) -> None:
    who = factories.account()
    old = factories.app_of(who)
    [offer] = sign_in.verify_password(who.email or "", PASSWORD, VISITOR).offers
    sign_in.proceed(offer.handle, VISITOR)
    done = sign_in.answer(offer.handle, code_of(old), VISITOR)
    assert isinstance(done, SignedIn)
    totp_setup.begin(done.session)
    secret = totp_setup.waiting(done.session) or ""
    clock.advance(timedelta(seconds=30))
    totp_setup.confirm(done.session, code_of(secret), VISITOR)

    not_me.report(factories.not_me_in("app_replaced"), VISITOR)

    assert has_app(who)
    assert factories.sessions_open() == 0


def test_the_first_of_the_passkeys_is_undone_and_the_next_is_not() -> None:
    who = factories.account()
    first = passkey_of(who, "First")

    assert factor_changes.undone_by_mail(who, first, None)["passkey_id"] == first.id
    second = passkey_of(who, "Second")
    assert "passkey_id" not in factor_changes.undone_by_mail(who, second, None)


def test_a_passkey_that_is_taken_away_takes_the_recovery_codes_along() -> None:
    who = factories.account()
    key = passkey_of(who)
    factories.recovery_codes_of(who)
    with db.transaction():
        news.tell("passkey_added", who, THIEF, passkey_id=key.id)

    not_me.report(factories.not_me_in("passkey_added"), VISITOR)

    assert count(Passkey) == count(RecoveryCode) == 0
    assert recovery_codes.left(who) == 0


def test_recovery_codes_stay_where_a_strong_factor_is_left() -> None:
    who = factories.account()
    key = passkey_of(who)
    factories.recovery_codes_of(who)
    with db.transaction():
        news.tell("passkey_added", who, THIEF, passkey_id=key.id)
    factories.app_of(who)

    not_me.report(factories.not_me_in("passkey_added"), VISITOR)

    assert has_app(who)
    assert recovery_codes.left(who) == 10


def test_it_signs_nobody_in_and_skips_no_factor() -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    ticket = told_of(who)

    owner_sets_a_password(not_me.report(ticket, VISITOR))

    assert factories.sessions_open() == 0
    [offer] = sign_in.verify_password(who.email or "", NEW, VISITOR).offers
    assert isinstance(sign_in.proceed(offer.handle, VISITOR), sign_in.PinWanted)


def test_an_account_that_is_suspended_stays_shut() -> None:
    who = factories.account()
    ticket = told_of(who)
    who.suspended_at = now()
    db.session().commit()

    assert refused(ticket)


def test_no_code_is_typed_for_it() -> None:
    who = factories.account()
    told_of(who)

    for code in ("", "0", "AAAAA-AAAAA"):
        with pytest.raises(TicketRefused):
            tickets.secret_for_code(NotMeTicket, who.email or "", code)


def test_looking_changes_nothing() -> None:
    who = factories.account()
    thief = stolen(who)
    add_app(thief.session)
    ticket = factories.not_me_in("app_added")

    seen = undoing.by(ticket)

    assert (seen.account, seen.sessions, bool(seen.app)) == (who, [thief.session], True)
    assert (count(NotMeTicket), live(thief), has_app(who)) == (1, True, True)


# Once, and for good


def test_a_ticket_is_good_once() -> None:
    ticket = told_of(factories.account())

    not_me.report(ticket, VISITOR)

    assert refused(ticket)


def test_fifty_at_once_are_one(portal: Flask) -> None:
    who = factories.account()
    add_app(stolen(who).session)
    ticket = factories.not_me_in("app_added")

    ended = at_once(portal, lambda _: not_me.report(ticket, VISITOR))

    assert ended == {WON: 1, "ticket_refused": FIFTY - 1}
    db.session().rollback()
    assert what_happened(who).count("not_me") == 1


def test_each_mails_link_is_good_beside_the_others(clock: Clock) -> None:
    who = factories.account()
    first = told_of(who)
    clock.advance(A_MOMENT)
    second = told_of(who)

    not_me.report(second, VISITOR)

    assert not refused(first)


def test_of_links_that_name_nothing_the_newest_twenty_live(clock: Clock) -> None:
    who = factories.account(FORMER)
    change_address(THIEFS, signed_in(who).session)
    undoes = factories.not_me_in("address_changed")
    links = []
    for _ in range(22):
        clock.advance(A_MOMENT)
        links.append(link_for(who))

    assert count(NotMeTicket) == 21
    assert [each for each in links if not good(each)] == links[:2]
    assert good(undoes)


def test_nothing_is_told_and_no_link_made_where_there_is_no_address() -> None:
    who = factories.account(None, username="generic")

    with db.transaction():
        news.tell("app_added", who, THIEF)

    assert (count(NotMeTicket), factories.mails()) == (0, [])


# What else ends


def test_only_the_session_that_did_it_ends_and_those_that_came_after(clock: Clock) -> None:
    who = factories.account()
    own = signed_in(who)
    clock.advance(A_MOMENT)
    thief = stolen(who)
    clock.advance(A_MOMENT)
    again = stolen(who)

    not_me.report(factories.not_me_in("new_device"), VISITOR)

    assert [live(each) for each in (own, thief, again)] == [True, False, False]


@pytest.mark.parametrize("gone", ["ended", "idle"])
def test_where_that_session_is_over_all_of_them_end(gone: str, clock: Clock) -> None:
    who = factories.account()
    own = signed_in(who)
    clock.advance(A_MOMENT)
    thief = signed_in(who, visitor=replace(VISITOR, address="203.0.113.66"))
    if gone == "ended":
        sessions.end(thief.session, THIEF)
    else:
        clock.advance(timedelta(minutes=59))
        sessions.find(own.bearer)
        clock.advance(timedelta(minutes=1))

    not_me.report(factories.not_me_in("new_device"), VISITOR)

    assert not live(own)


def test_half_finished_sign_ins_end() -> None:
    who = factories.account()
    signed_in(who)
    stolen(who)
    ticket = factories.not_me_in("new_device")
    [offer] = sign_in.verify_password(who.email or "", PASSWORD, THIEF, whole=True).offers

    not_me.report(ticket, VISITOR)

    assert count(Verification) == 0
    with pytest.raises(TicketRefused):
        sign_in.proceed(offer.handle, THIEF)


def test_devices_are_neither_trusted_nor_known_any_more(clock: Clock) -> None:
    who = factories.account()
    own = signed_in(who)
    at_home = replace(VISITOR, device=own.device)
    trusted = RememberedDevice(
        account_id=who.id,
        digest="0" * 64,
        factor="code",
        expires_at=now() + timedelta(days=30),
        address="192.0.2.9",
        user_agent="",
    )
    factories.saved(trusted)
    opened = signed_in(who, visitor=at_home)
    opened.session.remembered_device_id = trusted.id
    db.session().commit()
    clock.advance(timedelta(minutes=1))
    stolen(who)

    not_me.report(factories.not_me_in("new_device"), VISITOR)

    clock.advance(timedelta(minutes=1))
    assert (live(own), live(opened), count(RememberedDevice)) == (True, False, 0)
    assert known_devices.known_as(who, at_home).name is None
    assert known_devices.known_as(who, THIEF).name is None


def test_a_change_of_address_under_way_and_older_resets_die() -> None:
    who = factories.account()
    passwords.forgotten(who.email or "", VISITOR)
    older = factories.ticket_in("reset")
    with db.transaction():
        tickets.issue(AddressTicket, who, new_email=THIEFS, new_email_key=THIEFS)
    ticket = told_of(who)

    reset = not_me.report(ticket, VISITOR)

    assert count(AddressTicket) == 0
    with pytest.raises(TicketRefused):
        passwords.reset_of(older)
    assert passwords.reset_of(reset).account == who


def test_an_account_that_a_thief_wanted_removed_is_kept() -> None:
    who = factories.account()
    removal.schedule(stolen(who).session, THIEF)

    not_me.report(factories.not_me_in("removal_scheduled"), VISITOR)

    assert who.removal_due_at is None
    assert "removal_withdrawn" in what_happened(who)


def test_an_account_whose_week_is_over_stays_shut(clock: Clock) -> None:
    who = factories.account()
    removal.schedule(stolen(who).session, THIEF)
    clock.advance(removal.GRACE - timedelta(days=1))
    ticket = told_of(who)

    clock.advance(timedelta(days=1))

    assert refused(ticket)


def test_a_password_of_its_own_is_set_anew_where_that_one_was_used() -> None:
    who, place = factories.account(), factories.organisation()
    special = factories.membership(who, place)
    factories.membership(who)
    factories.own_password(who, place)
    with db.transaction():
        news.tell("password_changed", who, THIEF, organisation_id=place.id)

    owner_sets_a_password(not_me.report(factories.not_me_in("password_changed"), VISITOR))

    [offer] = sign_in.verify_password(who.email or "", NEW, VISITOR).offers
    assert offer.membership == special
    assert opens(who, PASSWORD)


def test_where_the_accounts_own_password_may_be_known_too_that_one_is_set_anew(
    clock: Clock,
) -> None:
    who, place = factories.account(), factories.organisation()
    factories.membership(who, place)
    with db.transaction():
        news.tell("password_changed", who, THIEF, organisation_id=place.id)
    clock.advance(A_MOMENT)
    told_of(who)

    reset = not_me.report(factories.not_me_in("password_changed"), VISITOR)

    assert passwords.reset_of(reset).organisation_id is None


def test_where_passwords_of_two_organisations_may_be_known_the_accounts_is_set_anew(
    clock: Clock,
) -> None:
    who, places = factories.account(), [factories.organisation() for _ in range(2)]
    links = []
    for place in places:
        factories.membership(who, place)
        clock.advance(A_MOMENT)
        with db.transaction():
            news.tell("password_changed", who, THIEF, organisation_id=place.id)
        links.append(factories.not_me_in("password_changed"))

    assert undoing.by(links[1]).organisation == places[1]
    assert undoing.by(links[0]).organisation is None


def test_whoever_left_the_organisation_sets_the_accounts_password() -> None:
    who, place = factories.account(), factories.organisation()
    with db.transaction():
        news.tell("password_changed", who, THIEF, organisation_id=place.id)

    reset = not_me.report(factories.not_me_in("password_changed"), VISITOR)

    assert passwords.reset_of(reset).organisation_id is None


# Who is told


def test_the_administrators_of_its_organisations_are_told_and_nobody_else() -> None:
    who, place = factories.account(), factories.organisation()
    factories.membership(who, place)
    admin, elsewhere, boss = (factories.account() for _ in range(3))
    factories.membership(admin, place, Role.ACCOUNT_ADMIN)
    factories.membership(elsewhere, role=Role.ACCOUNT_ADMIN)
    factories.membership(boss, role=Role.SUPERUSER)
    factories.membership(factories.account(), place, Role.TEACHER)
    suspended = factories.account()
    suspended.suspended_at = now()
    factories.membership(suspended, place, Role.ACCOUNT_ADMIN)

    not_me.report(told_of(who), VISITOR)

    [mail] = factories.mails("not_me_reported")
    assert mail.recipient == admin.email
    words = factories.words(mail)
    assert words == {"name": admin.name, "person": who.name, "identity": who.email}


def test_where_nobody_administers_it_superusers_are_told(clock: Clock) -> None:
    boss = factories.account()
    factories.membership(boss, role=Role.SUPERUSER)
    alone = factories.account()
    only_admin = factories.account()
    factories.membership(only_admin, role=Role.ACCOUNT_ADMIN)

    for who in (alone, only_admin):
        clock.advance(A_MOMENT)
        not_me.report(told_of(who), VISITOR)

    assert [mail.recipient for mail in factories.mails("not_me_reported")] == [boss.email] * 2


def test_no_more_than_twenty_administrators_are_told() -> None:
    who, place = factories.account(), factories.organisation()
    factories.membership(who, place)
    for _ in range(22):
        factories.membership(factories.account(password=None), place, Role.ACCOUNT_ADMIN)

    not_me.report(told_of(who), VISITOR)

    assert len(factories.mails("not_me_reported")) == 20


def test_the_audit_says_what_was_taken_back_and_no_address() -> None:
    who = factories.account(FORMER)
    thief = stolen(who)
    change_address(THIEFS, thief.session)

    not_me.report(factories.not_me_in("address_changed"), VISITOR)

    event = db.session().scalars(select(AuditEvent).where(AuditEvent.what == "not_me")).one()
    assert event.account_id == who.id
    assert event.details == {
        "sessions_ended": 1,
        "address_put_back": 1,
        "app_removed": 0,
        "passkeys_removed": 0,
        "user_agent": VISITOR.user_agent,
    }


def what_happened(who: Account) -> list[str]:
    theirs = select(AuditEvent.what).where(AuditEvent.account_id == who.id)
    return list(db.session().scalars(theirs))


def told_of(who: Account) -> str:
    """Mail about a change that names nothing; return its ticket."""
    with db.transaction():
        news.tell("pin_left", who, THIEF)
    return factories.not_me_in("pin_left")


def link_for(who: Account) -> str:
    with db.transaction():
        return news.ticket_for(who).partition("ticket=")[2]
