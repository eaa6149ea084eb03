"""Passkeys instead of a password."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from app import db
from app.clock import now
from app.errors import (
    AccountSuspended,
    MembershipLocked,
    NotActivated,
    NoWayIn,
    OrganisationSuspended,
    ProofRequired,
    Refusal,
    TicketRefused,
    TooManyTries,
    WrongCode,
    WrongPassword,
)
from app.models import (
    Account,
    AuditEvent,
    Factor,
    Membership,
    Organisation,
    Passkey,
    PasskeyChallenge,
    Password,
)
from app.operations import (
    lockout,
    passkey_answers,
    passkey_challenges,
    passkey_step,
    purging,
    sessions,
    sign_in,
)
from app.operations.passkey_challenges import OF_STRANGERS
from app.operations.sign_in import SignedIn
from tests import factories
from tests.authenticator import Authenticator
from tests.conftest import Clock
from tests.factories import OWN_PASSWORD, PASSWORD, STRANGER, VISITOR
from tests.operations.signing_in import fail, from_elsewhere
from tests.operations.test_races import FIFTY, WON, at_once
from tests.operations.with_passkeys import (
    asked,
    by_recovery_code,
    opened,
    owner,
    shown,
)

pytestmark = pytest.mark.usefixtures("portal")

JUNK = '{"id": "AAAA"}'
MINUTE = timedelta(minutes=1)


def events(what: str) -> list[AuditEvent]:
    named = select(AuditEvent).where(AuditEvent.what == what)
    return list(db.session().scalars(named.order_by(AuditEvent.position)))


def suspended_place() -> Organisation:
    place = factories.organisation()
    place.suspended_at = now()
    return factories.saved(place)


def test_a_passkey_alone_opens_every_membership_without_a_password_of_its_own() -> None:
    who, holder = owner()
    plain = factories.membership(who)
    strict = factories.membership(who, factories.organisation(factorForStudents="app"))
    own, shut = factories.organisation(), suspended_place()
    factories.own_password(who, own)
    other, suspended = (factories.membership(who, place) for place in (own, shut))

    verified = shown(holder)

    assert {each.membership and each.membership.id for each in verified.offers} == {
        plain.id,
        strict.id,
    }
    assert {offer.factor for offer in verified.offers} == {Factor.NONE}
    reasons = {way.membership.id: type(way.refusal) for way in verified.refused}
    assert reasons[other.id] is WrongPassword
    assert reasons[suspended.id] is OrganisationSuspended


def test_it_stands_for_password_and_factor() -> None:
    who, holder = owner()
    factories.membership(who, factories.organisation(factorForStudents="app"))

    done = opened(holder)

    assert done.session.factor is Factor.PASSKEY
    sessions.require_account_proof(done.session)
    [seat] = sessions.seats_of(done.session)
    assert seat.password_id is None
    assert seat.factor is Factor.PASSKEY
    [event] = events("signed_in")
    assert event.details["factor"] == "passkey"
    assert done.device


def test_whoever_belongs_nowhere_comes_in_by_the_account() -> None:
    _, holder = owner()

    verified = shown(holder)

    assert [offer.membership for offer in verified.offers] == [None]
    sessions.require_account_proof(opened(holder).session)


def test_a_session_may_be_kept() -> None:
    _, holder = owner()

    kept = sign_in.proceed(shown(holder, keep=True).offers[0].handle, VISITOR)

    assert isinstance(kept, SignedIn)
    assert kept.session.expires_at > now() + timedelta(days=29)


def test_where_another_password_stands_it_is_asked_for_next_and_no_factor_more() -> None:
    who, holder = owner()
    place = factories.organisation(factorForStudents="app")
    factories.own_password(who, place)
    membership = factories.membership(who, place)

    verified = shown(holder)
    assert verified.offers == []
    [again] = sign_in.look_again(verified.secret, VISITOR).refused
    assert isinstance(again.refusal, WrongPassword)
    with pytest.raises(WrongPassword):
        sign_in.verify_another_password(verified.secret, membership.id, PASSWORD, VISITOR)
    offer = sign_in.verify_another_password(verified.secret, membership.id, OWN_PASSWORD, VISITOR)
    done = sign_in.proceed(offer.handle, VISITOR)

    assert isinstance(done, SignedIn)
    [seat] = sessions.seats_of(done.session)
    assert seat.password_id is not None
    with pytest.raises(ProofRequired):
        sessions.require_account(done.session)


def test_an_organisations_password_that_comes_meanwhile_shuts_that_way() -> None:
    who, holder = owner()
    place = factories.organisation()
    factories.membership(who, place)
    [offer] = shown(holder).offers

    factories.own_password(who, place)

    with pytest.raises(TicketRefused):
        sign_in.proceed(offer.handle, VISITOR)


def _deleted(table: type[Passkey | Membership], who: Account) -> None:
    db.session().execute(delete(table).where(table.account_id == who.id))


def _done_now(column: InstrumentedAttribute[Any]) -> None:
    db.session().execute(update(column.class_).values({column: now()}))


CHANGES: dict[str, Callable[[Account], object]] = {
    "the passkey removed": lambda who: _deleted(Passkey, who),
    "the membership removed": lambda who: _deleted(Membership, who),
    "the account suspended": lambda _: _done_now(Account.suspended_at),
    "the organisation suspended": lambda _: _done_now(Organisation.suspended_at),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_changed_meanwhile_counts(change: Callable[[Account], object]) -> None:
    who, holder = owner()
    factories.membership(who)
    [offer] = shown(holder).offers

    change(who)
    db.session().commit()

    with pytest.raises(TicketRefused):
        sign_in.proceed(offer.handle, VISITOR)
    assert factories.sessions_open() == 0


def test_a_new_password_changes_nothing_for_a_passkey() -> None:
    who, holder = owner()
    factories.membership(who)
    [offer] = shown(holder).offers

    db.session().execute(update(Password).values(changed_at=now() + MINUTE))
    db.session().commit()

    assert isinstance(sign_in.proceed(offer.handle, VISITOR), SignedIn)


def test_an_account_that_is_shut_stays_shut() -> None:
    never, late = factories.account(activated=False), factories.account()
    holders = [factories.passkey_of(who, Authenticator()) for who in (never, late)]
    late.suspended_at = now()
    db.session().commit()

    with pytest.raises(NotActivated):
        shown(holders[0])
    with pytest.raises(AccountSuspended):
        shown(holders[1])

    assert [event.account_id for event in events("sign_in_failed")] == [never.id, late.id]


def test_an_account_that_is_gone_has_no_passkeys() -> None:
    who, holder = owner()
    db.session().delete(who)
    db.session().commit()

    with pytest.raises(WrongCode):
        shown(holder)


def test_nowhere_to_go_is_no_way_in() -> None:
    who, holder = owner()
    factories.membership(who, suspended_place())

    with pytest.raises(NoWayIn):
        shown(holder)


def test_whoever_is_asked_for_any_passkey_names_the_account() -> None:
    _, holder = owner()
    for user_handle in (b"", factories.account().id.bytes):
        holder.user_handle = user_handle
        with pytest.raises(WrongCode):
            shown(holder)


def test_no_lock_of_a_password_stops_a_passkey() -> None:
    who, holder = owner()
    factories.membership(who, factories.organisation(settings={"maxFailedSignInAttempts": 1}))
    fail(who.email, 12)
    with pytest.raises(Refusal) as refused:
        sign_in.verify_password(who.email or "", PASSWORD, VISITOR)
    assert refused.value.reason in {"locked", MembershipLocked.reason}

    assert opened(holder)


def test_answers_of_another_kind_open_nothing() -> None:
    who, holder = owner()
    session = by_recovery_code(who)
    handle = asked(who)
    at_second_step = holder.use(passkey_step.options_at_second_step(handle))
    confirming = holder.use(passkey_step.options_to_confirm(session))
    anybody = holder.use(passkey_answers.options_for_anybody(VISITOR))

    for credential in (at_second_step, confirming):
        with pytest.raises(WrongCode):
            sign_in.verify_passkey(credential, VISITOR)
    with pytest.raises(WrongCode):
        sign_in.answer(handle, anybody, VISITOR)
    with pytest.raises(WrongCode):
        passkey_step.verify_passkey_again(session, anybody, VISITOR)
    with pytest.raises(WrongCode):
        passkey_step.verify_passkey_again(session, at_second_step, VISITOR)
    assert sign_in.verify_passkey(anybody, VISITOR)


def test_failures_count_against_the_network() -> None:
    _, holder = owner()

    for _ in range(lockout.NETWORK.tries):
        with pytest.raises(WrongCode):
            sign_in.verify_passkey(JUNK, STRANGER)

    with pytest.raises(TooManyTries):
        shown(holder, STRANGER)
    assert shown(holder, from_elsewhere(3))


def test_success_is_not_counted() -> None:
    _, holder = owner()

    for _ in range(lockout.NETWORK.tries + 1):
        assert shown(holder)


def test_challenges_for_one_network_are_so_many(clock: Clock) -> None:
    for _ in range(OF_STRANGERS.tries):
        passkey_answers.options_for_anybody(STRANGER)

    with pytest.raises(TooManyTries) as refused:
        passkey_answers.options_for_anybody(STRANGER)
    assert refused.value.retry_after > 0
    assert passkey_answers.options_for_anybody(VISITOR)
    clock.advance(OF_STRANGERS.lock)
    assert passkey_answers.options_for_anybody(STRANGER)


def test_challenges_are_not_counted_where_limits_over_time_are_lifted(
    change_settings: Callable[..., None],
) -> None:
    change_settings(rate_limits=False)

    for _ in range(OF_STRANGERS.tries + 1):
        passkey_challenges.issue_to_anybody("192.0.2.0/24")


def test_old_challenges_are_purged(clock: Clock) -> None:
    passkey_answers.options_for_anybody(VISITOR)
    clock.advance(4 * MINUTE)
    passkey_answers.options_for_anybody(VISITOR)

    clock.advance(MINUTE)
    assert purging.purge()["passkey_challenges"] == 1

    left = db.session().scalar(select(func.count()).select_from(PasskeyChallenge))
    assert left == 1


def test_one_challenge_for_anybody_is_answered_once(portal: Flask) -> None:
    _, holder = owner()
    credential = holder.use(passkey_answers.options_for_anybody(VISITOR))

    def answer(number: int) -> None:
        sign_in.verify_passkey(credential, from_elsewhere(number))

    ended = at_once(portal, answer)

    assert ended == {WON: 1, "wrong_code": FIFTY - 1}


def test_one_count_is_used_once(portal: Flask) -> None:
    _, holder = owner(counts=False, count=7)
    challenged = [passkey_answers.options_for_anybody(VISITOR) for _ in range(8)]
    holder.count = 8
    credentials = [holder.use(options) for options in challenged]

    def answer(number: int) -> None:
        sign_in.verify_passkey(credentials[number], from_elsewhere(number))

    ended = at_once(portal, answer, len(credentials))

    assert ended == {WON: 1, "wrong_code": len(credentials) - 1}
