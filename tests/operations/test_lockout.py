"""Locks: portal-wide and per membership, no oracle, known devices spared, opened by mail."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import db
from app.errors import Locked, MembershipLocked, Refusal, TooManyTries, WrongPassword
from app.models import Account, Counted, FailedSignIns, Interface
from app.operations import password_try, passwords, registration, sign_in, unlocking
from app.operations.sign_in import SignedIn
from app.operations.visitor import Visitor
from tests import factories
from tests.conftest import Clock
from tests.factories import OWN_PASSWORD, PASSWORD, STRANGER, VISITOR

pytestmark = pytest.mark.usefixtures("portal")

MINUTE = timedelta(minutes=1)


def fail(identity: str, times: int, visitor: Visitor = STRANGER) -> list[str]:
    reasons = []
    for _ in range(times):
        with pytest.raises(Refusal) as refused:
            sign_in.verify_password(identity, "wrong", visitor)
        reasons.append(refused.value.reason)
    return reasons


def from_elsewhere(number: int) -> Visitor:
    return Visitor(Interface.PAGES, f"203.0.113.{number}")


def known_device_of(who: Account) -> Visitor:
    handle = sign_in.verify_password(who.email or "", PASSWORD, VISITOR).offers[0].handle
    done = sign_in.proceed(handle, VISITOR)
    assert isinstance(done, SignedIn)
    return replace(VISITOR, device=done.device)


def opens(identity: str, password: str, visitor: Visitor) -> bool:
    try:
        return bool(sign_in.verify_password(identity, password, visitor).offers)
    except Refusal:
        return False


@pytest.mark.parametrize("identity", ["ann@example.org", "nobody@example.org"])
def test_ten_failures_lock_any_identity_alike(identity: str) -> None:
    factories.account("ann@example.org")

    reasons = fail(identity, 12)

    assert reasons[10:] == ["locked", "locked"]
    assert "locked" not in reasons[:10]


def test_a_lock_answers_right_and_wrong_passwords_alike() -> None:
    who = factories.account()
    fail(who.email or "", 10)

    for password in (PASSWORD, "wrong"):
        with pytest.raises(Locked):
            sign_in.verify_password(who.email or "", password, VISITOR)


def test_a_lock_ends_after_fifteen_minutes_and_comes_back_after_ten_more(clock: Clock) -> None:
    who = factories.account()
    fail(who.email or "", 10)

    clock.advance(15 * MINUTE - timedelta(seconds=1))
    assert not opens(who.email or "", PASSWORD, VISITOR)
    clock.advance(timedelta(seconds=1))
    assert fail(who.email or "", 11)[-1] == "locked"


def test_tries_during_a_lock_do_not_prolong_it(clock: Clock) -> None:
    who = factories.account()
    fail(who.email or "", 10)

    clock.advance(10 * MINUTE)
    fail(who.email or "", 20, from_elsewhere(1))
    clock.advance(5 * MINUTE)

    assert opens(who.email or "", PASSWORD, VISITOR)


def test_failures_count_under_the_account_however_it_is_named() -> None:
    factories.account("ann@example.org", username="ann")

    for identity in ("ann@example.org", "ANN", " Ann ", "ann@EXAMPLE.org", "ann"):
        fail(identity, 2)

    assert not opens("ann@example.org", PASSWORD, VISITOR)


def test_a_stranger_cannot_lock_out_a_known_device() -> None:
    who = factories.account()
    at_home = known_device_of(who)

    for number in range(1, 21):
        fail(who.email or "", 50, from_elsewhere(number))

    assert not opens(who.email or "", PASSWORD, VISITOR)
    assert opens(who.email or "", PASSWORD, at_home)


def test_a_known_device_has_ten_tries_of_its_own() -> None:
    who = factories.account()
    at_home = known_device_of(who)

    assert fail(who.email or "", 11, at_home)[-1] == "locked"
    assert opens(who.email or "", PASSWORD, VISITOR)


def test_a_device_cookie_of_another_account_or_key_is_a_strangers() -> None:
    who, other = factories.account(), factories.account()
    elsewhere = known_device_of(other)
    fail(who.email or "", 10)

    for visitor in (elsewhere, replace(VISITOR, device="forged.cookie.value")):
        assert not opens(who.email or "", PASSWORD, visitor)


def test_a_program_is_known_by_the_network_that_it_signed_in_from(clock: Clock) -> None:
    who = factories.account()
    program = Visitor(Interface.ROCKETCHAT, "192.0.2.9")
    handle = sign_in.verify_password(who.email or "", PASSWORD, program).offers[0].handle
    sign_in.proceed(handle, program)
    fail(who.email or "", 10)

    assert opens(who.email or "", PASSWORD, program)
    clock.advance(timedelta(days=31))
    fail(who.email or "", 10, from_elsewhere(9))
    assert not opens(who.email or "", PASSWORD, program)


def test_one_network_may_fail_fifty_times_over_all_identities(clock: Clock) -> None:
    for number in range(50):
        fail(f"person{number}@nowhere.example", 1)

    assert fail("one-more@nowhere.example", 1) == ["too_many_tries"]
    assert fail("one-more@nowhere.example", 1, VISITOR) == ["unknown_account"]
    clock.advance(10 * MINUTE)
    assert fail("one-more@nowhere.example", 1) == ["unknown_account"]


def test_addresses_of_one_ipv6_network_count_as_one() -> None:
    for number in range(50):
        near = Visitor(Interface.PAGES, f"2001:db8:1:2::{number:x}")
        fail(f"person{number}@nowhere.example", 1, near)

    with pytest.raises(TooManyTries):
        sign_in.verify_password(
            "x@nowhere.example", "wrong", Visitor(Interface.PAGES, "2001:db8:1:2::ffff")
        )
    assert fail("x@nowhere.example", 1, Visitor(Interface.PAGES, "2001:db8:1:3::1"))


def test_a_success_forgives_the_account_and_not_the_network() -> None:
    who = factories.account()
    fail(who.email or "", 9)
    assert opens(who.email or "", PASSWORD, STRANGER)

    assert "locked" not in fail(who.email or "", 10)
    row = db.session().get(FailedSignIns, (Counted.NETWORK, STRANGER.network))
    assert row
    assert row.failures == 19


def test_an_organisations_own_limit_locks_the_membership() -> None:
    who = factories.account()
    strict = factories.organisation(settings={"maxFailedSignInAttempts": 3}, lockMinutes=30)
    factories.membership(who, strict)

    assert fail(who.email or "", 3) == ["wrong_password"] * 3

    with pytest.raises(MembershipLocked):
        sign_in.verify_password(who.email or "", PASSWORD, VISITOR)


def test_a_locked_membership_is_a_verdict_where_another_way_opens(clock: Clock) -> None:
    who = factories.account()
    easy = factories.membership(who)
    settings = {"maxFailedSignInAttempts": 3}
    strict = factories.membership(who, factories.organisation(settings=settings))
    fail(who.email or "", 3)

    verified = sign_in.verify_password(who.email or "", PASSWORD, VISITOR)

    assert [offer.membership for offer in verified.offers] == [easy]
    assert [way.membership for way in verified.refused] == [strict]
    assert isinstance(verified.refused[0].refusal, MembershipLocked)
    clock.advance(15 * MINUTE)
    again = sign_in.verify_password(who.email or "", PASSWORD, VISITOR)
    assert {offer.membership for offer in again.offers} == {easy, strict}


def test_failures_count_against_a_membership_only_when_no_way_in_opened() -> None:
    who = factories.account()
    factories.membership(who)
    special = factories.membership(
        who, factories.organisation(settings={"maxFailedSignInAttempts": 3})
    )
    assert special.organisation
    factories.own_password(who, special.organisation)

    for _ in range(5):
        assert opens(who.email or "", PASSWORD, VISITOR)

    assert opens(who.email or "", OWN_PASSWORD, VISITOR)


def test_another_password_here_counts_like_any_try() -> None:
    who = factories.account()
    factories.membership(who)
    special = factories.membership(
        who, factories.organisation(settings={"maxFailedSignInAttempts": 3})
    )
    assert special.organisation
    factories.own_password(who, special.organisation)
    secret = sign_in.verify_password(who.email or "", PASSWORD, VISITOR).secret

    for _ in range(3):
        with pytest.raises(WrongPassword):
            sign_in.verify_another_password(secret, special.id, "wrong", VISITOR)

    with pytest.raises(MembershipLocked):
        sign_in.verify_another_password(secret, special.id, OWN_PASSWORD, VISITOR)


def test_an_own_password_clears_its_own_counter_and_no_other() -> None:
    who = factories.account()
    common = factories.membership(
        who, factories.organisation(settings={"maxFailedSignInAttempts": 3})
    )
    special = factories.membership(who)
    assert special.organisation
    factories.own_password(who, special.organisation)
    fail(who.email or "", 2)

    assert opens(who.email or "", OWN_PASSWORD, STRANGER)

    fail(who.email or "", 1)
    verified = sign_in.verify_password(who.email or "", OWN_PASSWORD, STRANGER)
    [refused] = [way for way in verified.refused if way.membership == common]
    assert isinstance(refused.refusal, MembershipLocked)


def test_a_mail_opens_the_locks() -> None:
    who = factories.account()
    factories.membership(who, factories.organisation(settings={"maxFailedSignInAttempts": 3}))
    fail(who.email or "", 10)

    unlocking.send(who.email or "", STRANGER)
    unlocking.unlock(factories.ticket_in("unlock"), VISITOR)

    assert opens(who.email or "", PASSWORD, VISITOR)


def test_a_reset_opens_the_locks() -> None:
    who = factories.account()
    fail(who.email or "", 10)

    passwords.forgotten(who.email or "", VISITOR)
    passwords.reset(factories.ticket_in("reset"), "a fresh start at last", VISITOR)

    assert opens(who.email or "", "a fresh start at last", VISITOR)


def test_failures_before_an_account_existed_do_not_lock_it() -> None:
    fail("late@example.org", 10)

    registration.register("late@example.org", "Late", PASSWORD, VISITOR)
    registration.activate(factories.ticket_in("activation"), VISITOR)

    assert opens("late@example.org", PASSWORD, VISITOR)


def test_unknown_identities_fill_a_bounded_number_of_counters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(password_try, "UNKNOWN_BUCKETS", 4)
    known = factories.account()
    fail(known.email or "", 10)

    for number in range(40):
        fail(f"person{number}@nowhere.example", 1, from_elsewhere(number))

    counted = select(FailedSignIns).where(FailedSignIns.subject.startswith("nobody:"))
    assert len(db.session().scalars(counted).all()) <= 4
    assert not opens(known.email or "", PASSWORD, VISITOR)
