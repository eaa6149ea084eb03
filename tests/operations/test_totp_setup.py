"""Setting up an authenticator app, and taking it away."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import db
from app.clock import now
from app.errors import (
    AlreadyEnabled,
    NotEnabled,
    NotSignedIn,
    ProofRequired,
    SecretNotSet,
    TicketRefused,
    TooManyCodes,
    WrongCode,
)
from app.models import Account, Factor, Session, TotpDevice
from app.operations import factor_changes, refreshing, second_factor, sessions, sign_in, totp_setup
from app.operations.sign_in import SignedIn
from app.security import totp
from tests import factories
from tests.conftest import Clock
from tests.factories import OWN_PASSWORD, PASSWORD, VISITOR
from tests.operations.test_races import WON, at_once
from tests.operations.test_refreshing import PROGRAM, signed_in

pytestmark = pytest.mark.usefixtures("portal", "clock")  # a code belongs to half a minute


def code_of(secret: str) -> str:
    return totp.code_at(secret, totp.step_at(now()))


def wrong(secret: str) -> str:
    near = {totp.code_at(secret, totp.step_at(now()) + step) for step in (-2, -1, 0, 1, 2)}
    return next(
        code
        for code in ("000000", "111111", "222222", "333333", "444444", "555555")
        if code not in near
    )


def enabled(session: Session) -> str:
    secret = totp_setup.generate(session)
    totp_setup.enable(session, code_of(secret), VISITOR)
    return secret


def has_app(who: Account) -> bool:
    db.session().rollback()
    return second_factor.device_of(who) is not None


def test_the_first_code_turns_it_on_and_mails() -> None:
    who = factories.account()
    session = signed_in(who).session

    secret = totp_setup.generate(session)
    assert not has_app(who)
    totp_setup.enable(session, code_of(secret), VISITOR)

    assert has_app(who)
    assert len(secret) == 32
    assert len(factories.mails("app_added")) == 1
    assert session.factor is Factor.CODE
    sessions.require_account_proof(session)


def test_one_code_enables_signs_in_and_disables() -> None:
    who = factories.account()
    secret = enabled(signed_in(who).session)
    code = code_of(secret)

    offer = sign_in.verify_password(who.email or "", PASSWORD, PROGRAM, whole=True).offers[0]
    sign_in.proceed(offer.handle, PROGRAM)
    step = sign_in.answer(offer.handle, code, PROGRAM)
    assert isinstance(step, SignedIn)
    totp_setup.disable(step.session, code, PROGRAM)

    assert not has_app(who)
    assert len(factories.mails("app_removed")) == 1


def test_one_code_signs_in_once() -> None:
    who = factories.account()
    code = code_of(enabled(signed_in(who).session))
    handles = []
    for _ in range(2):
        offer = sign_in.verify_password(who.email or "", PASSWORD, PROGRAM, whole=True).offers[0]
        sign_in.proceed(offer.handle, PROGRAM)
        handles.append(offer.handle)

    assert isinstance(sign_in.answer(handles[0], code, PROGRAM), SignedIn)
    with pytest.raises(WrongCode):
        sign_in.answer(handles[1], code, PROGRAM)


def test_a_change_ends_all_other_sessions() -> None:
    who = factories.account()
    session, other = signed_in(who).session, signed_in(who).session
    token = refreshing.begin(other)

    secret = enabled(session)

    assert [each.id for each in sessions.all_of(who)] == [session.id]
    with pytest.raises(TicketRefused):
        refreshing.renew(token, PROGRAM)
    totp_setup.disable(session, code_of(secret), VISITOR)
    assert [each.id for each in sessions.all_of(who)] == [session.id]


def test_a_secret_in_use_is_never_replaced() -> None:
    who = factories.account()
    session = signed_in(who).session
    secret = enabled(session)

    with pytest.raises(AlreadyEnabled):
        totp_setup.generate(session)
    with pytest.raises(AlreadyEnabled):
        totp_setup.enable(session, code_of(secret), VISITOR)

    device = second_factor.device_of(who)
    assert device
    assert second_factor.secret_of(device) == secret


def test_a_new_secret_replaces_one_that_waits() -> None:
    session = signed_in().session
    first, second = totp_setup.generate(session), totp_setup.generate(session)

    assert first != second
    with pytest.raises(WrongCode):
        totp_setup.enable(session, code_of(first), VISITOR)
    totp_setup.enable(session, code_of(second), VISITOR)


def test_there_has_to_be_a_secret_to_confirm_and_an_app_to_take_away() -> None:
    session = signed_in().session

    with pytest.raises(SecretNotSet):
        totp_setup.enable(session, "123456", VISITOR)
    with pytest.raises(NotEnabled):
        totp_setup.disable(session, "123456", VISITOR)


def test_a_wrong_code_changes_nothing_and_is_counted() -> None:
    who = factories.account()
    session = signed_in(who).session
    secret = totp_setup.generate(session)

    for _ in range(10):
        with pytest.raises(WrongCode):
            totp_setup.enable(session, wrong(secret), VISITOR)

    with pytest.raises(TooManyCodes):
        totp_setup.enable(session, code_of(secret), VISITOR)
    assert not has_app(who)


def test_to_disable_has_no_more_tries_than_to_sign_in() -> None:
    session = signed_in().session
    secret = enabled(session)

    for _ in range(10):
        with pytest.raises(WrongCode):
            totp_setup.disable(session, wrong(secret), VISITOR)

    with pytest.raises(TooManyCodes):
        totp_setup.disable(session, code_of(secret), VISITOR)


def test_after_ten_minutes_it_asks_to_sign_in_again(clock: Clock) -> None:
    session = signed_in().session
    secret = enabled(session)
    other = signed_in().session
    clock.advance(timedelta(minutes=10))

    with pytest.raises(ProofRequired):
        totp_setup.generate(other)
    with pytest.raises(ProofRequired):
        totp_setup.disable(session, code_of(secret), VISITOR)


def test_a_session_of_one_seat_changes_no_factor() -> None:
    who, place = factories.account(), factories.organisation()
    factories.membership(who, place)
    factories.own_password(who, place)
    offer = sign_in.verify_password(who.email or "", OWN_PASSWORD, PROGRAM, whole=True).offers[0]
    step = sign_in.proceed(offer.handle, PROGRAM)
    assert isinstance(step, SignedIn)

    with pytest.raises(ProofRequired):
        totp_setup.generate(step.session)
    with pytest.raises(ProofRequired):
        totp_setup.enable(step.session, "123456", VISITOR)


def test_secrets_are_sealed_and_bound_to_their_row() -> None:
    secret = totp_setup.generate(signed_in().session)

    [device] = db.session().scalars(select(TotpDevice))

    assert secret not in device.sealed_secret


def test_fifty_secrets_at_once_leave_one_that_waits(portal: Flask) -> None:
    session_id = signed_in().session.id
    secrets: list[str] = []

    ended = at_once(
        portal,
        lambda _: secrets.append(totp_setup.generate(sessions.find_by_id(session_id))),
    )

    db.session().rollback()
    assert ended[WON] == len(set(secrets)) == 50
    [device] = db.session().scalars(select(TotpDevice))
    assert second_factor.secret_of(device) in secrets


def test_one_code_at_once_turns_it_on_once(portal: Flask) -> None:
    who = factories.account()
    session = signed_in(who).session
    code, session_id = code_of(totp_setup.generate(session)), session.id

    ended = at_once(
        portal,
        lambda _: totp_setup.enable(sessions.find_by_id(session_id), code, VISITOR),
        times=10,
    )

    assert ended[WON] == 1
    assert ended[AlreadyEnabled.reason] == 9
    assert has_app(who)
    assert len(factories.mails("app_added")) == 1


def test_a_session_that_ended_meanwhile_changes_nothing() -> None:
    who = factories.account()
    session = signed_in(who).session
    session_id = session.id
    totp_setup.generate(session)
    with db.transaction():
        sessions.end_all_of(who.id)

    with pytest.raises(NotSignedIn), db.transaction():
        factor_changes.held(session_id)

    assert db.session().scalar(select(func.count()).select_from(Session)) == 0
