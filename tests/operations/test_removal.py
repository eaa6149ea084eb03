"""Removing one's account."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app import db
from app.errors import LastSuperuser, NotSignedIn, ProofRequired, TicketRefused
from app.models import Account, AuditEvent, Password, RefreshToken, Role, Session, TotpDevice
from app.operations import administration, refreshing, removal, sessions, totp_setup
from tests import factories
from tests.conftest import Clock
from tests.factories import VISITOR
from tests.operations.test_races import WON, at_once
from tests.operations.test_refreshing import signed_in

pytestmark = pytest.mark.usefixtures("portal")


def is_there(who: Account) -> bool:
    db.session().rollback()
    return db.session().scalar(select(Account.id).where(Account.id == who.id)) is not None


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
