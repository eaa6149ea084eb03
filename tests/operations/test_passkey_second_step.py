"""Passkeys beside a password: the second step of a sign-in."""

import pytest
from flask import Flask
from sqlalchemy import select

from app import db
from app.errors import (
    Refusal,
    TicketRefused,
    TooManyCodes,
    WrongCode,
)
from app.models import (
    Account,
    AuditEvent,
    Factor,
    Passkey,
    PasskeyChallenge,
)
from app.operations import (
    passkey_step,
    passkeys,
    remembered_devices,
    sessions,
    sign_in,
)
from app.operations.sign_in import CodeWanted, PasskeyWanted
from tests import factories
from tests.authenticator import EDDSA, ES256, PRESENT, RS256, Authenticator, changed
from tests.conftest import Clock
from tests.factories import PASSWORD, VISITOR
from tests.operations.test_races import FIFTY, WON, at_once, count_sessions
from tests.operations.with_passkeys import (
    answered,
    asked,
    opened,
    owner,
)

pytestmark = pytest.mark.usefixtures("portal")

JUNK = '{"id": "AAAA"}'


def events(what: str) -> list[AuditEvent]:
    named = select(AuditEvent).where(AuditEvent.what == what)
    return list(db.session().scalars(named.order_by(AuditEvent.position)))


def passkey_of(who: Account) -> Passkey:
    db.session().rollback()
    return db.session().scalars(select(Passkey).where(Passkey.account_id == who.id)).one()


def wrong_answers(handle: str, times: int) -> list[str]:
    reasons = []
    for _ in range(times):
        with pytest.raises(Refusal) as refused:
            sign_in.answer(handle, JUNK, VISITOR)
        reasons.append(refused.value.reason)
    return reasons


@pytest.mark.parametrize("algorithm", [ES256, EDDSA, RS256])
def test_a_passkey_answers_the_second_step(algorithm: int) -> None:
    who, holder = owner(algorithm=algorithm)
    factories.membership(who)

    done = answered(asked(who), holder)

    assert done.session.factor is Factor.PASSKEY
    assert len(sessions.seats_of(done.session)) == 1
    sessions.require_account_proof(done.session)
    kept = passkey_of(who)
    assert kept.sign_count == holder.count
    assert kept.last_used_at is not None


def test_it_is_enough_where_an_app_is_demanded() -> None:
    who, holder = owner()
    factories.membership(who, factories.organisation(factorForStudents="app"))

    done = answered(asked(who), holder)

    assert len(sessions.seats_of(done.session)) == 1


def test_the_second_step_asks_for_the_accounts_own_passkeys() -> None:
    who, holder = owner()
    factories.passkey_of(factories.account(), Authenticator())

    options = passkey_step.options_at_second_step(asked(who))

    [allowed] = options["allowCredentials"]
    assert allowed["transports"] == ["internal", "hybrid"]
    assert options["userVerification"] == "required"
    assert holder.use(options)


def test_an_authenticator_that_was_told_which_need_not_say_whose() -> None:
    who, holder = owner()
    holder.user_handle = b""

    assert answered(asked(who), holder)


def test_another_accounts_passkey_answers_nothing() -> None:
    who, holder = owner()
    _, other = owner()
    handle = asked(who)
    for user_handle in (other.user_handle, b"", holder.user_handle):
        other.user_handle = user_handle
        with pytest.raises(WrongCode):
            answered(handle, other)

    assert factories.sessions_open() == 0


def test_somebody_elses_name_on_the_right_passkey_answers_nothing() -> None:
    who, holder = owner()
    holder.user_handle = factories.account().id.bytes

    with pytest.raises(WrongCode):
        answered(asked(who), holder)


def test_an_unverified_user_answers_nothing() -> None:
    who, holder = owner()
    holder.flags = PRESENT

    with pytest.raises(WrongCode):
        answered(asked(who), holder)


def test_an_answer_is_good_for_the_sign_in_that_asked() -> None:
    who, holder = owner()
    first, second = asked(who), asked(who)
    credential = holder.use(passkey_step.options_at_second_step(first))

    with pytest.raises(WrongCode):
        sign_in.answer(second, credential, VISITOR)

    assert factories.sessions_open() == 0


def test_an_answer_is_good_once() -> None:
    who, holder = owner()
    handle = asked(who)
    credential = holder.use(passkey_step.options_at_second_step(handle))
    broken = changed(credential, "response/signature", "AAAA")

    with pytest.raises(WrongCode):
        sign_in.answer(handle, broken, VISITOR)
    with pytest.raises(WrongCode):
        sign_in.answer(handle, credential, VISITOR)

    assert answered(handle, holder)


def test_an_answer_lasts_five_minutes(clock: Clock) -> None:
    who, holder = owner()
    handle = asked(who)
    credential = holder.use(passkey_step.options_at_second_step(handle))

    clock.advance(PasskeyChallenge.LIFETIME)

    with pytest.raises(WrongCode):
        sign_in.answer(handle, credential, VISITOR)
    assert answered(handle, holder)


def test_after_five_wrong_answers_the_handle_is_over() -> None:
    who, holder = owner()
    handle = asked(who)

    assert wrong_answers(handle, 5) == ["wrong_code"] * 5

    with pytest.raises(TicketRefused):
        answered(handle, holder)
    assert [event.details["factor"] for event in events("wrong_code")] == ["passkey"] * 5


def test_ten_wrong_answers_in_an_hour_are_the_accounts_limit() -> None:
    who, holder = owner()
    for _ in range(2):
        wrong_answers(asked(who), 5)

    with pytest.raises(TooManyCodes):
        answered(asked(who), holder)


def test_a_right_answer_forgives_the_wrong_ones_before_it() -> None:
    who, holder = owner()
    for _ in range(3):
        handle = asked(who)
        wrong_answers(handle, 4)
        assert answered(handle, holder)


def test_a_device_may_be_trusted_after_it() -> None:
    who, holder = owner()
    handle = asked(who)
    credential = holder.use(passkey_step.options_at_second_step(handle))

    sign_in.answer(handle, credential, VISITOR, trust=True)

    [device] = remembered_devices.of(who)
    assert device.factor is Factor.PASSKEY


def test_there_are_other_ways_to_answer() -> None:
    who, _ = owner()
    factories.app_of(who)
    offer = sign_in.verify_password(who.email or "", PASSWORD, VISITOR).offers[0]

    assert isinstance(sign_in.proceed(offer.handle, VISITOR), CodeWanted)
    assert sign_in.alternatives(offer.handle).factors == (Factor.PASSKEY,)
    with pytest.raises(TicketRefused):
        passkey_step.options_at_second_step(offer.handle)
    assert isinstance(sign_in.choose(offer.handle, Factor.PASSKEY, VISITOR), PasskeyWanted)
    assert passkey_step.options_at_second_step(offer.handle)


def test_nothing_is_asked_before_its_time() -> None:
    who, _ = owner()
    offer = sign_in.verify_password(who.email or "", PASSWORD, VISITOR).offers[0]

    for handle in (offer.handle, "", "nobody's"):
        with pytest.raises(TicketRefused):
            passkey_step.options_at_second_step(handle)


def test_a_passkey_that_was_removed_meanwhile_answers_nothing() -> None:
    who, holder = owner()
    factories.app_of(who)
    session = opened(holder).session
    handle = sign_in.verify_password(who.email or "", PASSWORD, VISITOR).offers[0].handle
    sign_in.proceed(handle, VISITOR)
    sign_in.choose(handle, Factor.PASSKEY, VISITOR)
    credential = holder.use(passkey_step.options_at_second_step(handle))

    passkeys.remove(session, passkey_of(who).id, VISITOR)

    with pytest.raises(TicketRefused):
        sign_in.answer(handle, credential, VISITOR)


def test_a_count_that_goes_back_is_refused_noted_and_told() -> None:
    who, holder = owner()
    answered(asked(who), holder)
    holder.count -= 1

    with pytest.raises(WrongCode):
        answered(asked(who), holder)

    assert [event.account_id for event in events("passkey_copied")] == [who.id]
    assert factories.latest_words("passkey_copied")["passkey"] == "Blue key"
    assert passkey_of(who).sign_count == holder.count
    assert answered(asked(who), holder)


def test_a_count_that_stops_is_a_copy_too() -> None:
    who, holder = owner()
    answered(asked(who), holder)
    holder.counts, holder.count = False, 0

    with pytest.raises(WrongCode):
        answered(asked(who), holder)

    assert events("passkey_copied")


def test_copies_are_told_of_once_an_hour() -> None:
    who, holder = owner(count=5)
    handle = asked(who)
    for _ in range(3):
        holder.count = 0
        with pytest.raises(WrongCode):
            answered(handle, holder)

    assert len(events("passkey_copied")) == 3
    assert len(factories.mails("passkey_copied")) == 1


def test_a_wrong_signature_with_an_old_count_tells_of_no_copy() -> None:
    who, holder = owner(count=5)
    handle, holder.count = asked(who), 0
    credential = holder.use(passkey_step.options_at_second_step(handle))

    with pytest.raises(WrongCode):
        sign_in.answer(handle, changed(credential, "response/signature", "AAAA"), VISITOR)

    assert not events("passkey_copied")
    assert factories.mails() == []


def test_an_authenticator_that_does_not_count_is_no_copy() -> None:
    who, holder = owner(counts=False)

    for _ in range(3):
        assert answered(asked(who), holder)


def test_one_challenge_opens_one_session(portal: Flask) -> None:
    who, holder = owner()
    handle = asked(who)
    credential = holder.use(passkey_step.options_at_second_step(handle))

    ended = at_once(portal, lambda _: sign_in.answer(handle, credential, VISITOR))

    assert ended[WON] == count_sessions() == 1
    assert sum(ended.values()) == FIFTY
