"""Locks of confirmed passwords, and who is mailed what opens them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app import db
from app.clock import now
from app.errors import Locked, TicketRefused, WrongPassword
from app.models import Account
from app.operations import lockout, passwords, seats, unlocking
from tests import factories
from tests.conftest import Clock
from tests.factories import PASSWORD, STRANGER, VISITOR
from tests.operations.signing_in import WRONG, fail, reason, signed_in

pytestmark = pytest.mark.usefixtures("portal")

NEW = "a fresh start at last"


def test_ten_wrong_passwords_where_one_confirms_lock() -> None:
    session = signed_in(factories.account()).session

    for _ in range(10):
        with pytest.raises(WrongPassword):
            seats.verify_again(session, WRONG, VISITOR)

    with pytest.raises(Locked):
        seats.verify_again(session, PASSWORD, VISITOR)


def test_ten_wrong_present_passwords_lock() -> None:
    session = signed_in(factories.account()).session

    for _ in range(10):
        with pytest.raises(WrongPassword):
            passwords.change(session, WRONG, NEW, VISITOR)

    with pytest.raises(Locked):
        passwords.change(session, PASSWORD, NEW, VISITOR)


def test_an_account_that_is_suspended_or_not_activated_is_mailed_nothing_to_unlock() -> None:
    for shut in (suspended(), factories.account(activated=False)):
        unlocking.send(shut.email or "", VISITOR)

    assert factories.mails() == []


def test_opening_the_locks_of_somebody_without_a_role_opens_nobody_elses() -> None:
    who, other = factories.account(), factories.account()
    strict = factories.organisation(settings={"maxFailedSignInAttempts": 3})
    factories.membership(other, strict)
    fail(other.email, 3)

    unlocking.send(who.email or "", VISITOR)
    unlocking.unlock(factories.ticket_in("unlock"), VISITOR)

    assert reason(other.email) == "membership_locked"


def test_a_typed_code_is_refused_once_its_ticket_is_over(clock: Clock) -> None:
    who = factories.account()
    unlocking.send(who.email or "", VISITOR)
    code = factories.latest_words("unlock")["code"]

    clock.advance(timedelta(hours=1))

    with pytest.raises(TicketRefused):
        unlocking.ticket_for_code(who.email or "", code)


def suspended() -> Account:
    who = factories.account()
    who.suspended_at = now()
    db.session().commit()
    return who


def test_one_network_asks_for_so_much_mail_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockout, "ASKING", replace(lockout.ASKING, tries=3))
    asked = [factories.account() for _ in range(5)]

    for who in asked:
        passwords.forgotten(who.email or "", VISITOR)

    assert len(factories.mails("reset")) == 3
    passwords.forgotten(asked[4].email or "", STRANGER)
    assert len(factories.mails("reset")) == 4
