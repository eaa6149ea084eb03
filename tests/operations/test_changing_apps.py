"""An authenticator app replaced and taken away, clocks that are off, and secrets that wait."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app import db
from app.errors import FactorDemanded, NotEnabled, ProofRequired, SecretNotSet, WrongCode
from app.models import Account, AuditEvent, Factor, Interface, Role, Session, TotpDevice
from app.operations import (
    administration,
    chosen_pin,
    factors,
    seats,
    second_factor,
    sessions,
    sign_in,
    step_up,
    totp_setup,
)
from app.operations.sign_in import Enrolment, PinWanted, SignedIn
from app.operations.visitor import Visitor
from tests import factories
from tests.apps import code_of, wrong_code
from tests.conftest import Clock
from tests.factories import PASSWORD, VISITOR
from tests.operations.signing_in import (
    by_code,
    confirmed,
    mailed_pin,
    refusal_of,
    signed_in,
    waiting_for,
)
from tests.operations.test_refreshing import PROGRAM
from tests.operations.test_refreshing import signed_in as signed_in_by_program

pytestmark = pytest.mark.usefixtures("portal", "clock")

STEP = timedelta(seconds=30)
MINUTE = timedelta(minutes=1)
ROCKETCHAT = Visitor(Interface.ROCKETCHAT, "192.0.2.1", "okhttp/4")


def owner(clock: Clock) -> tuple[Account, str, SignedIn]:
    """Return somebody with an app, its secret, and where they are signed in by it."""
    who = factories.account()
    secret = factories.app_of(who)
    done = by_code(who, secret)
    clock.advance(STEP)
    return who, secret, done


def begun(session: Session) -> str:
    totp_setup.begin(session)
    secret = totp_setup.waiting(session)
    assert secret
    return secret


def with_a_pin_answered(who: Account, done: SignedIn | None = None) -> Session:
    """Return a session that proved password and mail lately."""
    offer = seats.verify_again((done or signed_in(who)).session, PASSWORD, VISITOR, by_mail=True)
    assert isinstance(sign_in.proceed(offer.handle, VISITOR), PinWanted)
    again = sign_in.answer(offer.handle, mailed_pin(), VISITOR)
    assert isinstance(again, SignedIn)
    return again.session


def opens(who: Account, code: str, visitor: Visitor = VISITOR) -> bool:
    return refusal_of(lambda: sign_in.answer(waiting_for(who, visitor), code, visitor)) == ""


# Replacing


def test_the_old_app_works_until_the_new_one_is_proven(clock: Clock) -> None:
    who, old, done = owner(clock)

    new = begun(done.session)
    assert new != old
    assert opens(who, code_of(old))
    assert not opens(who, code_of(new))
    clock.advance(STEP)
    with pytest.raises(WrongCode):
        totp_setup.confirm(done.session, wrong_code(new), VISITOR)
    assert opens(who, code_of(old))

    clock.advance(STEP)
    totp_setup.confirm(done.session, code_of(new), VISITOR)
    clock.advance(STEP)
    assert not opens(who, code_of(old))
    assert opens(who, code_of(new))
    assert len(factories.mails("app_replaced")) == 1


def test_the_code_that_proves_a_new_app_is_spent(clock: Clock) -> None:
    who, _, done = owner(clock)
    secret = begun(done.session)

    totp_setup.confirm(done.session, code_of(secret), VISITOR)

    assert not opens(who, code_of(secret))
    clock.advance(STEP)
    assert opens(who, code_of(secret))


def test_to_replace_ends_all_other_sessions_and_changes_the_bearer(clock: Clock) -> None:
    who, secret, done = owner(clock)
    other = by_code(who, secret)
    new = begun(done.session)

    bearer = totp_setup.confirm(done.session, code_of(new), VISITOR)

    assert [row.id for row in sessions.all_of(who)] == [done.session.id]
    assert refusal_of(lambda: sessions.find(other.bearer)) == "ticket_refused"
    assert refusal_of(lambda: sessions.find(done.bearer)) == "ticket_refused"
    assert sessions.find(bearer or "").id == done.session.id


def test_a_change_asks_for_a_proof_of_ten_minutes(clock: Clock) -> None:
    who, secret, done = owner(clock)
    new = begun(done.session)
    clock.advance(10 * MINUTE)
    bound = code_of(new)

    for act in (
        lambda: totp_setup.begin(done.session),
        lambda: totp_setup.waiting(done.session),
        lambda: totp_setup.confirm(done.session, bound, VISITOR),
        lambda: totp_setup.remove(done.session, VISITOR),
        lambda: chosen_pin.choose(done.session, VISITOR),
    ):
        assert refusal_of(act) == "proof_required"

    again = confirmed(done, code_of(secret)).session
    totp_setup.confirm(again, bound, VISITOR)
    assert factors.of(who).app


def test_a_first_app_asks_for_the_mail_too() -> None:
    who = factories.account()
    done = signed_in(who)

    with pytest.raises(ProofRequired) as refused:
        totp_setup.begin(done.session)

    assert refused.value.by_mail
    assert not db.session().scalars(select(TotpDevice)).all()
    assert begun(with_a_pin_answered(who, done))


def test_whoever_has_no_address_needs_none() -> None:
    who = factories.account(None, username="generic.jane")
    [offer] = sign_in.verify_password("generic.jane", PASSWORD, VISITOR).offers
    step = sign_in.proceed(offer.handle, VISITOR)
    assert isinstance(step, SignedIn)

    secret = begun(step.session)
    totp_setup.confirm(step.session, code_of(secret), VISITOR)

    assert factors.of(who).app


def test_nothing_that_waits_is_nothing_to_confirm(clock: Clock) -> None:
    _, _, done = owner(clock)

    with pytest.raises(SecretNotSet):
        totp_setup.confirm(done.session, "123456", VISITOR)


# Taking away


def test_without_its_app_an_account_asks_its_password_alone(clock: Clock) -> None:
    who, _, done = owner(clock)

    totp_setup.remove(done.session, VISITOR)

    assert not factors.of(who).app
    assert signed_in(who)
    assert len(factories.mails("app_removed")) == 1
    with pytest.raises(NotEnabled):
        totp_setup.remove(done.session, VISITOR)


@pytest.mark.parametrize("policy", [{"factorForStudents": "app"}, {"pinAllowed": False}])
def test_what_an_organisation_demands_can_be_replaced_and_not_given_up(
    clock: Clock, policy: dict[str, object]
) -> None:
    who, _, done = owner(clock)
    factories.membership(who, factories.organisation("", {"mfaForStudents": True}, **policy))
    program = by_code(who, secret_of(who), PROGRAM)
    clock.advance(STEP)

    with pytest.raises(FactorDemanded):
        totp_setup.remove(done.session, VISITOR)
    with pytest.raises(FactorDemanded):
        totp_setup.disable(program.session, code_of(secret_of(who)), PROGRAM)

    assert factors.of(who).app
    totp_setup.confirm(done.session, code_of(begun(done.session)), VISITOR)


def test_an_app_that_nobody_demands_goes_where_a_pin_is_enough(clock: Clock) -> None:
    who, _, done = owner(clock)
    factories.membership(who, factories.pin_organisation())

    totp_setup.remove(done.session, VISITOR)

    assert isinstance(sign_in.peek(waiting_for(who)), PinWanted)


def test_a_suspended_organisation_demands_nothing(clock: Clock) -> None:
    who, _, done = owner(clock)
    place = factories.organisation(factorForStudents="app")
    factories.membership(who, place)
    administration.suspend_organisation(place, VISITOR)

    totp_setup.remove(done.session, VISITOR)

    assert not factors.of(who).app


def test_without_an_address_a_demand_for_any_factor_keeps_the_app() -> None:
    who = factories.account(None, username="generic.jane")
    secret = factories.app_of(who)
    place = factories.organisation("", {"mfaForStudents": True, "allowGenericUsers": True})
    factories.membership(who, place, Role.STUDENT)
    [offer] = sign_in.verify_password("generic.jane", PASSWORD, PROGRAM, whole=True).offers
    done = sign_in.answer(offer.handle, code_of(secret), PROGRAM)
    assert isinstance(done, SignedIn)

    with pytest.raises(FactorDemanded):
        totp_setup.remove(done.session, VISITOR)


# Clocks


@pytest.mark.parametrize("steps", [-120, -30, -2, 2, 30, 120])
def test_a_clock_that_is_off_is_told_by_how_much(clock: Clock, steps: int) -> None:
    who, secret, _ = owner(clock)
    clock.advance(2 * 60 * MINUTE)  # long after the code that signed in

    with pytest.raises(WrongCode) as refused:
        sign_in.answer(waiting_for(who), code_of(secret, steps), VISITOR)

    assert refused.value.clock_offset == steps * STEP
    [event] = db.session().scalars(select(AuditEvent).where(AuditEvent.what == "wrong_code"))
    assert event.details["clock_offset_s"] == steps * 30


@pytest.mark.parametrize("steps", [-122, 122])
def test_beyond_an_hour_nothing_is_told(clock: Clock, steps: int) -> None:
    who, secret, _ = owner(clock)
    clock.advance(3 * 60 * MINUTE)

    with pytest.raises(WrongCode) as refused:
        sign_in.answer(waiting_for(who), code_of(secret, steps), VISITOR)

    assert refused.value.clock_offset is None


def test_of_a_code_that_was_used_nothing_is_told(clock: Clock) -> None:
    who, secret, _ = owner(clock)
    used, before = code_of(secret), code_of(secret, -1)
    assert opens(who, used)
    clock.advance(10 * MINUTE)

    for code in (used, before):
        with pytest.raises(WrongCode) as refused:
            sign_in.answer(waiting_for(who), code, VISITOR)
        assert refused.value.clock_offset is None


def test_a_first_code_tells_of_the_clock_too() -> None:
    session = with_a_pin_answered(factories.account())
    secret = begun(session)

    with pytest.raises(WrongCode) as refused:
        totp_setup.confirm(session, code_of(secret, -5), VISITOR)

    assert refused.value.clock_offset == -5 * STEP


@pytest.mark.parametrize("visitor", [VISITOR, ROCKETCHAT], ids=["pages", "001"])
def test_a_code_that_was_told_to_be_early_is_used_up(clock: Clock, visitor: Visitor) -> None:
    """Else ten guesses an hour would be compared with an hour of codes, and the hit kept."""
    who, secret, _ = owner(clock)
    early = code_of(secret, 40)
    assert not opens(who, early, visitor)

    clock.advance(40 * STEP)
    assert code_of(secret) == early
    assert not opens(who, early)
    assert not opens(who, early, ROCKETCHAT)
    clock.advance(STEP)
    assert opens(who, code_of(secret))


def test_a_code_told_to_be_early_to_a_program_that_asks_again_is_used_up(clock: Clock) -> None:
    who, secret, _ = owner(clock)
    session = by_code(who, secret, ROCKETCHAT).session
    early = code_of(secret, 40)
    assert refusal_of(lambda: step_up.answer(session, early, ROCKETCHAT)) == "wrong_code"

    clock.advance(40 * STEP)

    assert refusal_of(lambda: step_up.answer(session, early, ROCKETCHAT)) == "wrong_code"


@pytest.mark.parametrize("accepted", [-1, 0, 1])
@pytest.mark.parametrize("again", [-1, 0, 1])
def test_a_code_is_accepted_once_and_no_older_one_after_it(
    clock: Clock, accepted: int, again: int
) -> None:
    who, secret, _ = owner(clock)
    clock.advance(10 * MINUTE)

    assert opens(who, code_of(secret, accepted))

    assert opens(who, code_of(secret, again)) == (again > accepted)


# Secrets that wait


def test_a_secret_given_to_a_program_is_never_the_one_that_the_owner_confirms() -> None:
    """A stolen password is enough for contract 004's generate, which has no words for more."""
    who = factories.account()
    known = totp_setup.generate(signed_in_by_program(who).session)
    session = with_a_pin_answered(who)

    assert totp_setup.waiting(session) is None
    with pytest.raises(SecretNotSet):
        totp_setup.confirm(session, code_of(known), VISITOR)

    factories.membership(who, factories.organisation(factorForStudents="app"))
    handle = waiting_for(who)
    step = sign_in.answer(handle, mailed_pin(), VISITOR)
    assert isinstance(step, Enrolment)
    assert step.secret != known


def test_a_secret_that_was_exchanged_meanwhile_is_not_shown_instead() -> None:
    who = factories.account()
    session = with_a_pin_answered(who)
    shown = begun(session)

    totp_setup.generate(signed_in_by_program(who).session)

    assert totp_setup.waiting(session) is None
    with pytest.raises(SecretNotSet):
        totp_setup.confirm(session, code_of(shown), VISITOR)


def test_a_session_is_not_shown_what_another_asked_for(clock: Clock) -> None:
    who, secret, done = owner(clock)
    other = by_code(who, secret).session

    begun(done.session)

    assert totp_setup.waiting(other) is None


def test_two_sign_ins_that_enrol_are_given_secrets_of_their_own(clock: Clock) -> None:
    who = factories.account()
    factories.membership(who, factories.organisation(factorForStudents="app"))
    secrets = []
    for _ in range(2):
        clock.advance(STEP)
        step = sign_in.answer(waiting_for(who), mailed_pin(), VISITOR)
        assert isinstance(step, Enrolment)
        secrets.append(step.secret)
        assert sign_in.peek(step.handle) == step

    assert len(set(secrets)) == 2
    done = sign_in.answer(step.handle, code_of(secrets[1]), VISITOR)
    assert isinstance(done, SignedIn)
    assert done.session.factor is Factor.CODE


def test_a_confirmed_secret_is_bound_to_its_row_alone(clock: Clock) -> None:
    who, _, done = owner(clock)
    secret = begun(done.session)
    totp_setup.confirm(done.session, code_of(secret), VISITOR)

    assert secret_of(who) == secret


def secret_of(who: Account) -> str:
    device = second_factor.device_of(who)
    assert device
    return second_factor.secret_of(device)
