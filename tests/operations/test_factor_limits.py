"""How often, and for how long, a second factor can be answered."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app import db
from app.errors import Refusal, TooManyCodes, WrongCode
from app.models import Account, AuditEvent, Session
from app.operations import not_me, passwords, sessions, sign_in, totp_setup, unlocking
from app.operations.sign_in import SignedIn
from app.operations.visitor import Visitor
from tests import factories
from tests.conftest import Clock
from tests.factories import PASSWORD, VISITOR
from tests.operations.signing_in import another_than, by_code, mailed_pin, signed_in

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


def test_the_wrong_answer_that_locks_the_second_step_is_told_once(clock: Clock) -> None:
    who = student()
    reasons_of_wrong_pins(who, 5)
    assert not factories.mails("second_step_locked")

    reasons_of_wrong_pins(who, 5)
    with pytest.raises(TooManyCodes):
        signed_in(who)

    [told] = factories.mails("second_step_locked")
    assert told.recipient == who.email
    until = factories.words(told)["locked_until"]
    assert datetime.fromisoformat(until) == clock.time + HOUR
    assert whats(who).count("second_step_locked") == 1


def test_a_lock_for_good_is_told_without_an_end(clock: Clock) -> None:
    who = student()
    for _ in range(20):
        reasons_of_wrong_pins(who, 5)
        clock.advance(HOUR)

    assert "locked_until" not in factories.latest_words("second_step_locked")


def test_that_mail_ends_what_knew_the_password_and_leads_to_a_new_one() -> None:
    who = student()
    signed_in(who)
    for _ in range(2):
        reasons_of_wrong_pins(who, 5)

    ticket = not_me.report(factories.not_me_in("second_step_locked"), VISITOR)

    assert passwords.reset_of(ticket).account_id == who.id
    assert not sessions.all_of(who)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("change", [totp_setup.confirm, totp_setup.enable, totp_setup.disable])
def test_wrong_codes_of_somebody_who_is_in_are_written_down_and_lock_as_well(
    change: Callable[[Session, str, Visitor], object],
) -> None:
    who, session = changing(change)
    for _ in range(10):
        with pytest.raises(WrongCode):
            change(session, "000000", VISITOR)

    with pytest.raises(TooManyCodes):
        change(session, "000000", VISITOR)

    assert whats(who).count("wrong_code") == 10
    assert whats(who).count("second_step_locked") == 1
    assert factories.not_me_in("second_step_locked")


def changing(change: object) -> tuple[Account, Session]:
    """Return somebody with an app to lose or to confirm, signed in just now."""
    who = factories.account()
    if change is totp_setup.enable:
        session = signed_in(who).session
        totp_setup.generate(session)
    else:
        session = by_code(who, factories.app_of(who)).session
        totp_setup.begin(session)
    return who, session


def whats(who: Account) -> list[str]:
    """Return what is recorded of somebody, in its order."""
    db.session().rollback()
    mine = select(AuditEvent.what).where(AuditEvent.account_id == who.id)
    return list(db.session().scalars(mine.order_by(AuditEvent.position)))
