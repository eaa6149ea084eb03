"""Removing one's account."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app import db
from app.clock import now
from app.errors import (
    LastAdministrator,
    LastSuperuser,
    NotSignedIn,
    ProofRequired,
    TicketRefused,
)
from app.models import (
    Account,
    AuditEvent,
    Organisation,
    Password,
    RefreshToken,
    Role,
    Session,
    TotpDevice,
)
from app.operations import administration, refreshing, removal, sessions, sign_in, totp_setup
from app.operations.visitor import Visitor
from tests import factories
from tests.conftest import Clock
from tests.factories import OWN_PASSWORD, PASSWORD, VISITOR
from tests.operations import signing_in
from tests.operations.test_races import WON, at_once
from tests.operations.test_refreshing import signed_in

pytestmark = pytest.mark.usefixtures("portal")


def is_there(who: Account) -> bool:
    db.session().rollback()
    return db.session().scalar(select(Account.id).where(Account.id == who.id)) is not None


def events(what: str) -> list[AuditEvent]:
    db.session().rollback()
    named = select(AuditEvent).where(AuditEvent.what == what)
    return list(db.session().scalars(named.order_by(AuditEvent.position)))


def due_of(who: Account) -> object:
    db.session().rollback()
    return db.session().scalar(select(Account.removal_due_at).where(Account.id == who.id))


def administrator(at: Organisation) -> Account:
    who = factories.account()
    factories.membership(who, at, Role.ACCOUNT_ADMIN)
    return who


def superuser() -> Account:
    who = factories.account()
    factories.membership(who, role=Role.SUPERUSER)
    return who


def test_all_of_it_goes_at_once() -> None:
    who = factories.account()
    factories.membership(who)
    opened = signed_in(who)
    refreshing.begin(opened.session)
    totp_setup.generate(opened.session)
    who_id = who.id

    removal.remove(opened.session, VISITOR)

    for table in (Account, Password, Session, RefreshToken, TotpDevice):
        assert list(db.session().scalars(select(table))) == []
    with pytest.raises(TicketRefused):
        sessions.find(opened.bearer)
    removed = select(AuditEvent.account_id).where(AuditEvent.what == "account_removed")
    assert list(db.session().scalars(removed)) == [who_id]


def test_its_address_is_free_again() -> None:
    who = factories.account()
    address = who.email

    removal.remove(signed_in(who).session, VISITOR)

    assert is_there(factories.account(address))


def test_after_ten_minutes_it_asks_to_sign_in_again(clock: Clock) -> None:
    session = signed_in().session
    clock.advance(timedelta(minutes=10))

    with pytest.raises(ProofRequired):
        removal.remove(session, VISITOR)


def test_the_last_superuser_stays() -> None:
    who = superuser()

    with pytest.raises(LastSuperuser):
        removal.remove(signed_in(who).session, VISITOR)

    assert is_there(who)


def test_one_of_two_superusers_may_go() -> None:
    who, _other = superuser(), superuser()

    removal.remove(signed_in(who).session, VISITOR)

    with pytest.raises(LastSuperuser):
        removal.remove(signed_in(_other).session, VISITOR)


def test_a_suspended_superuser_does_not_count() -> None:
    who, other = superuser(), superuser()
    administration.suspend_account(other, VISITOR)

    with pytest.raises(LastSuperuser):
        removal.remove(signed_in(who).session, VISITOR)


def test_somebody_else_may_go_where_there_is_one_superuser() -> None:
    superuser()

    removal.remove(signed_in().session, VISITOR)


def test_superusers_who_all_leave_at_once_leave_one_behind(portal: Flask) -> None:
    opened = [signed_in(superuser()).session.id for _ in range(10)]

    ended = at_once(
        portal, lambda n: removal.remove(sessions.find_by_id(opened[n]), VISITOR), times=10
    )

    assert ended[WON] == 9
    assert ended[LastSuperuser.reason] == 1


def test_an_account_goes_once(portal: Flask) -> None:
    session_id = signed_in().session.id

    def remove(_number: int) -> None:
        try:
            session = sessions.find_by_id(session_id)
        except TicketRefused:
            raise NotSignedIn from None
        removal.remove(session, VISITOR)

    ended = at_once(portal, remove)

    assert ended[WON] == 1
    assert ended[NotSignedIn.reason] == 49


def test_its_address_is_told_that_it_went() -> None:
    who = factories.account("ann@example.org", name="Ann")

    removal.remove(signed_in(who).session, VISITOR)

    [mail] = factories.mails("account_removed")
    assert (mail.recipient, mail.account_id) == ("ann@example.org", None)
    assert factories.words(mail) == {"name": "Ann"}


def test_an_account_without_an_address_goes_without_a_mail() -> None:
    who = factories.account(None, username="generic")

    removal.remove(signing_in.signed_in(who).session, VISITOR)

    assert list(db.session().scalars(select(Account.id))) == []
    assert factories.mails() == []


# --- those whom nobody could replace ----------------------------------------------------------


def test_the_last_administrator_of_an_organisation_stays() -> None:
    who = administrator(factories.organisation())
    factories.membership(factories.account(), role=Role.ACCOUNT_ADMIN)  # elsewhere

    with pytest.raises(LastAdministrator):
        removal.remove(signed_in(who).session, VISITOR)
    with pytest.raises(LastAdministrator):
        removal.schedule(signed_in(who).session, VISITOR)

    assert is_there(who)
    assert due_of(who) is None
    assert factories.mails() == []


def test_one_of_two_administrators_may_go() -> None:
    place = factories.organisation()
    who, other = administrator(place), administrator(place)

    removal.remove(signed_in(who).session, VISITOR)

    with pytest.raises(LastAdministrator):
        removal.remove(signed_in(other).session, VISITOR)


def test_whoever_is_the_last_in_one_of_two_organisations_stays() -> None:
    one, other = factories.organisation(), factories.organisation()
    who = administrator(one)
    factories.membership(who, other, Role.ACCOUNT_ADMIN)
    administrator(one)

    with pytest.raises(LastAdministrator):
        removal.remove(signed_in(who).session, VISITOR)


@pytest.mark.parametrize("gone", ["suspended", "never activated", "about to go"])
def test_an_administrator_who_cannot_act_does_not_count(gone: str) -> None:
    place = factories.organisation()
    who, other = administrator(place), administrator(place)
    if gone == "suspended":
        administration.suspend_account(other, VISITOR)
    elif gone == "never activated":
        other.activated_at = None
        db.session().commit()
    else:
        removal.schedule(signed_in(other).session, VISITOR)

    with pytest.raises(LastAdministrator):
        removal.schedule(signed_in(who).session, VISITOR)


def test_a_superuser_who_is_about_to_go_does_not_count() -> None:
    who, other = superuser(), superuser()
    removal.schedule(signed_in(other).session, VISITOR)

    with pytest.raises(LastSuperuser):
        removal.schedule(signed_in(who).session, VISITOR)


@pytest.mark.parametrize("wish", [removal.remove, removal.schedule])
def test_administrators_who_all_leave_at_once_leave_one_behind(
    portal: Flask, wish: Callable[[Session, Visitor], object]
) -> None:
    place = factories.organisation()
    opened = [signed_in(administrator(place)).session.id for _ in range(10)]

    ended = at_once(portal, lambda n: wish(sessions.find_by_id(opened[n]), VISITOR), times=10)

    assert (ended[WON], ended[LastAdministrator.reason]) == (9, 1)


# --- a week to change one's mind --------------------------------------------------------------


def test_the_account_goes_in_a_week_and_its_owner_is_told(clock: Clock) -> None:
    who = factories.account("ann@example.org")

    due = removal.schedule(signed_in(who).session, VISITOR)

    assert due == clock.time + timedelta(days=7)
    assert due_of(who) == due
    [mail] = factories.mails("removal_scheduled")
    assert mail.recipient == "ann@example.org"
    words = factories.words(mail)
    assert words["removed_on"] == due.isoformat()
    assert words["keep_link"] == "http://localhost:8000/account/remove"
    assert len(events("removal_scheduled")) == 1


def test_all_other_sessions_end() -> None:
    who = factories.account()
    elsewhere, here = signed_in(who), signed_in(who)

    removal.schedule(here.session, VISITOR)

    assert sessions.find(here.bearer)
    with pytest.raises(TicketRefused):
        sessions.find(elsewhere.bearer)


def test_during_the_week_one_signs_in_as_always(clock: Clock) -> None:
    who = factories.account()
    removal.schedule(signed_in(who).session, VISITOR)
    clock.advance(timedelta(days=7) - timedelta(seconds=1))

    assert signing_in.opens(who)
    assert removal.due() == []


def test_asking_twice_moves_nothing(clock: Clock) -> None:
    session = signed_in().session
    due = removal.schedule(session, VISITOR)
    clock.advance(timedelta(minutes=5))

    assert removal.schedule(session, VISITOR) == due
    assert len(factories.mails("removal_scheduled")) == 1


def test_scheduling_asks_for_a_fresh_proof(clock: Clock) -> None:
    session = signed_in().session
    clock.advance(timedelta(minutes=10))

    with pytest.raises(ProofRequired):
        removal.schedule(session, VISITOR)


def test_a_mere_seat_neither_removes_nor_keeps() -> None:
    who, place = factories.account(), factories.organisation()
    factories.membership(who, place)
    factories.own_password(who, place)
    seated = signing_in.signed_in(who, OWN_PASSWORD).session

    with pytest.raises(ProofRequired):
        removal.schedule(seated, VISITOR)
    with pytest.raises(ProofRequired):
        removal.keep(seated, VISITOR)


def test_whoever_changes_the_mind_keeps_the_account(clock: Clock) -> None:
    who = factories.account()
    session = signed_in(who).session
    removal.schedule(session, VISITOR)

    removal.keep(session, VISITOR)
    clock.advance(timedelta(days=8))

    assert due_of(who) is None
    assert len(events("removal_withdrawn")) == 1
    assert removal.due() == []
    assert is_there(who)


def test_what_was_not_to_go_cannot_be_kept() -> None:
    with pytest.raises(TicketRefused):
        removal.keep(signed_in().session, VISITOR)


def test_after_the_week_it_is_too_late_to_keep_it(clock: Clock) -> None:
    who = factories.account()
    session = signed_in(who).session
    removal.schedule(session, VISITOR)
    session.expires_at = clock.time + timedelta(days=30)
    db.session().commit()
    clock.advance(timedelta(days=7))

    with pytest.raises(TicketRefused):
        removal.keep(session, VISITOR)


def test_after_the_week_the_account_goes_with_all_of_it(clock: Clock) -> None:
    who = factories.account("ann@example.org")
    factories.membership(who)
    removal.schedule(signed_in(who).session, VISITOR)
    who_id = who.id
    clock.advance(timedelta(days=7))

    assert removal.due() == [who_id]
    assert removal.remove_due(who_id)
    assert not removal.remove_due(who_id)

    for table in (Account, Password, Session):
        assert list(db.session().scalars(select(table))) == []
    [removed] = events("account_removed")
    assert (removed.account_id, removed.interface.value) == (who_id, "command")
    [mail] = factories.mails("account_removed")
    assert (mail.recipient, mail.account_id) == ("ann@example.org", None)


def test_nothing_goes_before_its_time(clock: Clock) -> None:
    who = factories.account()
    removal.schedule(signed_in(who).session, VISITOR)
    clock.advance(timedelta(days=7) - timedelta(seconds=1))

    assert not removal.remove_due(who.id)
    assert is_there(who)


def test_whoever_became_the_last_meanwhile_stays_and_is_told(clock: Clock) -> None:
    place = factories.organisation()
    who, other = administrator(place), administrator(place)
    removal.schedule(signed_in(who).session, VISITOR)
    other.suspended_at = now()  # as a directory's groups may take the role
    db.session().commit()
    clock.advance(timedelta(days=7))

    assert not removal.remove_due(who.id)

    assert is_there(who)
    assert due_of(who) is None
    assert len(factories.mails("removal_refused")) == 1
    [refused] = events("removal_refused")
    assert refused.details["reason"] == "last_administrator"


# --- once the week is over, purged or not -----------------------------------------------------


def test_nobody_signs_in_to_an_account_whose_week_is_over(clock: Clock) -> None:
    who = factories.account()
    removal.schedule(signed_in(who).session, VISITOR)
    clock.advance(timedelta(days=7))

    assert signing_in.reason(who.email) == "unknown_account"
    assert signing_in.reason(who.email, "wrong") == "unknown_account"
    assert is_there(who)


def test_a_sign_in_that_is_half_done_ends_with_the_week(clock: Clock) -> None:
    who = factories.account()
    removal.schedule(signed_in(who).session, VISITOR)
    clock.advance(timedelta(days=7) - timedelta(seconds=1))
    [offer] = sign_in.verify_password(who.email or "", PASSWORD, VISITOR).offers
    clock.advance(timedelta(seconds=1))

    with pytest.raises(TicketRefused):
        sign_in.proceed(offer.handle, VISITOR)


def test_a_session_ends_with_the_week(clock: Clock) -> None:
    who = factories.account()
    opened = signed_in(who)  # by a program: its session lives for a month
    removal.schedule(opened.session, VISITOR)
    clock.advance(timedelta(days=7) - timedelta(seconds=1))
    assert sessions.find(opened.bearer)

    clock.advance(timedelta(seconds=1))

    with pytest.raises(TicketRefused):
        sessions.find(opened.bearer)
