"""Recovery codes: made, shown until they are kept, used once each, and what they are worth."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app import db
from app.errors import NotEnabled, ProofRequired, TicketRefused, TooManyCodes, WrongCode
from app.models import (
    Account,
    AuditEvent,
    Factor,
    Interface,
    Passkey,
    PendingSignIn,
    RecoveryCode,
    RecoverySheet,
    RememberedDevice,
    Session,
)
from app.operations import (
    purging,
    recovery_codes,
    remembered_devices,
    seats,
    sessions,
    sign_in,
    step_up,
    totp_setup,
)
from app.operations.sign_in import PasskeyWanted, PinWanted, SignedIn
from app.operations.visitor import Visitor
from app.security.tokens import TYPED_CODE_ALPHABET, digest, is_recovery_code, normal_typed_code
from tests import factories
from tests.apps import code_of, wrong_code
from tests.conftest import Clock
from tests.factories import OWN_PASSWORD, PASSWORD, VISITOR
from tests.operations.signing_in import (
    by_code,
    confirmed,
    mailed_pin,
    refusal_of,
    signed_in,
    waiting_for,
)
from tests.operations.test_races import WON, at_once, count_sessions

pytestmark = pytest.mark.usefixtures("portal", "clock")

MINUTE = timedelta(minutes=1)
STEP = timedelta(seconds=30)
ROCKETCHAT = Visitor(Interface.ROCKETCHAT, "192.0.2.1", "okhttp/4")
NO_CODE = "ZZZZ-ZZZZ-ZZZZ-ZZZZ"


def owner(clock: Clock) -> tuple[Account, str, SignedIn]:
    """Return somebody with an app, its secret, and where they are signed in by it."""
    who = factories.account()
    secret = factories.app_of(who)
    done = by_code(who, secret)
    clock.advance(STEP)  # so that the app's next code is new
    return who, secret, done


def codes_of(done: SignedIn) -> list[str]:
    recovery_codes.renew(done.session, VISITOR)
    return recovery_codes.sheet_of(done.session)


def answered(who: Account, code: str, visitor: Visitor = VISITOR) -> SignedIn:
    done = sign_in.answer(waiting_for(who, visitor), code, visitor)
    assert isinstance(done, SignedIn)
    return done


def events(what: str) -> list[AuditEvent]:
    named = select(AuditEvent).where(AuditEvent.what == what)
    return list(db.session().scalars(named.order_by(AuditEvent.position)))


# Making and showing them


def test_there_are_ten_of_eighty_random_bits(clock: Clock) -> None:
    who, _, done = owner(clock)

    codes = codes_of(done)

    assert len(set(codes)) == recovery_codes.left(who) == 10
    for code in codes:
        letters = code.replace("-", "")
        assert [len(group) for group in code.split("-")] == [4, 4, 4, 4]
        assert len(letters) * (len(TYPED_CODE_ALPHABET).bit_length() - 1) == 80
        assert set(letters) <= set(TYPED_CODE_ALPHABET)


def test_only_their_digests_are_kept(clock: Clock) -> None:
    who, _, done = owner(clock)

    codes = codes_of(done)
    kept = factories.everything_kept()

    assert who.short_id in kept
    digests = set(db.session().scalars(select(RecoveryCode.digest)))
    assert digests == {digest(normal_typed_code(code)) for code in codes}
    for code in codes:
        assert code not in kept
        assert normal_typed_code(code) not in kept


def test_the_first_app_comes_with_codes() -> None:
    who = factories.account()
    session = with_a_pin_answered(who)
    totp_setup.begin(session)

    totp_setup.confirm(session, code_of(totp_setup.waiting(session) or ""), VISITOR)

    assert len(recovery_codes.sheet_of(session)) == recovery_codes.left(who) == 10


def test_an_app_that_is_replaced_keeps_the_codes_there_are(clock: Clock) -> None:
    who, _, done = owner(clock)
    codes = codes_of(done)
    recovery_codes.keep(done.session)
    totp_setup.begin(done.session)

    totp_setup.confirm(done.session, code_of(totp_setup.waiting(done.session) or ""), VISITOR)

    assert recovery_codes.sheet_of(done.session) == []
    assert answered(who, codes[0])


def test_they_are_shown_until_they_are_kept(clock: Clock) -> None:
    _, _, done = owner(clock)
    codes = codes_of(done)
    assert recovery_codes.sheet_of(done.session) == codes

    recovery_codes.keep(done.session)

    assert recovery_codes.sheet_of(done.session) == []
    assert db.session().scalars(select(RecoverySheet)).all() == []
    assert recovery_codes.left(done.session.account) == 10


def test_they_are_shown_for_ten_minutes(clock: Clock) -> None:
    _, _, done = owner(clock)
    codes = codes_of(done)

    clock.advance(10 * MINUTE - timedelta(seconds=1))
    assert recovery_codes.sheet_of(done.session) == codes
    clock.advance(timedelta(seconds=1))

    assert recovery_codes.sheet_of(done.session) == []
    assert purging.purge()["recovery_sheets"] == 1


def test_no_other_session_is_shown_them(clock: Clock) -> None:
    who, secret, done = owner(clock)
    other = by_code(who, secret)

    codes = codes_of(done)

    assert recovery_codes.sheet_of(other.session) == []
    assert recovery_codes.sheet_of(done.session) == codes


def test_a_session_of_one_seat_sees_and_makes_none(clock: Clock) -> None:
    who, secret, done = owner(clock)
    codes_of(done)
    special = factories.membership(who)
    assert special.organisation
    factories.own_password(who, special.organisation)
    offer = sign_in.verify_password(who.email or "", OWN_PASSWORD, VISITOR).offers[0]
    sign_in.proceed(offer.handle, VISITOR)
    seat = sign_in.answer(offer.handle, code_of(secret), VISITOR)
    assert isinstance(seat, SignedIn)

    for act in (recovery_codes.sheet_of, recovery_codes.keep):
        with pytest.raises(ProofRequired):
            act(seat.session)
    with pytest.raises(ProofRequired):
        recovery_codes.renew(seat.session, VISITOR)


def test_new_ones_ask_for_a_proof_of_ten_minutes(clock: Clock) -> None:
    _, secret, done = owner(clock)
    clock.advance(10 * MINUTE)
    with pytest.raises(ProofRequired):
        recovery_codes.renew(done.session, VISITOR)

    again = confirmed(done, code_of(secret))

    assert len(codes_of(again)) == 10


def test_new_ones_are_the_end_of_the_old_and_of_trust(clock: Clock) -> None:
    who, secret, done = owner(clock)
    old = codes_of(done)
    by_code(who, secret, trust=True)
    assert remembered_devices.of(who)

    new = codes_of(done)

    assert not set(new) & set(old)
    assert refusal_of(lambda: answered(who, old[0])) == "wrong_code"
    assert answered(who, new[0])
    assert db.session().scalars(select(RememberedDevice)).all() == []
    assert len(factories.mails("recovery_codes_made")) == len(events("recovery_codes_made")) == 2


def test_without_an_app_or_a_passkey_there_is_nothing_to_recover() -> None:
    session = signed_in(factories.account()).session

    with pytest.raises(NotEnabled):
        recovery_codes.renew(session, VISITOR)


def test_they_go_with_the_last_app_or_passkey(clock: Clock) -> None:
    who, _, done = owner(clock)
    codes_of(done)

    totp_setup.remove(done.session, VISITOR)

    assert recovery_codes.left(who) == 0
    assert recovery_codes.sheet_of(done.session) == []


def test_they_stay_while_a_passkey_is_left(clock: Clock) -> None:
    who, _, done = owner(clock)
    codes = codes_of(done)
    factories.saved(Passkey(account=who, credential_id="c", public_key=b"k", name="A key"))

    totp_setup.remove(done.session, VISITOR)

    handle = waiting_for(who)
    assert isinstance(sign_in.peek(handle), PasskeyWanted)
    assert isinstance(sign_in.answer(handle, codes[0], VISITOR), SignedIn)


# Using them


def test_each_works_once(clock: Clock) -> None:
    who, _, done = owner(clock)
    codes = codes_of(done)

    for number, code in enumerate(codes[:4]):
        session = answered(who, code).session
        assert session.factor is Factor.RECOVERY
        assert recovery_codes.left(who) == 9 - number
        assert refusal_of(lambda spent=code: answered(who, spent)) == "wrong_code"  # type: ignore[misc]


def test_a_used_one_is_mailed_and_noted_with_how_many_are_left(clock: Clock) -> None:
    who, _, done = owner(clock)
    codes = codes_of(done)

    for code in codes[:3]:
        clock.advance(STEP)
        answered(who, code)

    told = [factories.words(mail)["left"] for mail in factories.mails("recovery_code_used")]
    assert told == ["9", "8", "7"]
    assert [event.details["left"] for event in events("recovery_code_used")] == [9, 8, 7]
    assert not any(
        code in str(event.details) for event in events("recovery_code_used") for code in codes
    )


KNOWN = "AB01-10CD-EF23-4567"
AS_TYPED = [
    "AB01-10CD-EF23-4567",
    "ab01-10cd-ef23-4567",
    "AB0110CDEF234567",
    " ab01 10cd ef23 4567 ",
    "a-b-0-1-1-0-c-d-e-f-2-3-4-5-6-7",
    "ABOl-IoCD-EF23-4567",
    "AB01\u201310CD\u2014EF23\u22124567",
    "AB01\u00a010CD\u00a0EF23\u00a04567",
]
NOT_SIXTEEN = ["AB01-10CD-EF23-456", "AB01-10CD-EF23-45678", "AB01-10CD-EF23-456U"]


def test_how_it_is_typed_does_not_matter(clock: Clock) -> None:
    who, _, _ = owner(clock)

    for typed in AS_TYPED:
        factories.saved(RecoveryCode(account_id=who.id, digest=digest(normal_typed_code(KNOWN))))
        assert answered(who, typed), typed


def test_what_lacks_a_letter_is_none(clock: Clock) -> None:
    who, _, _ = owner(clock)
    factories.saved(RecoveryCode(account_id=who.id, digest=digest(normal_typed_code(KNOWN))))
    handle = waiting_for(who)

    for typed in NOT_SIXTEEN:
        assert not is_recovery_code(typed)
        with pytest.raises(WrongCode):
            sign_in.answer(handle, typed, VISITOR)


def test_somebody_elses_is_none(clock: Clock) -> None:
    who, _, _ = owner(clock)
    _, _, others = owner(clock)

    assert refusal_of(lambda: answered(who, codes_of(others)[0])) == "wrong_code"


def test_whoever_used_one_has_met_the_accounts_own_way_in(clock: Clock) -> None:
    who, _, done = owner(clock)
    factories.membership(who, factories.organisation(factorForStudents="app"))
    codes = codes_of(done)

    session = answered(who, codes[0]).session

    sessions.require_account_proof(session)
    assert len(sessions.seats_of(session)) == 1


def test_a_lost_app_is_replaced_by_one(clock: Clock) -> None:
    who, _, done = owner(clock)
    codes = codes_of(done)
    session = answered(who, codes[0]).session

    totp_setup.begin(session)
    secret = totp_setup.waiting(session) or ""
    totp_setup.confirm(session, code_of(secret), VISITOR)

    clock.advance(STEP)
    assert by_code(who, secret)


def test_one_confirms_that_it_is_still_oneself(clock: Clock) -> None:
    _, _, done = owner(clock)
    codes = codes_of(done)
    clock.advance(11 * MINUTE)

    again = confirmed(done, codes[0])

    sessions.require_account_proof(again.session)


def test_one_answers_a_program_that_asks_again(clock: Clock) -> None:
    who, secret, done = owner(clock)
    codes = codes_of(done)
    session = by_code(who, secret, ROCKETCHAT).session
    clock.advance(11 * MINUTE)
    assert refusal_of(lambda: step_up.require(session)) == "proof_required"

    step_up.answer(session, codes[0], ROCKETCHAT)

    step_up.require(session)
    assert session.factor is Factor.RECOVERY
    assert refusal_of(lambda: step_up.answer(session, codes[0], ROCKETCHAT)) == "wrong_code"


def test_where_a_factor_alone_is_no_proof_none_is_used_up(clock: Clock) -> None:
    who, secret, done = owner(clock)
    codes = codes_of(done)
    special = factories.membership(who)
    assert special.organisation
    factories.own_password(who, special.organisation)
    offer = sign_in.verify_password(who.email or "", OWN_PASSWORD, ROCKETCHAT, whole=True).offers[0]
    seat = sign_in.answer(offer.handle, code_of(secret), ROCKETCHAT)
    assert isinstance(seat, SignedIn)

    assert refusal_of(lambda: step_up.answer(seat.session, codes[0], ROCKETCHAT)) == "wrong_code"

    assert recovery_codes.left(who) == 10


def test_one_answers_where_a_pin_was_asked_for_instead(clock: Clock) -> None:
    who, _, done = owner(clock)
    codes = codes_of(done)
    who.pin_chosen_at = clock.time
    factories.saved(who)
    handle = waiting_for(who)
    assert isinstance(sign_in.choose(handle, Factor.PIN, VISITOR), PinWanted)

    assert isinstance(sign_in.answer(handle, codes[0], VISITOR), SignedIn)


def test_none_is_asked_of_whoever_has_to_set_an_app_up() -> None:
    who = factories.account()
    factories.membership(who, factories.organisation(factorForStudents="app"))
    factories.saved(RecoveryCode(account_id=who.id, digest=digest(normal_typed_code(KNOWN))))
    handle = waiting_for(who)

    assert sign_in.alternatives(handle).recovery_codes == 0
    with pytest.raises(WrongCode):
        sign_in.answer(handle, KNOWN, VISITOR)
    assert recovery_codes.left(who) == 1


# Tries


def test_a_wrong_one_is_a_try_like_any_other(clock: Clock) -> None:
    who, secret, done = owner(clock)
    codes = codes_of(done)
    for _ in range(2):
        handle = waiting_for(who)
        for _ in range(PendingSignIn.TRIES):
            with pytest.raises(WrongCode):
                sign_in.answer(handle, NO_CODE, VISITOR)
        with pytest.raises(TicketRefused):
            sign_in.answer(handle, codes[0], VISITOR)

    for answer in (codes[0], code_of(secret)):
        with pytest.raises(TooManyCodes):
            sign_in.answer(waiting_for(who), answer, VISITOR)
    assert recovery_codes.left(who) == 10


def test_they_are_no_second_helping_of_tries(clock: Clock) -> None:
    who, secret, done = owner(clock)
    codes = codes_of(done)
    handle = waiting_for(who)
    for wrong in [wrong_code(secret), wrong_code(secret), NO_CODE, NO_CODE, wrong_code(secret)]:
        with pytest.raises(WrongCode):
            sign_in.answer(handle, wrong, VISITOR)

    with pytest.raises(TicketRefused):
        sign_in.answer(handle, codes[0], VISITOR)


def test_one_code_at_fifty_sign_ins_at_once_opens_one(portal: Flask, clock: Clock) -> None:
    who, _, done = owner(clock)
    code = codes_of(done)[0]
    handles = [waiting_for(who) for _ in range(50)]
    before = count_sessions()

    ended = at_once(portal, lambda n: sign_in.answer(handles[n], code, VISITOR))

    assert ended[WON] == count_sessions() - before == 1
    assert set(ended) <= {WON, WrongCode.reason, TooManyCodes.reason}
    assert recovery_codes.left(who) == 9
    assert len(factories.mails("recovery_code_used")) == 1


def with_a_pin_answered(who: Account) -> Session:
    """Return a session that proved password and mail: what a first factor asks for."""
    done = signed_in(who)
    offer = seats.verify_again(done.session, PASSWORD, VISITOR, by_mail=True)
    assert isinstance(sign_in.proceed(offer.handle, VISITOR), PinWanted)
    again = sign_in.answer(offer.handle, mailed_pin(), VISITOR)
    assert isinstance(again, SignedIn)
    return again.session
