"""Passkeys to prove again who one is, inside a session."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app import db
from app.errors import (
    ProofRequired,
    TooManyCodes,
    WrongCode,
)
from app.models import (
    AuditEvent,
    Factor,
)
from app.operations import (
    lockout,
    passkey_step,
    seats,
    sessions,
    sign_in,
)
from app.operations.sign_in import SignedIn
from tests import factories
from tests.conftest import Clock
from tests.factories import VISITOR
from tests.operations.with_passkeys import (
    by_recovery_code,
    confirmed,
    opened,
    owner,
)

pytestmark = pytest.mark.usefixtures("portal")

JUNK = '{"id": "AAAA"}'
MINUTE = timedelta(minutes=1)


def events(what: str) -> list[AuditEvent]:
    named = select(AuditEvent).where(AuditEvent.what == what)
    return list(db.session().scalars(named.order_by(AuditEvent.position)))


def test_a_passkey_confirms_who_one_is(clock: Clock) -> None:
    who, holder = owner()
    session = by_recovery_code(who)
    clock.advance(11 * MINUTE)
    with pytest.raises(ProofRequired):
        sessions.require_account_proof(session)

    done = confirmed(session, holder)

    assert done.session.id == session.id
    assert sessions.find(done.bearer).id == session.id
    sessions.require_account_proof(done.session)
    assert done.session.factor is Factor.PASSKEY
    [event] = events("confirmed")
    assert event.details["factor"] == "passkey"


def test_anothers_passkey_confirms_nothing() -> None:
    who, _ = owner()
    _, other = owner()
    session = by_recovery_code(who)

    with pytest.raises(WrongCode):
        confirmed(session, other)

    [event] = events("confirmation_failed")
    assert event.account_id == who.id
    assert event.details["reason"] == "wrong_code"
    assert event.details["factor"] == "passkey"


def test_wrong_confirmations_count_like_wrong_answers() -> None:
    who, holder = owner()
    session = by_recovery_code(who)

    for _ in range(lockout.FACTOR.tries):
        with pytest.raises(WrongCode):
            passkey_step.verify_passkey_again(session, JUNK, VISITOR)

    with pytest.raises(TooManyCodes):
        confirmed(session, holder)


def test_a_confirmation_is_good_in_its_own_session() -> None:
    who, holder = owner()
    one, other = by_recovery_code(who), by_recovery_code(who)
    credential = holder.use(passkey_step.options_to_confirm(one))

    with pytest.raises(WrongCode):
        passkey_step.verify_passkey_again(other, credential, VISITOR)


def test_a_session_that_came_by_passkey_takes_the_seats_of_the_accounts_password() -> None:
    who, holder = owner()
    first = factories.membership(who)
    done = opened(holder)
    second = factories.membership(who, factories.organisation(factorForStudents="app"))

    [offer] = seats.switch(done.session, second.id, VISITOR).offers
    step = sign_in.proceed(offer.handle, VISITOR)

    assert isinstance(step, SignedIn)
    held = {seat.membership_id for seat in sessions.seats_of(step.session)}
    assert held == {first.id, second.id}


def test_a_right_confirmation_forgives_the_wrong_ones_before_it() -> None:
    who, holder = owner()
    session = by_recovery_code(who)

    for _ in range(3):
        for _ in range(lockout.FACTOR.tries // 2):
            with pytest.raises(WrongCode):
                passkey_step.verify_passkey_again(session, JUNK, VISITOR)
        assert confirmed(session, holder)
