"""The sign-in machine: what a password opens, and what each step decides anew."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app import db
from app.clock import now
from app.errors import (
    AccountSuspended,
    GenericNotAllowed,
    NotActivated,
    NoWayIn,
    OrganisationSuspended,
    ProofRequired,
    Refusal,
    ResendTooSoon,
    TicketRefused,
    TooManyCodes,
    UnknownAccount,
    WrongCode,
    WrongPassword,
)
from app.models import (
    Account,
    EmailedPin,
    Factor,
    OrganisationSettings,
    Password,
    PendingSignIn,
    Role,
    Session,
    Verification,
)
from app.operations import memberships, seats, sessions, sign_in
from app.operations.sign_in import CodeWanted, Enrolment, PinWanted, SignedIn
from app.operations.ways_in import Offer
from app.security import passwords, totp
from tests import factories
from tests.conftest import Clock
from tests.factories import OWN_PASSWORD, PASSWORD, VISITOR

pytestmark = pytest.mark.usefixtures("portal")


def the_offer(who: Account, password: str = PASSWORD) -> Offer:
    [offer] = sign_in.verify_password(who.email or who.username or "", password, VISITOR).offers
    return offer


def signed_in(who: Account, password: str = PASSWORD) -> SignedIn:
    step = sign_in.proceed(the_offer(who, password).handle, VISITOR)
    assert isinstance(step, SignedIn)
    return step


def sent_a_pin(who: Account) -> PinWanted:
    step = sign_in.proceed(the_offer(who).handle, VISITOR)
    assert isinstance(step, PinWanted)
    return step


def mailed_pin() -> str:
    return factories.latest_words("pin")["pin"]


def code_now(secret: str, steps: int = 0) -> str:
    return totp.code_at(secret, totp.step_at(now()) + steps)


def another_than(pin: str) -> str:
    return f"{(int(pin) + 1) % 1_000_000:06d}"


def test_the_right_password_opens_a_session() -> None:
    who = factories.account()

    done = signed_in(who)

    assert sessions.find(done.bearer).account_id == who.id


@pytest.mark.parametrize("typed", ["Ann@Example.org", "  ann@example.org ", "ANN", "ann "])
def test_an_identity_is_found_however_it_is_typed(typed: str) -> None:
    factories.account("ann@example.org", username="ann")

    assert sign_in.verify_password(typed, PASSWORD, VISITOR).offers


def test_a_wrong_password_and_an_unknown_identity_are_told_apart_inside_only() -> None:
    who = factories.account()

    with pytest.raises(WrongPassword):
        sign_in.verify_password(who.email or "", "wrong", VISITOR)
    with pytest.raises(UnknownAccount):
        sign_in.verify_password("nobody@example.org", "wrong", VISITOR)


def test_an_unactivated_account_stays_shut_and_says_whether_the_password_matched() -> None:
    who = factories.account(activated=False)

    for password, matched in ((PASSWORD, True), ("wrong", False)):
        with pytest.raises(NotActivated) as refused:
            sign_in.verify_password(who.email or "", password, VISITOR)
        assert refused.value.password_matched is matched


def test_a_suspended_account_stays_shut() -> None:
    who = factories.account()
    who.suspended_at = now()
    db.session().commit()

    with pytest.raises(AccountSuspended):
        sign_in.verify_password(who.email or "", PASSWORD, VISITOR)


@pytest.mark.parametrize("password", ["a\0b", "x" * 129, "é" * 300, "\ud800" * 8])
def test_a_password_that_cannot_be_is_wrong_and_nothing_worse(password: str) -> None:
    who = factories.account()

    with pytest.raises(WrongPassword):
        sign_in.verify_password(who.email or "", password, VISITOR)


def test_every_membership_is_a_way_in_of_its_own() -> None:
    who = factories.account()
    ours = {factories.membership(who).id, factories.membership(who, role=Role.TEACHER).id}

    verified = sign_in.verify_password(who.email or "", PASSWORD, VISITOR)

    assert {offer.membership.id for offer in verified.offers if offer.membership} == ours
    assert len({offer.handle for offer in verified.offers}) == len(ours)


def test_each_handle_opens_its_own_seat_only() -> None:
    who = factories.account()
    factories.membership(who)
    factories.membership(who, role=Role.TEACHER)

    chosen = sign_in.verify_password(who.email or "", PASSWORD, VISITOR).offers[1]
    done = sign_in.proceed(chosen.handle, VISITOR)

    assert isinstance(done, SignedIn)
    [seat] = sessions.seats_of(done.session)
    assert seat.membership == chosen.membership


def test_an_organisations_own_password_is_the_only_one_good_there_and_good_only_there() -> None:
    who = factories.account()
    common, special = factories.membership(who), factories.membership(who)
    assert special.organisation
    factories.own_password(who, special.organisation)

    with_common = sign_in.verify_password(who.email or "", PASSWORD, VISITOR)
    with_special = sign_in.verify_password(who.email or "", OWN_PASSWORD, VISITOR)

    assert [offer.membership for offer in with_common.offers] == [common]
    assert [way.membership for way in with_common.refused] == [special]
    assert isinstance(with_common.refused[0].refusal, WrongPassword)
    assert [offer.membership for offer in with_special.offers] == [special]


def test_a_suspended_organisation_refuses_with_its_reason() -> None:
    who = factories.account()
    factories.membership(who)
    closed = factories.membership(who)
    assert closed.organisation
    closed.organisation.suspended_at = now()
    db.session().commit()

    [refused] = sign_in.verify_password(who.email or "", PASSWORD, VISITOR).refused

    assert refused.membership == closed
    assert isinstance(refused.refusal, OrganisationSuspended)


def test_nothing_opens_where_every_organisation_is_suspended() -> None:
    who = factories.account()
    place = factories.membership(who).organisation
    assert place
    place.suspended_at = now()
    db.session().commit()

    with pytest.raises(NoWayIn):
        sign_in.verify_password(who.email or "", PASSWORD, VISITOR)


def test_a_pin_is_mailed_once_and_opens_the_session() -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    offer = the_offer(who)

    first, again = sign_in.proceed(offer.handle, VISITOR), sign_in.proceed(offer.handle, VISITOR)
    assert isinstance(first, PinWanted)
    assert first == again
    assert len(factories.mails("pin")) == 1
    assert factories.sessions_open() == 0

    done = sign_in.answer(offer.handle, mailed_pin(), VISITOR)
    assert isinstance(done, SignedIn)
    assert sessions.find(done.bearer).factor is Factor.PIN


def test_a_wrong_pin_opens_nothing_and_the_fifth_ends_the_handle() -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    handle = sent_a_pin(who).handle
    pin = mailed_pin()

    for _ in range(PendingSignIn.TRIES):
        with pytest.raises(WrongCode):
            sign_in.answer(handle, another_than(pin), VISITOR)
    with pytest.raises(TicketRefused):
        sign_in.answer(handle, pin, VISITOR)

    assert factories.sessions_open() == 0


def test_a_pin_lives_ten_minutes(clock: Clock) -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    handle = sent_a_pin(who).handle
    pin = mailed_pin()

    clock.advance(EmailedPin.LIFETIME - timedelta(seconds=1))
    sign_in.peek(handle)
    clock.advance(timedelta(seconds=1))
    with pytest.raises(TicketRefused):
        sign_in.answer(handle, pin, VISITOR)


def test_a_pin_sent_late_still_has_its_ten_minutes(clock: Clock) -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    offer = the_offer(who)

    clock.advance(timedelta(minutes=9))
    sign_in.proceed(offer.handle, VISITOR)
    clock.advance(timedelta(minutes=9, seconds=59))

    assert isinstance(sign_in.answer(offer.handle, mailed_pin(), VISITOR), SignedIn)


def test_a_new_pin_kills_the_old_and_waits_a_minute(clock: Clock) -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    handle = sent_a_pin(who).handle
    old = mailed_pin()

    with pytest.raises(ResendTooSoon) as refused:
        sign_in.resend(handle, VISITOR)
    assert 0 < refused.value.retry_after <= 60

    clock.advance(timedelta(seconds=61))
    sign_in.resend(handle, VISITOR)
    new = mailed_pin()
    with pytest.raises(WrongCode):
        sign_in.answer(handle, old if old != new else another_than(old), VISITOR)
    assert isinstance(sign_in.answer(handle, new, VISITOR), SignedIn)


def test_resending_refills_no_tries_and_ends_after_three(clock: Clock) -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    handle = sent_a_pin(who).handle

    for _ in range(3):
        with pytest.raises(WrongCode):
            sign_in.answer(handle, another_than(mailed_pin()), VISITOR)
        clock.advance(timedelta(seconds=61))
        sign_in.resend(handle, VISITOR)
    clock.advance(timedelta(seconds=61))
    with pytest.raises(ResendTooSoon):
        sign_in.resend(handle, VISITOR)
    for _ in range(2):
        with pytest.raises(WrongCode):
            sign_in.answer(handle, another_than(mailed_pin()), VISITOR)
    with pytest.raises(TicketRefused):
        sign_in.answer(handle, mailed_pin(), VISITOR)


def test_a_pin_of_one_sign_in_answers_no_other() -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    first = sent_a_pin(who).handle
    pin = mailed_pin()
    second = sent_a_pin(who).handle
    assert first != second

    if mailed_pin() != pin:
        with pytest.raises(WrongCode):
            sign_in.answer(second, pin, VISITOR)

    assert isinstance(sign_in.answer(first, pin, VISITOR), SignedIn)


def test_ten_wrong_pins_in_an_hour_make_even_the_right_one_wait(clock: Clock) -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    for _ in range(2):
        handle = sent_a_pin(who).handle
        for _ in range(5):
            with pytest.raises(WrongCode):
                sign_in.answer(handle, another_than(mailed_pin()), VISITOR)

    handle = sent_a_pin(who).handle
    with pytest.raises(TooManyCodes):
        sign_in.answer(handle, mailed_pin(), VISITOR)
    clock.advance(timedelta(hours=1, seconds=1))
    handle = sent_a_pin(who).handle

    assert isinstance(sign_in.answer(handle, mailed_pin(), VISITOR), SignedIn)


def test_a_pin_is_kept_as_no_plain_digest() -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    sent_a_pin(who)
    [row] = db.session().scalars(select(EmailedPin))

    assert row.digest != passwords.normal(mailed_pin())
    assert len(row.digest) == 64


def test_without_an_address_a_pin_cannot_be_sent_so_an_app_is_set_up() -> None:
    who = factories.account(None, username="lab-07")
    settings = {"mfaForStudents": True, "allowGenericUsers": True}
    factories.membership(who, factories.organisation(settings=settings))

    offer = the_offer(who)
    step = sign_in.proceed(offer.handle, VISITOR)
    assert isinstance(step, Enrolment)
    done = sign_in.answer(offer.handle, code_now(step.secret), VISITOR)

    assert isinstance(done, SignedIn)
    assert done.session.factor is Factor.CODE


def test_a_stolen_password_alone_binds_no_app() -> None:
    who = factories.account()
    factories.membership(who, factories.organisation(factorForStudents="app"))

    handle = sent_a_pin(who).handle
    secret = totp.new_secret()
    with pytest.raises(WrongCode):
        sign_in.answer(handle, code_now(secret), VISITOR)
    step = sign_in.answer(handle, mailed_pin(), VISITOR)
    assert isinstance(step, Enrolment)
    assert factories.sessions_open() == 0
    done = sign_in.answer(handle, code_now(step.secret), VISITOR)

    assert isinstance(done, SignedIn)
    assert [mail.kind for mail in factories.mails()] == ["pin", "app_added"]


def test_a_confirmed_app_is_asked_on_every_way_in_and_no_pin_answers_it() -> None:
    who = factories.account()
    factories.membership(who)
    secret = factories.app_of(who)
    offer = the_offer(who)

    assert isinstance(sign_in.proceed(offer.handle, VISITOR), CodeWanted)
    with pytest.raises(WrongCode):
        sign_in.answer(offer.handle, "000000", VISITOR)

    assert isinstance(sign_in.answer(offer.handle, code_now(secret), VISITOR), SignedIn)
    assert factories.mails("pin") == []


@pytest.mark.parametrize("steps", [-1, 0])
def test_a_code_and_those_before_it_work_once(steps: int, clock: Clock) -> None:
    who = factories.account()
    secret = factories.app_of(who)
    code = code_now(secret, steps)
    first, second = the_offer(who), the_offer(who)
    for offer in (first, second):
        sign_in.proceed(offer.handle, VISITOR)

    assert isinstance(sign_in.answer(first.handle, code, VISITOR), SignedIn)

    for again in (code, code_now(secret, steps - 1)):
        with pytest.raises(WrongCode):
            sign_in.answer(second.handle, again, VISITOR)
    clock.advance(timedelta(seconds=60))
    assert isinstance(sign_in.answer(second.handle, code_now(secret), VISITOR), SignedIn)


@pytest.mark.parametrize("steps", [-2, 2])
def test_a_code_of_another_time_is_refused(steps: int) -> None:
    who = factories.account()
    secret = factories.app_of(who)
    offer = the_offer(who)
    sign_in.proceed(offer.handle, VISITOR)

    with pytest.raises(WrongCode):
        sign_in.answer(offer.handle, code_now(secret, steps), VISITOR)


def test_the_accounts_own_way_asks_the_strictest_of_all() -> None:
    who = factories.account()
    factories.membership(who)
    factories.membership(who, factories.pin_organisation())

    [offer] = sign_in.verify_password(who.email or "", PASSWORD, VISITOR, whole=True).offers

    assert offer.membership is None
    assert offer.factor is Factor.PIN


def test_the_accounts_own_way_is_the_membership_where_only_its_own_password_matched() -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    special = factories.membership(who)
    assert special.organisation
    factories.own_password(who, special.organisation)

    [offer] = sign_in.verify_password(who.email or "", OWN_PASSWORD, VISITOR, whole=True).offers
    done = sign_in.proceed(offer.handle, VISITOR)

    assert isinstance(done, SignedIn)
    assert [seat.membership for seat in sessions.seats_of(done.session)] == [special]
    with pytest.raises(ProofRequired):
        sessions.require_account(done.session)


def test_the_accounts_own_way_is_shut_while_every_organisation_is_suspended() -> None:
    who = factories.account()
    place = factories.membership(who).organisation
    assert place
    place.suspended_at = now()
    db.session().commit()

    with pytest.raises(NoWayIn):
        sign_in.verify_password(who.email or "", PASSWORD, VISITOR, whole=True)


def test_the_accounts_own_way_is_shut_once_every_organisation_is_suspended() -> None:
    who = factories.account()
    place, other = (factories.membership(who).organisation for _ in range(2))
    assert place
    assert other
    [offer] = sign_in.verify_password(who.email or "", PASSWORD, VISITOR, whole=True).offers
    [later] = sign_in.verify_password(who.email or "", PASSWORD, VISITOR, whole=True).offers

    place.suspended_at = now()
    db.session().commit()
    assert isinstance(sign_in.proceed(offer.handle, VISITOR), SignedIn)
    other.suspended_at = now()
    db.session().commit()

    with pytest.raises(TicketRefused):
        sign_in.proceed(later.handle, VISITOR)
    assert factories.sessions_open() == 1


def test_a_generic_account_signs_in_only_where_the_organisation_allows_it() -> None:
    who = factories.account(None, username="lab-08")
    allowed = factories.membership(
        who, factories.organisation(settings={"allowGenericUsers": True})
    )
    forbidden = factories.membership(who)

    verified = sign_in.verify_password("LAB-08", PASSWORD, VISITOR)

    assert [offer.membership for offer in verified.offers] == [allowed]
    assert [way.membership for way in verified.refused] == [forbidden]
    assert isinstance(verified.refused[0].refusal, GenericNotAllowed)


def _remove_role(_who: Account, offer: Offer) -> None:
    db.session().delete(offer.membership)


def _suspend_organisation(_who: Account, offer: Offer) -> None:
    assert offer.membership
    assert offer.membership.organisation
    offer.membership.organisation.suspended_at = now()


def _suspend_account(who: Account, _offer: Offer) -> None:
    who.suspended_at = now()


def _change_password(who: Account, _offer: Offer) -> None:
    for row in db.session().scalars(select(Password).filter_by(account_id=who.id)):
        row.hash, row.changed_at = passwords.hash_password("x" * 20), now()


def _give_own_password(who: Account, offer: Offer) -> None:
    assert offer.membership
    assert offer.membership.organisation
    factories.own_password(who, offer.membership.organisation)


MEANWHILE = [
    _remove_role,
    _suspend_organisation,
    _suspend_account,
    _change_password,
    _give_own_password,
]


@pytest.mark.parametrize("happens", MEANWHILE)
def test_what_happens_after_the_password_counts_before_the_session(happens, clock: Clock) -> None:  # type: ignore[no-untyped-def]
    who = factories.account()
    factories.membership(who)
    offer = the_offer(who)
    clock.advance(timedelta(seconds=1))

    happens(who, offer)
    db.session().commit()

    with pytest.raises(TicketRefused):
        sign_in.proceed(offer.handle, VISITOR)
    assert factories.sessions_open() == 0


@pytest.mark.parametrize("happens", MEANWHILE)
def test_what_happens_after_the_pin_was_mailed_counts_too(happens, clock: Clock) -> None:  # type: ignore[no-untyped-def]
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    offer = the_offer(who)
    sign_in.proceed(offer.handle, VISITOR)
    pin = mailed_pin()
    clock.advance(timedelta(seconds=1))

    happens(who, offer)
    db.session().commit()

    with pytest.raises(TicketRefused):
        sign_in.answer(offer.handle, pin, VISITOR)
    assert factories.sessions_open() == 0


def test_a_pin_demanded_after_the_password_is_asked_for() -> None:
    who = factories.account()
    place = factories.organisation()
    factories.membership(who, place)
    offer = the_offer(who)

    place.settings = OrganisationSettings(mfaForStudents=True)
    db.session().commit()

    assert isinstance(sign_in.proceed(offer.handle, VISITOR), PinWanted)


def test_a_handle_opens_one_session_only() -> None:
    who = factories.account()
    factories.membership(who)
    offer = the_offer(who)
    sign_in.proceed(offer.handle, VISITOR)

    with pytest.raises(TicketRefused):
        sign_in.proceed(offer.handle, VISITOR)


def test_a_handle_lives_ten_minutes(clock: Clock) -> None:
    who = factories.account()
    offer = the_offer(who)

    clock.advance(Verification.LIFETIME)

    with pytest.raises(TicketRefused):
        sign_in.proceed(offer.handle, VISITOR)


def test_looking_again_shows_the_same_handles_and_verdicts() -> None:
    who = factories.account()
    factories.membership(who)
    special = factories.membership(who)
    assert special.organisation
    factories.own_password(who, special.organisation)
    verified = sign_in.verify_password(who.email or "", PASSWORD, VISITOR)

    again = sign_in.look_again(verified.secret, VISITOR)

    assert [offer.handle for offer in again.offers] == [offer.handle for offer in verified.offers]
    assert [type(way.refusal) for way in again.refused] == [WrongPassword]


def test_another_password_opens_its_way_beside_the_first() -> None:
    who = factories.account()
    factories.membership(who)
    special = factories.membership(who)
    assert special.organisation
    factories.own_password(who, special.organisation)
    secret = sign_in.verify_password(who.email or "", PASSWORD, VISITOR).secret

    with pytest.raises(WrongPassword):
        sign_in.verify_another_password(secret, special.id, PASSWORD, VISITOR)
    offer = sign_in.verify_another_password(secret, special.id, OWN_PASSWORD, VISITOR)
    done = sign_in.proceed(offer.handle, VISITOR)

    assert isinstance(done, SignedIn)
    assert [seat.membership for seat in sessions.seats_of(done.session)] == [special]


def test_another_password_is_for_ones_own_memberships_only() -> None:
    who, other = factories.account(), factories.account()
    factories.membership(who)
    foreign = factories.membership(other)
    secret = sign_in.verify_password(who.email or "", PASSWORD, VISITOR).secret

    with pytest.raises(TicketRefused):
        sign_in.verify_another_password(secret, foreign.id, PASSWORD, VISITOR)


def test_old_hashes_are_renewed_once_at_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    who = factories.account()
    row = db.session().scalars(select(Password).filter_by(account_id=who.id)).one()
    before, changed_at = row.hash, row.changed_at
    stronger = type(passwords.hasher)(time_cost=2, memory_cost=16, parallelism=1)
    monkeypatch.setattr(passwords, "hasher", stronger)

    signed_in(who)
    db.session().expire_all()
    renewed = row.hash
    signed_in(who)
    db.session().expire_all()

    assert before != renewed == row.hash
    assert row.changed_at == changed_at


def test_switching_to_a_seat_that_wants_nothing_more_takes_it_at_once() -> None:
    who = factories.account()
    first, second = factories.membership(who), factories.membership(who)
    handle = sign_in.verify_password(who.email or "", PASSWORD, VISITOR).offers[0].handle
    done = sign_in.proceed(handle, VISITOR)
    assert isinstance(done, SignedIn)
    held = sessions.seats_of(done.session)[0].membership
    other = second if held == first else first

    [offer] = seats.switch(done.session, other.id, VISITOR).offers
    joined = sign_in.proceed(offer.handle, VISITOR)

    assert isinstance(joined, SignedIn)
    assert joined.session.id == done.session.id
    assert joined.bearer != done.bearer
    assert len(sessions.seats_of(joined.session)) == 2
    with pytest.raises(TicketRefused):
        sessions.find(done.bearer)


def test_switching_to_a_seat_that_wants_a_pin_asks_for_it() -> None:
    who = factories.account()
    factories.membership(who)
    strict = factories.membership(who, factories.pin_organisation())
    plain = next(
        offer
        for offer in sign_in.verify_password(who.email or "", PASSWORD, VISITOR).offers
        if offer.factor is Factor.NONE
    )
    done = sign_in.proceed(plain.handle, VISITOR)
    assert isinstance(done, SignedIn)

    [offer] = seats.switch(done.session, strict.id, VISITOR).offers
    assert isinstance(sign_in.proceed(offer.handle, VISITOR), PinWanted)
    assert len(sessions.seats_of(done.session)) == 1
    joined = sign_in.answer(offer.handle, mailed_pin(), VISITOR)
    assert isinstance(joined, SignedIn)

    assert len(sessions.seats_of(joined.session)) == 2


def test_switching_to_a_seat_with_a_password_of_its_own_asks_for_that() -> None:
    who = factories.account()
    factories.membership(who)
    special = factories.membership(who)
    assert special.organisation
    factories.own_password(who, special.organisation)
    done = signed_in(who)

    verified = seats.switch(done.session, special.id, VISITOR)
    assert verified.offers == []
    assert isinstance(verified.refused[0].refusal, WrongPassword)
    offer = sign_in.verify_another_password(verified.secret, special.id, OWN_PASSWORD, VISITOR)
    joined = sign_in.proceed(offer.handle, VISITOR)

    assert isinstance(joined, SignedIn)
    assert joined.session.id == done.session.id


def test_a_session_of_an_own_password_switches_nowhere_without_the_accounts() -> None:
    who = factories.account()
    common, special = factories.membership(who), factories.membership(who)
    assert special.organisation
    factories.own_password(who, special.organisation)
    done = signed_in(who, OWN_PASSWORD)

    [refused] = seats.switch(done.session, common.id, VISITOR).refused

    assert isinstance(refused.refusal, WrongPassword)


def test_a_hundred_organisations_are_a_hundred_ways_in() -> None:
    who = factories.account()
    for _ in range(100):
        factories.membership(who)

    verified = sign_in.verify_password(who.email or "", PASSWORD, VISITOR)

    assert len(verified.offers) == len(memberships.of(who.id)) == 100


def test_only_the_chosen_organisation_is_tried_where_one_is_named() -> None:
    who = factories.account()
    places = [factories.organisation() for _ in range(7)]
    for place in places:
        factories.membership(who, place)
        factories.own_password(who, place, f"{OWN_PASSWORD} {place.name}")
    last = places[-1]
    password = f"{OWN_PASSWORD} {last.name}"

    verified = sign_in.verify_password(who.email or "", password, VISITOR, at=last.id)

    assert [offer.membership.organisation for offer in verified.offers if offer.membership] == [
        last
    ]


def test_no_refusal_leaves_a_session_behind() -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    handle = sent_a_pin(who).handle

    for code in ("", "12345", "abcdef", "\uff11\uff12\uff13\uff14\uff15\uff16"):
        with pytest.raises(Refusal):
            sign_in.answer(handle, code, VISITOR)

    assert db.session().scalars(select(Session)).all() == []
