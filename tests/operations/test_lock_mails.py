"""Who is told that failed tries locked something, when, and how often."""

from datetime import datetime, timedelta

import pytest

from app import db
from app.clock import now
from app.errors import Refusal
from app.models import Account
from app.operations import passwords, seats, sign_in, unlocking
from tests import factories
from tests.conftest import Clock
from tests.factories import PASSWORD, STRANGER, VISITOR
from tests.operations.signing_in import WRONG, fail, from_elsewhere, opens, signed_in

pytestmark = pytest.mark.usefixtures("portal", "clock")


def kinds() -> list[str]:
    return [mail.kind for mail in factories.mails()]


def with_limit(who: Account, tries: int, name: str = "Acme") -> None:
    place = factories.organisation(name, {"maxFailedSignInAttempts": tries}, lockMinutes=30)
    factories.membership(who, place)


def test_the_failure_that_locks_is_told_and_no_other(clock: Clock) -> None:
    who = factories.account()

    fail(who.email, 9)
    assert kinds() == []
    fail(who.email, 1)
    assert kinds() == ["locked"]
    fail(who.email, 5)

    assert kinds() == ["locked"]
    words = factories.latest_words("locked")
    assert words["network"] == STRANGER.network
    assert datetime.fromisoformat(words["locked_until"]) == clock.time + timedelta(minutes=15)


def test_the_mail_opens_the_lock() -> None:
    who = factories.account()
    fail(who.email, 10)

    unlocking.unlock(factories.ticket_in("locked"), VISITOR)

    assert opens(who)


def test_the_mails_code_opens_it_as_well() -> None:
    who = factories.account()
    fail(who.email, 10)

    code = factories.latest_words("locked")["code"]
    unlocking.unlock(unlocking.ticket_for_code(who.email or "", code), VISITOR)

    assert opens(who)


def test_a_ticket_that_was_mailed_before_stays_good(clock: Clock) -> None:
    who = factories.account()
    unlocking.send(who.email or "", VISITOR)
    clock.advance(timedelta(minutes=59))

    fail(who.email, 10)

    assert "link" not in factories.latest_words("locked")
    unlocking.unlock(factories.ticket_in("unlock"), VISITOR)
    assert opens(who)


def test_a_ticket_that_is_over_is_replaced(clock: Clock) -> None:
    who = factories.account()
    unlocking.send(who.email or "", VISITOR)
    clock.advance(timedelta(hours=1))

    fail(who.email, 10)

    unlocking.unlock(factories.ticket_in("locked"), VISITOR)
    assert opens(who)


def test_once_an_hour_and_three_times_a_day(clock: Clock) -> None:
    who = factories.account()
    told = []

    for _ in range(8):
        fail(who.email, 10)
        told.append(len(factories.mails("locked")))
        clock.advance(timedelta(minutes=30))

    assert told == [1, 1, 2, 2, 3, 3, 3, 3]
    clock.advance(timedelta(days=1))
    fail(who.email, 10)
    assert len(factories.mails("locked")) == 4


def test_an_organisations_own_limit_is_told_with_its_name(clock: Clock) -> None:
    who = factories.account()
    with_limit(who, 3)

    fail(who.email, 3)

    assert kinds() == ["membership_locked"]
    words = factories.latest_words("membership_locked")
    assert words["organisation"] == "Acme"
    assert datetime.fromisoformat(words["locked_until"]) == clock.time + timedelta(minutes=30)
    unlocking.unlock(factories.ticket_in("membership_locked"), VISITOR)
    assert opens(who)


def test_organisations_that_lock_together_are_told_in_one_mail() -> None:
    who = factories.account()
    with_limit(who, 3, "Beta")
    with_limit(who, 3, "Acme")

    fail(who.email, 3)

    assert kinds() == ["membership_locked"]
    assert factories.latest_words("membership_locked")["organisation"] == "Acme, Beta"


def test_where_all_is_locked_one_mail_says_so() -> None:
    who = factories.account()
    with_limit(who, 10)

    fail(who.email, 10)

    assert kinds() == ["locked"]


def test_a_right_password_as_the_last_try_tells_nothing() -> None:
    who = factories.account()
    fail(who.email, 9)

    assert opens(who)

    assert kinds() == []


def test_wrong_passwords_of_somebody_who_is_in_are_told_as_well() -> None:
    changing, confirming = factories.account(), factories.account()
    first, second = signed_in(changing).session, signed_in(confirming).session

    for _ in range(10):
        with pytest.raises(Refusal):
            passwords.change(first, WRONG, "a fresh start at last", VISITOR)
        with pytest.raises(Refusal):
            seats.verify_again(second, WRONG, VISITOR)

    told = [mail.recipient for mail in factories.mails("locked")]
    assert len(told) == 2
    assert set(told) == {changing.email, confirming.email}


def test_a_wrong_own_password_that_locks_its_organisation_is_told() -> None:
    who = factories.account()
    place = factories.organisation(settings={"maxFailedSignInAttempts": 3})
    factories.membership(who)
    special = factories.membership(who, place)
    factories.own_password(who, place)
    verified = sign_in.verify_password(who.email or "", PASSWORD, VISITOR)

    for _ in range(3):
        with pytest.raises(Refusal):
            sign_in.verify_another_password(verified.secret, special.id, WRONG, VISITOR)

    assert kinds() == ["membership_locked"]
    assert factories.latest_words("membership_locked")["organisation"] == place.name


def test_nobody_is_told_of_what_is_not_theirs() -> None:
    suspended = factories.account()
    suspended.suspended_at = now()
    db.session().commit()

    for identity in ("nobody@example.org", suspended.email, unconfirmed().email):
        fail(identity, 10, from_elsewhere(len(identity or "")))

    assert kinds() == []


def test_the_mail_makes_no_difference_to_what_is_answered() -> None:
    who = factories.account()

    known, unknown = fail(who.email, 12), fail("nobody@example.org", 12)

    assert known[10:] == unknown[10:] == ["locked", "locked"]
    assert "locked" not in known[:10] + unknown[:10]


def unconfirmed() -> Account:
    return factories.account(activated=False)
