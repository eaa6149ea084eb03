"""Sessions: how long they live, what they may do, and how they end."""

from datetime import timedelta

import pytest

from app import db
from app.clock import now
from app.errors import NotFound, ProofRequired, TicketRefused
from app.models import Account, Interface, OrganisationSettings, Role, Session
from app.operations import opening, seats, sessions, sign_in
from app.operations.sign_in import PinWanted, SignedIn
from app.operations.visitor import Visitor
from app.security.tokens import digest
from tests import factories
from tests.conftest import Clock
from tests.factories import OWN_PASSWORD, PASSWORD, VISITOR

pytestmark = pytest.mark.usefixtures("portal")


def signed_in(
    who: Account, password: str = PASSWORD, *, keep: bool = False, visitor: Visitor = VISITOR
) -> SignedIn:
    verified = sign_in.verify_password(who.email or "", password, visitor, keep=keep)
    step = sign_in.proceed(verified.offers[0].handle, visitor)
    if isinstance(step, PinWanted):
        step = sign_in.answer(step.handle, factories.latest_words("pin")["pin"], visitor)
    assert isinstance(step, SignedIn)
    return step


def lives(bearer: str) -> bool:
    try:
        sessions.find(bearer)
    except TicketRefused:
        return False
    return True


def test_only_the_digest_of_a_bearer_is_kept() -> None:
    done = signed_in(factories.account())

    assert done.session.digest == digest(done.bearer)
    assert len(done.bearer) == 43


def test_a_session_ends_after_an_hour_unused(clock: Clock) -> None:
    done = signed_in(factories.account())

    clock.advance(timedelta(minutes=59))
    assert lives(done.bearer)
    clock.advance(timedelta(minutes=59))
    assert lives(done.bearer)
    clock.advance(timedelta(hours=1))
    assert not lives(done.bearer)


def test_a_session_ends_after_a_day_however_busy(clock: Clock) -> None:
    done = signed_in(factories.account())

    for _ in range(47):
        clock.advance(timedelta(minutes=30))
        assert lives(done.bearer)
    clock.advance(timedelta(minutes=30))

    assert not lives(done.bearer)


def test_a_kept_session_lives_thirty_days_and_no_longer(clock: Clock) -> None:
    done = signed_in(factories.account(), keep=True)

    clock.advance(timedelta(days=29, hours=23))
    assert lives(done.bearer)
    clock.advance(timedelta(hours=1))

    assert not lives(done.bearer)


def test_an_organisation_may_end_sessions_sooner(clock: Clock) -> None:
    who = factories.account()
    factories.membership(who, factories.organisation(sessionHours=2))
    done = signed_in(who, keep=True)

    clock.advance(timedelta(hours=2))

    assert not lives(done.bearer)


def test_suspending_the_account_ends_its_sessions_at_once() -> None:
    who = factories.account()
    done = signed_in(who)

    who.suspended_at = now()
    db.session().commit()

    assert not lives(done.bearer)


def test_a_seat_needs_the_policy_to_hold_still() -> None:
    who = factories.account()
    place = factories.organisation()
    factories.membership(who, place)
    done = signed_in(who)
    assert sessions.seat(done.session, place.id, Role.STUDENT).session_id == done.session.id

    place.settings = OrganisationSettings(mfaForStudents=True)
    db.session().commit()

    with pytest.raises(NotFound):
        sessions.seat(done.session, place.id, Role.STUDENT)


def test_a_seat_is_good_for_its_organisation_and_role_only() -> None:
    who = factories.account()
    place = factories.organisation()
    factories.membership(who, place)
    done = signed_in(who)

    for organisation_id, role in (
        (place.id, Role.TEACHER),
        (factories.organisation().id, Role.STUDENT),
    ):
        with pytest.raises(NotFound):
            sessions.seat(done.session, organisation_id, role)


def test_the_accounts_password_and_strictest_factor_prove_the_account() -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())

    sessions.require_account_proof(signed_in(who).session)


def test_an_own_password_never_proves_the_account() -> None:
    who = factories.account()
    special = factories.membership(who)
    assert special.organisation
    factories.own_password(who, special.organisation)

    with pytest.raises(ProofRequired):
        sessions.require_account(signed_in(who, OWN_PASSWORD).session)


def test_confirming_renews_the_proof_and_the_bearer(clock: Clock) -> None:
    who = factories.account()
    done = signed_in(who)
    clock.advance(timedelta(minutes=11))
    with pytest.raises(ProofRequired):
        sessions.require_account_proof(done.session)

    offer = seats.verify_again(done.session, PASSWORD, VISITOR)
    again = sign_in.proceed(offer.handle, VISITOR)

    assert isinstance(again, SignedIn)
    assert again.session.id == done.session.id
    assert not lives(done.bearer)
    sessions.require_account_proof(sessions.find(again.bearer))


def test_confirming_asks_the_strictest_factor() -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    done = signed_in(who)

    offer = seats.verify_again(done.session, PASSWORD, VISITOR)

    assert isinstance(sign_in.proceed(offer.handle, VISITOR), PinWanted)


def test_signing_out_kills_the_bearer() -> None:
    done = signed_in(factories.account())

    sessions.end(done.session, VISITOR)

    assert not lives(done.bearer)


def test_one_ends_ones_own_sessions_only() -> None:
    who, other = factories.account(), factories.account()
    here, elsewhere, foreign = signed_in(who), signed_in(who), signed_in(other)

    sessions.end_one(here.session, elsewhere.session.id, VISITOR)
    with pytest.raises(NotFound):
        sessions.end_one(here.session, foreign.session.id, VISITOR)

    assert (lives(here.bearer), lives(elsewhere.bearer), lives(foreign.bearer)) == (
        True,
        False,
        True,
    )


def test_ending_all_others_leaves_this_one() -> None:
    who = factories.account()
    here, *others = [signed_in(who) for _ in range(4)]

    assert sessions.end_others(here.session, VISITOR) == 3

    assert lives(here.bearer)
    assert not any(lives(each.bearer) for each in others)


def test_an_account_keeps_fifty_sessions_and_loses_the_idlest(clock: Clock) -> None:
    who = factories.account()
    bearers = []
    for _ in range(opening.MOST_SESSIONS + 2):
        clock.advance(timedelta(seconds=1))
        bearers.append(signed_in(who).bearer)

    assert not lives(bearers[0])
    assert not lives(bearers[1])
    assert lives(bearers[2])
    assert factories.sessions_open() == opening.MOST_SESSIONS


def test_each_interface_has_its_lifetime() -> None:
    who = factories.account()

    for interface, lifetime in opening.LIFETIMES.items():
        row: Session = signed_in(who, visitor=Visitor(interface, "192.0.2.1")).session
        assert abs(row.expires_at - row.opened_at - lifetime) < timedelta(seconds=1)
        assert (row.idle_limit == timedelta(hours=1)) == (interface is Interface.PAGES)
