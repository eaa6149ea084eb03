"""How often, and for how long, a second factor can be answered."""

from datetime import timedelta

import pytest

from app.errors import Refusal, TooManyCodes, WrongCode
from app.models import Account
from app.operations import sign_in, unlocking
from app.operations.sign_in import SignedIn
from tests import factories
from tests.conftest import Clock
from tests.factories import PASSWORD, VISITOR
from tests.operations.signing_in import another_than, mailed_pin, signed_in

pytestmark = pytest.mark.usefixtures("portal")

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def test_a_pin_dies_after_ten_minutes_though_another_prolonged_its_sign_in(clock: Clock) -> None:
    who = student()
    factories.membership(who, factories.pin_organisation())
    first, second = sign_in.verify_password(who.email or "", PASSWORD, VISITOR).offers
    sign_in.proceed(first.handle, VISITOR)
    old = mailed_pin()

    clock.advance(9 * MINUTE)
    sign_in.proceed(second.handle, VISITOR)
    clock.advance(2 * MINUTE)

    with pytest.raises(WrongCode):
        sign_in.answer(first.handle, old, VISITOR)
    assert isinstance(sign_in.answer(second.handle, mailed_pin(), VISITOR), SignedIn)


def test_after_a_hundred_wrong_pins_in_a_row_no_right_one_helps(clock: Clock) -> None:
    who = student()

    for _ in range(20):
        assert reasons_of_wrong_pins(who, 5) == ["wrong_code"] * 5
        clock.advance(HOUR)

    clock.advance(24 * HOUR)
    with pytest.raises(TooManyCodes):
        signed_in(who)


def test_a_right_pin_forgives_the_wrong_ones_before_it() -> None:
    who = student()

    for _ in range(2):
        assert reasons_of_wrong_pins(who, 5) == ["wrong_code"] * 5
        handle = waiting(who)
        for _ in range(4):
            with pytest.raises(WrongCode):
                sign_in.answer(handle, another_than(mailed_pin()), VISITOR)
        assert isinstance(sign_in.answer(handle, mailed_pin(), VISITOR), SignedIn)


def test_answers_before_a_pin_was_sent_use_up_no_try() -> None:
    [offer] = sign_in.verify_password(student().email or "", PASSWORD, VISITOR).offers

    for _ in range(12):
        with pytest.raises(Refusal) as refused:
            sign_in.answer(offer.handle, "123456", VISITOR)
        assert refused.value.reason in {"wrong_code", "ticket_refused"}

    sign_in.proceed(offer.handle, VISITOR)
    assert isinstance(sign_in.answer(offer.handle, mailed_pin(), VISITOR), SignedIn)


def test_answers_where_no_factor_is_asked_use_up_no_try() -> None:
    who, place = factories.account(), factories.organisation()
    factories.membership(who, place)
    [offer] = sign_in.verify_password(who.email or "", PASSWORD, VISITOR).offers

    for _ in range(12):
        with pytest.raises(WrongCode):
            sign_in.answer(offer.handle, "123456", VISITOR)

    assert isinstance(sign_in.proceed(offer.handle, VISITOR), SignedIn)
    factories.membership(who, factories.pin_organisation())
    assert reasons_of_wrong_pins(who, 1) == ["wrong_code"]


def test_a_mail_that_opens_the_locks_leaves_that_of_the_factor() -> None:
    who = student()
    for _ in range(2):
        reasons_of_wrong_pins(who, 5)

    unlocking.send(who.email or "", VISITOR)
    unlocking.unlock(factories.ticket_in("unlock"), VISITOR)

    with pytest.raises(TooManyCodes):
        signed_in(who)


def student() -> Account:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    return who


def waiting(who: Account) -> str:
    """Return the handle of a sign-in that waits for the PIN that was just mailed."""
    offers = sign_in.verify_password(who.email or "", PASSWORD, VISITOR).offers
    handle = next(offer.handle for offer in offers if offer.factor.value == "pin")
    sign_in.proceed(handle, VISITOR)
    return handle


def reasons_of_wrong_pins(who: Account, times: int) -> list[str]:
    """Answer one sign-in wrongly so many times; return the reasons."""
    handle, reasons = waiting(who), []
    for _ in range(times):
        with pytest.raises(Refusal) as refused:
            sign_in.answer(handle, another_than(mailed_pin()), VISITOR)
        reasons.append(refused.value.reason)
    return reasons
