"""An account's passkeys: making, naming, and taking them away."""

import uuid
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import db
from app.errors import (
    AlreadyExists,
    FactorDemanded,
    NotFound,
    ProofRequired,
    Refusal,
    TicketRefused,
    WrongCode,
)
from app.models import Account, AuditEvent, Factor, Passkey, PasskeyChallenge, Session
from app.operations import passkeys, recovery_codes, sessions, sign_in
from app.operations.sign_in import PasskeyWanted, SignedIn
from app.security.tokens import digest
from tests import factories
from tests.authenticator import EDDSA, ES256, PRESENT, RS256, Authenticator, changed, encoded
from tests.conftest import Clock
from tests.factories import OWN_PASSWORD, PASSWORD, VISITOR
from tests.operations.signing_in import signed_in
from tests.operations.test_races import FIFTY, WON, at_once
from tests.operations.with_passkeys import (
    added,
    by_recovery_code,
    confirmed,
    owner,
    proved,
    recovery_code,
)

pytestmark = pytest.mark.usefixtures("portal")

TEN_MINUTES = timedelta(minutes=10)


def names(who: Account) -> list[str]:
    db.session().rollback()
    mine = select(Passkey.name).where(Passkey.account_id == who.id).order_by(Passkey.created_at)
    return list(db.session().scalars(mine))


def events(who: Account) -> list[str]:
    mine = (
        select(AuditEvent.what).where(AuditEvent.account_id == who.id).order_by(AuditEvent.position)
    )
    return [what for what in db.session().scalars(mine) if what.startswith("passkey")]


def only(who: Account) -> Passkey:
    return db.session().scalars(select(Passkey).where(Passkey.account_id == who.id)).one()


def challenges() -> int:
    db.session().rollback()
    return db.session().scalar(select(func.count()).select_from(PasskeyChallenge)) or 0


@pytest.mark.parametrize("algorithm", [ES256, EDDSA, RS256])
def test_a_passkey_is_added_and_asked_for_from_then_on(algorithm: int) -> None:
    who = factories.account()
    session = proved(who)

    added(session, "Blue key", algorithm=algorithm)

    assert names(who) == ["Blue key"]
    assert events(who) == ["passkey_added"]
    assert len(factories.mails("passkey_added")) == 1
    assert challenges() == 0
    offer = sign_in.verify_password(who.email or "", PASSWORD, VISITOR).offers[0]
    assert isinstance(sign_in.proceed(offer.handle, VISITOR), PasskeyWanted)


def test_what_is_kept_of_a_passkey_is_what_the_authenticator_said() -> None:
    who = factories.account()
    holder = added(proved(who))

    kept = only(who)

    assert kept.transports == "internal hybrid"
    assert kept.sign_count == 1
    assert kept.last_used_at is None
    assert not kept.backed_up
    assert holder.user_handle == who.id.bytes


def test_the_session_that_adds_one_goes_on_with_a_new_bearer_and_the_others_end() -> None:
    who = factories.account()
    elsewhere = signed_in(who)
    session = proved(who)
    holder = Authenticator()
    credential = holder.make(passkeys.options(session))

    bearer = passkeys.add(session, "Blue key", credential, VISITOR)

    assert bearer
    assert sessions.find(bearer).id == session.id
    assert [each.id for each in sessions.all_of(who)] == [session.id]
    with pytest.raises(TicketRefused):
        sessions.find(elsewhere.bearer)
    sessions.require_account_proof(session)
    assert session.factor is Factor.PASSKEY


def test_the_seats_of_that_session_stay() -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    session = proved(who)
    assert len(sessions.seats_of(session)) == 1

    added(session)

    assert len(sessions.seats_of(session)) == 1


def test_the_first_strong_factor_brings_recovery_codes_and_the_next_leaves_them() -> None:
    who = factories.account()
    session = proved(who)

    added(session)
    first = recovery_codes.sheet_of(session)
    added(session, "Red key")

    assert len(first) == recovery_codes.SIZE
    assert recovery_codes.sheet_of(session) == first
    assert names(who) == ["Blue key", "Red key"]


def test_a_stolen_password_alone_adds_nothing() -> None:
    session = signed_in(factories.account()).session

    with pytest.raises(ProofRequired) as refused:
        passkeys.options(session)
    assert refused.value.by_mail
    with pytest.raises(ProofRequired):
        passkeys.add(session, "Mine now", "{}", VISITOR)


def test_adding_needs_a_fresh_proof(clock: Clock) -> None:
    session = proved(factories.account())
    holder = Authenticator()
    credential = holder.make(passkeys.options(session))

    clock.advance(TEN_MINUTES)

    with pytest.raises(ProofRequired):
        passkeys.options(session)
    with pytest.raises(ProofRequired):
        passkeys.add(session, "Too late", credential, VISITOR)


def test_a_session_that_holds_a_mere_seat_changes_nothing() -> None:
    who, _ = owner()
    place = factories.organisation()
    factories.membership(who, place)
    factories.own_password(who, place)
    offers = sign_in.verify_password(who.email or "", OWN_PASSWORD, VISITOR).offers
    sign_in.proceed(offers[0].handle, VISITOR)
    done = sign_in.answer(offers[0].handle, recovery_code(who), VISITOR)
    assert isinstance(done, SignedIn)

    for act in (
        lambda: passkeys.options(done.session),
        lambda: passkeys.of(done.session),
        lambda: passkeys.rename(done.session, only(who).id, "Mine", VISITOR),
        lambda: passkeys.remove(done.session, only(who).id, VISITOR),
    ):
        with pytest.raises(ProofRequired):
            act()


def test_a_challenge_lasts_five_minutes(clock: Clock) -> None:
    session = proved(factories.account())
    in_time, late = Authenticator(), Authenticator()

    options = passkeys.options(session)
    clock.advance(PasskeyChallenge.LIFETIME - timedelta(seconds=1))
    passkeys.add(session, "In time", in_time.make(options), VISITOR)
    confirmed(session, in_time)
    options = passkeys.options(session)
    clock.advance(PasskeyChallenge.LIFETIME)

    with pytest.raises(WrongCode):
        passkeys.add(session, "Too late", late.make(options), VISITOR)


def test_a_challenge_is_answered_once_rightly_or_not() -> None:
    session = proved(factories.account())
    options = passkeys.options(session)

    with pytest.raises(WrongCode):
        passkeys.add(session, "Nobody", Authenticator(flags=PRESENT).make(options), VISITOR)
    with pytest.raises(WrongCode):
        passkeys.add(session, "Again", Authenticator().make(options), VISITOR)

    assert challenges() == 0


def test_only_the_digest_of_a_challenge_is_kept() -> None:
    session = proved(factories.account())

    challenge = passkeys.options(session)["challenge"]

    row = db.session().scalars(select(PasskeyChallenge)).one()
    assert row.digest == digest(challenge)
    assert challenge not in {str(value) for value in vars(row).values()}


def test_a_new_challenge_takes_the_place_of_the_one_before() -> None:
    session = proved(factories.account())

    old = passkeys.options(session)
    passkeys.options(session)

    assert challenges() == 1
    with pytest.raises(WrongCode):
        passkeys.add(session, "Old", Authenticator().make(old), VISITOR)


def test_a_challenge_of_another_session_or_account_adds_nothing() -> None:
    who = factories.account()
    mine, other, stranger = proved(who), proved(who), proved(factories.account())

    for elsewhere in (other, stranger):
        credential = Authenticator().make(passkeys.options(elsewhere))
        with pytest.raises(WrongCode):
            passkeys.add(mine, "Borrowed", credential, VISITOR)


def test_a_passkey_belongs_to_one_account() -> None:
    holder = added(proved(factories.account()))
    second = factories.account()
    session = proved(second)

    with pytest.raises(AlreadyExists):
        passkeys.add(session, "Mine too", holder.make(passkeys.options(session)), VISITOR)

    assert names(second) == []
    assert factories.mails("passkey_added")[-1].account_id != second.id


def test_whoever_adds_one_is_told_which_are_there_already() -> None:
    session = proved(factories.account())
    holder = added(session)

    [known] = passkeys.options(session)["excludeCredentials"]

    assert known["id"] == encoded(holder.credential_id)
    assert known["transports"] == ["internal", "hybrid"]


def test_there_is_room_for_so_many() -> None:
    session = proved(factories.account())
    added(session)
    for _ in range(passkeys.MOST - 1):
        factories.passkey_of(session.account, Authenticator())

    with pytest.raises(Refusal) as refused:
        added(session)

    assert refused.value.reason == "refused"
    assert len(passkeys.of(session)) == passkeys.MOST


def test_a_broken_answer_is_refused_and_keeps_nothing() -> None:
    who = factories.account()
    session = proved(who)

    values: list[object] = [None, "", "AAAA", 7, {}]
    for value in values:
        credential = Authenticator().make(passkeys.options(session))
        broken = changed(credential, "response/attestationObject", value)
        with pytest.raises(WrongCode):
            passkeys.add(session, "Broken", broken, VISITOR)

    assert names(who) == []
    assert factories.mails("passkey_added") == []


def test_a_passkey_gets_another_name() -> None:
    who, _ = owner()
    session = by_recovery_code(who)

    passkeys.rename(session, only(who).id, "Red key", VISITOR)

    assert [each.name for each in passkeys.of(session)] == ["Red key"]
    assert events(who) == ["passkey_renamed"]


def test_nobody_renames_or_removes_anothers() -> None:
    who, _ = owner()
    session = proved(factories.account())

    for passkey_id in (only(who).id, uuid.uuid4()):
        with pytest.raises(NotFound):
            passkeys.find(session, passkey_id)
        with pytest.raises(NotFound):
            passkeys.rename(session, passkey_id, "Mine", VISITOR)
        with pytest.raises(NotFound):
            passkeys.remove(session, passkey_id, VISITOR)

    assert names(who) == ["Blue key"]


def test_the_last_one_takes_the_recovery_codes_with_it() -> None:
    who = factories.account()
    session = proved(who)
    added(session)
    elsewhere = by_recovery_code(who).id

    bearer = passkeys.remove(session, only(who).id, VISITOR)

    assert names(who) == []
    assert recovery_codes.left(who) == 0
    assert bearer
    assert [each.id for each in sessions.all_of(who)] == [sessions.find(bearer).id] == [session.id]
    assert elsewhere not in {each.id for each in sessions.all_of(who)}
    assert events(who) == ["passkey_added", "passkey_removed"]
    assert len(factories.mails("passkey_removed")) == 1


def test_one_of_two_leaves_the_recovery_codes() -> None:
    who = factories.account()
    session = proved(who)
    added(session)
    added(session, "Red key")

    passkeys.remove(session, passkeys.of(session)[0].id, VISITOR)

    assert names(who) == ["Red key"]
    assert recovery_codes.left(who) == recovery_codes.SIZE


def test_removing_needs_a_fresh_proof(clock: Clock) -> None:
    who = factories.account()
    session = proved(who)
    added(session)

    clock.advance(TEN_MINUTES)

    with pytest.raises(ProofRequired):
        passkeys.remove(session, only(who).id, VISITOR)


def test_what_an_organisation_demands_is_not_given_up() -> None:
    who = factories.account()
    session = proved(who)
    added(session)
    factories.membership(who, factories.organisation(factorForStudents="app"))

    with pytest.raises(FactorDemanded):
        passkeys.remove(session, only(who).id, VISITOR)
    added(session, "Red key")
    passkeys.remove(session, passkeys.of(session)[0].id, VISITOR)

    assert names(who) == ["Red key"]


def test_beside_an_app_the_last_passkey_may_go() -> None:
    who = factories.account()
    session = proved(who)
    added(session)
    factories.app_of(who)
    factories.membership(who, factories.organisation(factorForStudents="app"))

    passkeys.remove(session, only(who).id, VISITOR)

    assert names(who) == []
    assert recovery_codes.left(who) == recovery_codes.SIZE


def test_one_challenge_adds_one_passkey(portal: Flask) -> None:
    who = factories.account()
    session = proved(who)
    session_id, options = session.id, passkeys.options(session)
    made = [Authenticator().make(options) for _ in range(FIFTY)]
    db.session().rollback()

    def add(number: int) -> None:
        mine = db.session().get_one(Session, session_id)
        passkeys.add(mine, f"Key {number}", made[number], VISITOR)

    ended = at_once(portal, add)

    assert ended == {WON: 1, "wrong_code": FIFTY - 1}
    assert len(names(who)) == 1


def test_one_passkey_on_two_accounts_at_once_belongs_to_one(portal: Flask) -> None:
    holder = Authenticator()
    people = [proved(factories.account()).id for _ in range(8)]
    asked = [passkeys.options(db.session().get_one(Session, each)) for each in people]
    made = [holder.make(options) for options in asked]
    db.session().rollback()

    def add(number: int) -> None:
        mine = db.session().get_one(Session, people[number])
        passkeys.add(mine, "Shared", made[number], VISITOR)

    ended = at_once(portal, add, len(people))

    assert ended == {WON: 1, "already_exists": len(people) - 1}
