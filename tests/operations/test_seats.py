"""One more seat in a live session: what proves it, and what it proves."""

from datetime import timedelta

import pytest

from app import db
from app.errors import NotFound, ProofRequired, TicketRefused, WrongPassword
from app.models import Factor, OrganisationSettings, Role
from app.operations import administration, seats, sessions, sign_in, step_up
from app.operations.sign_in import PinWanted, SignedIn
from tests import factories
from tests.conftest import Clock
from tests.factories import OWN_PASSWORD, PASSWORD, VISITOR
from tests.operations.signing_in import signed_in, taken

pytestmark = pytest.mark.usefixtures("portal")

MINUTE = timedelta(minutes=1)


def test_another_accounts_membership_is_no_way_in() -> None:
    foreign = factories.membership(factories.account())
    session = signed_in(factories.account()).session

    with pytest.raises(TicketRefused):
        seats.switch(session, foreign.id, VISITOR)


def test_a_seat_of_another_session_proves_nothing_in_this_one() -> None:
    who, place = factories.account(), factories.organisation()
    factories.membership(who)
    special = factories.membership(who, place)
    factories.own_password(who, place)
    signed_in(who, OWN_PASSWORD)

    verified = seats.switch(signed_in(who).session, special.id, VISITOR)

    assert verified.offers == []
    assert isinstance(verified.refused[0].refusal, WrongPassword)


def test_a_seat_without_a_password_renews_no_proof_and_knows_no_device(clock: Clock) -> None:
    who = factories.account()
    first = factories.membership(who)
    done = signed_in(who)
    other = factories.membership(who)
    clock.advance(35 * MINUTE)

    [offer] = seats.switch(done.session, other.id, VISITOR).offers
    joined = taken(offer)

    assert {seat.membership for seat in sessions.seats_of(joined.session)} == {first, other}
    assert joined.device == ""
    with pytest.raises(ProofRequired):
        sessions.require_account_proof(joined.session)


@pytest.mark.parametrize(("minutes", "step"), [(9, SignedIn), (11, PinWanted)])
def test_a_pin_is_asked_again_at_the_next_seat_after_ten_minutes(
    minutes: int, step: type[SignedIn | PinWanted], clock: Clock
) -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    session = signed_in(who).session
    other = factories.membership(who, factories.pin_organisation())
    clock.advance(minutes * MINUTE)

    [offer] = seats.switch(session, other.id, VISITOR).offers

    assert isinstance(sign_in.proceed(offer.handle, VISITOR), step)


def test_a_pin_of_eleven_minutes_ago_does_not_help_to_prove_the_account(clock: Clock) -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    session = signed_in(who).session
    clock.advance(11 * MINUTE)

    offer = seats.verify_again(session, PASSWORD, VISITOR)

    assert offer.factor is Factor.PIN
    assert isinstance(sign_in.proceed(offer.handle, VISITOR), PinWanted)
    for require in (sessions.require_account_proof, step_up.require):
        with pytest.raises(ProofRequired):
            require(session)


def test_a_pin_of_eleven_minutes_ago_is_no_part_of_a_seat_taken_now(clock: Clock) -> None:
    who, place = factories.account(), factories.organisation()
    factories.membership(who, factories.pin_organisation())
    session = signed_in(who).session
    easy = factories.membership(who, place)
    clock.advance(11 * MINUTE)
    [offer] = seats.switch(session, easy.id, VISITOR).offers
    taken(offer)

    place.settings = OrganisationSettings(mfaForStudents=True)
    db.session().commit()

    with pytest.raises(NotFound):
        sessions.seat(session, place.id, Role.STUDENT)


def test_a_policy_that_was_tightened_asks_for_a_new_proof_of_the_account() -> None:
    who, place = factories.account(), factories.organisation()
    factories.membership(who, place)
    session = signed_in(who).session
    sessions.require_account(session)

    place.settings = OrganisationSettings(mfaForStudents=True)
    db.session().commit()

    with pytest.raises(ProofRequired):
        sessions.require_account(session)


def test_no_seat_lengthens_a_session() -> None:
    who = factories.account()
    factories.membership(who, factories.organisation(sessionHours=2))
    session = signed_in(who).session
    ends = session.expires_at
    patient = factories.membership(who, factories.organisation(sessionHours=720))

    [offer] = seats.switch(session, patient.id, VISITOR).offers

    assert taken(offer).session.expires_at == ends


def test_a_shorter_time_at_an_organisation_counts_for_whoever_sits_there(clock: Clock) -> None:
    who = factories.account()
    place = factories.organisation(sessionHours=720)
    factories.membership(who, place)
    session = signed_in(who).session

    administration.change_settings(place, {"sessionHours": "1"}, VISITOR)

    clock.advance(timedelta(minutes=59))
    assert sessions.find_by_id(session.id)
    clock.advance(timedelta(minutes=2))
    with pytest.raises(TicketRefused):
        sessions.find_by_id(session.id)
