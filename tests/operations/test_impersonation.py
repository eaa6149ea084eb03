"""Looking as somebody else: who may, as whom, for how long, and what it leaves alone."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from app import config, db
from app.clock import now
from app.errors import (
    AccountSuspended,
    AlreadyExists,
    NotActivated,
    NotFound,
    OrganisationSuspended,
    OutOfReach,
    ProofRequired,
    Refusal,
    ResendTooSoon,
    TicketRefused,
)
from app.models import (
    Account,
    AuditEvent,
    FailedSignIns,
    Impersonation,
    KnownNetwork,
    Membership,
    Organisation,
    Role,
    Seat,
    Session,
)
from app.operations import (
    access_tokens,
    account_acts,
    account_view,
    impersonation,
    impersonation_ends,
    membership_acts,
    opening,
    passwords,
    purging,
    refreshing,
    seats,
    sessions,
    step_up,
    withdrawal,
)
from app.operations.authority import Administrator
from app.operations.impersonation import LIFETIME, Started
from app.operations.rights import Action
from tests import factories
from tests.conftest import Clock
from tests.factories import OWN_PASSWORD, PASSWORD, STRANGER, VISITOR
from tests.operations.administrators import account_admin, acting, again, events, member, superuser
from tests.operations.signing_in import fail, signed_in
from tests.operations.test_races import WON, at_once

pytestmark = pytest.mark.usefixtures("portal")

WHY = "Ann cannot find her course; she called."


def begin(who: Administrator, other: Account) -> Started:
    return impersonation.start(who, other.id, WHY, VISITOR)


def found(who: Administrator, started: Started) -> Session:
    """Look again, as another request of the administrator's browser does."""
    db.session().rollback()
    db.session().expire_all()
    own = sessions.find_by_id(who.session_id)
    return impersonation.find(own, started.id, started.secret)


def is_over(who: Administrator, started: Started) -> bool:
    try:
        found(who, started)
    except TicketRefused:
        return True
    return False


def refusal(act: Callable[[], object]) -> type[Refusal] | None:
    try:
        act()
    except Refusal as refused:
        return type(refused)
    return None


def how_it_ended() -> list[object]:
    db.session().rollback()
    ended = select(AuditEvent).where(AuditEvent.what == "impersonation_ended")
    return [each.details["reason"] for each in db.session().scalars(ended)]


def under_way() -> int:
    db.session().rollback()
    rows = select(func.count()).select_from(Session).where(Session.impersonation_id.is_not(None))
    return db.session().scalar(rows) or 0


def test_it_is_a_session_of_the_person_that_knows_who_acts() -> None:
    who, other = superuser(), member(Role.STUDENT)

    row = found(who, begin(who, other))

    assert row.account_id == other.id
    assert row.impersonation is not None
    assert row.impersonation.administrator_id == who.account_id
    assert row.impersonation.administrator_session_id == who.session_id
    assert row.impersonation.reason == WHY
    assert row.account_proved_at is None
    assert row.expires_at == row.opened_at + timedelta(minutes=15)


def test_it_is_mailed_with_who_why_how_long_and_whom_to_ask() -> None:
    chief = member(Role.SUPERUSER, name="Sue Super")
    other = member(Role.STUDENT)

    begin(acting(chief), other)

    [mail] = factories.mails("impersonated")
    assert mail.recipient == other.email
    words = factories.words(mail)
    assert words["administrator"] == "Sue Super"
    assert words["contact"] == chief.email
    assert words["reason"] == WHY
    assert words["minutes"] == "15"


def test_somebody_without_an_address_is_looked_at_without_a_mail() -> None:
    who, other = superuser(), factories.account(None, username="generic")

    assert not is_over(who, begin(who, other))
    assert factories.mails("impersonated") == []


def test_nobody_is_looked_at_who_was_sent_too_many_mails_to_be_told() -> None:
    who, other = superuser(), member(Role.STUDENT)
    for _ in range(10):
        impersonation_ends.stop(begin(again(who), other).id, VISITOR)

    assert refusal(lambda: begin(again(who), other)) is ResendTooSoon
    assert under_way() == 0


def test_both_ends_are_recorded_under_both_names_without_the_reason() -> None:
    place = factories.organisation()
    who, other = account_admin(place), member(Role.STUDENT, place)

    started = begin(who, other)
    impersonation_ends.stop(started.id, VISITOR)

    recorded = events(other)
    assert [what for what, _ in recorded] == ["impersonation_started", "impersonation_ended"]
    assert {by.id for _, by in recorded if by} == {who.account_id}
    rows = db.session().scalars(select(AuditEvent).where(AuditEvent.account_id == other.id)).all()
    assert {row.organisation_id for row in rows if row.by_account_id} == {place.id}
    assert WHY not in str([row.details for row in rows])
    told = impersonation_ends.told(rows)
    assert told[str(started.id)].reason == WHY


# Never upwards, never sideways


@pytest.mark.parametrize("role", list(Role))
def test_a_superuser_looks_as_everybody_but_superusers(role: Role) -> None:
    place = None if role is Role.SUPERUSER else factories.organisation()
    who, other = superuser(), member(role, place)

    refused = refusal(lambda: begin(who, other))

    assert refused is (OutOfReach if role is Role.SUPERUSER else None)
    assert under_way() == (0 if role is Role.SUPERUSER else 1)


@pytest.mark.parametrize("role", list(Role))
def test_an_account_admin_looks_as_teachers_and_students_alone(role: Role) -> None:
    place = factories.organisation()
    who, other = account_admin(place), member(Role.STUDENT, place)
    factories.membership(other, None if role is Role.SUPERUSER else place, role) if (
        role is not Role.STUDENT
    ) else None

    refused = refusal(lambda: begin(who, other))

    assert refused is (None if role in {Role.STUDENT, Role.TEACHER} else OutOfReach)


def test_an_account_admin_looks_as_nobody_who_belongs_elsewhere_too() -> None:
    place = factories.organisation()
    who, both, stranger = account_admin(place), member(Role.STUDENT, place), member(Role.STUDENT)
    factories.membership(both)

    assert refusal(lambda: begin(who, both)) is OutOfReach
    assert refusal(lambda: begin(who, stranger)) is NotFound


def test_nobody_looks_as_themselves() -> None:
    chief = member(Role.SUPERUSER)

    assert refusal(lambda: begin(acting(chief), chief)) is OutOfReach


def test_it_takes_a_fresh_proof(clock: Clock) -> None:
    who, other = superuser(), member(Role.STUDENT)
    clock.advance(sessions.STEP_UP)

    assert refusal(lambda: begin(who, other)) is ProofRequired


def test_an_account_that_is_shut_is_not_looked_at() -> None:
    who, waiting, out = superuser(), factories.account(activated=False), member(Role.STUDENT)
    out.suspended_at = now()
    factories.saved(out)

    assert refusal(lambda: begin(who, waiting)) is NotActivated
    assert refusal(lambda: begin(who, out)) is AccountSuspended


def test_where_it_is_switched_off_it_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    who, other = superuser(), member(Role.STUDENT)
    started = begin(who, other)
    off = config.current().model_copy(update={"impersonation": False})
    monkeypatch.setattr(config, "current", lambda: off)

    assert is_over(who, started)
    assert refusal(lambda: begin(who, other)) is NotFound
    assert Action.IMPERSONATE not in account_view.of(who, other.id).offers


def test_it_is_offered_where_it_would_be_done() -> None:
    place = factories.organisation()
    chief, pupil = member(Role.ACCOUNT_ADMIN, place), member(Role.STUDENT, place)
    there, portal = account_admin(place), superuser()

    def offered(who: Administrator, other: Account) -> bool:
        return Action.IMPERSONATE in account_view.of(who, other.id).offers

    assert (offered(there, pupil), offered(there, chief)) == (True, False)
    assert (offered(portal, chief), offered(portal, member(Role.SUPERUSER))) == (True, False)


# One at a time


def test_an_administrator_looks_as_one_at_a_time() -> None:
    who, one, other = superuser(), member(Role.STUDENT), member(Role.STUDENT)
    started = begin(who, one)

    assert refusal(lambda: begin(again(who), other)) is AlreadyExists
    assert refusal(lambda: begin(again(who), one)) is AlreadyExists

    impersonation_ends.stop(started.id, VISITOR)
    assert not is_over(who, begin(again(who), other))


def test_of_many_starts_at_once_one_wins(portal: Flask) -> None:
    who = superuser()
    others = [member(Role.STUDENT).id for _ in range(4)]

    ended = at_once(
        portal,
        lambda n: impersonation.start(again(who), others[n % 4], WHY, VISITOR),
        times=12,
    )

    assert ended == {WON: 1, "already_exists": 11}
    assert under_way() == 1
    assert len(factories.mails("impersonated")) == 1


def test_two_administrators_may_look_as_the_same_person() -> None:
    one, two, other = superuser(), superuser(), member(Role.STUDENT)

    first, second = begin(one, other), begin(two, other)

    assert not is_over(one, first)
    assert not is_over(two, second)


# What ends it


def test_fifteen_minutes_end_it_however_busy_it_is(clock: Clock) -> None:
    who, other = superuser(), member(Role.STUDENT)
    started = begin(who, other)
    for _ in range(14):
        clock.advance(timedelta(minutes=1))
        found(who, started)

    clock.advance(timedelta(minutes=1))

    assert is_over(who, started)
    ended = impersonation_ends.note_end(started.id, VISITOR)
    assert ended is not None
    assert ended.how == "expired"
    assert how_it_ended() == ["expired"]
    assert under_way() == 0


def sign_out(who: Administrator, _other: Account, _at: Organisation) -> None:
    sessions.end(who.session, VISITOR)


def sign_out_elsewhere(who: Administrator, _other: Account, _at: Organisation) -> None:
    chief = db.session().get_one(Account, who.account_id)
    sessions.end_others(signed_in(chief).session, VISITOR)


def change_password(who: Administrator, _other: Account, _at: Organisation) -> None:
    chief = db.session().get_one(Account, who.account_id)
    passwords.change(signed_in(chief).session, PASSWORD, "quite another thing 7", VISITOR)


def suspend_administrator(who: Administrator, _other: Account, at: Organisation) -> None:
    member(Role.ACCOUNT_ADMIN, at)
    account_acts.do(superuser(), Action.SUSPEND, who.account_id, VISITOR)


def lose_the_role(who: Administrator, _other: Account, at: Organisation) -> None:
    member(Role.ACCOUNT_ADMIN, at)
    theirs = select(Membership.id).where(Membership.account_id == who.account_id)
    role = db.session().scalars(theirs).one()
    membership_acts.remove(superuser(), who.account_id, role, VISITOR)


def suspend_person(_who: Administrator, other: Account, _at: Organisation) -> None:
    account_acts.do(superuser(), Action.SUSPEND, other.id, VISITOR)


def promote_person(_who: Administrator, other: Account, at: Organisation) -> None:
    membership_acts.add(superuser(), other.id, Role.ACCOUNT_ADMIN, VISITOR, at.id)


def appoint_person_elsewhere(_who: Administrator, other: Account, _at: Organisation) -> None:
    place = factories.organisation()
    membership_acts.add(superuser(), other.id, Role.STUDENT, VISITOR, place.id)


def take_person_away(_who: Administrator, other: Account, _at: Organisation) -> None:
    db.session().execute(delete(Membership).where(Membership.account_id == other.id))
    db.session().commit()


def remove_person(_who: Administrator, other: Account, _at: Organisation) -> None:
    db.session().execute(delete(Account).where(Account.id == other.id))
    db.session().commit()


def let_removal_come_due(_who: Administrator, other: Account, _at: Organisation) -> None:
    other.removal_due_at = now()
    factories.saved(other)


def suspend_organisation(_who: Administrator, _other: Account, at: Organisation) -> None:
    at.suspended_at = now()
    factories.saved(at)


def end_by_person(_who: Administrator, other: Account, _at: Organisation) -> None:
    theirs = select(Session.id).where(Session.impersonation_id.is_not(None))
    row = db.session().scalars(theirs).one()
    impersonation_ends.end_by_person(signed_in(other).session, row, VISITOR)


ENDINGS = [
    sign_out,
    sign_out_elsewhere,
    change_password,
    suspend_administrator,
    lose_the_role,
    suspend_person,
    promote_person,
    appoint_person_elsewhere,
    take_person_away,
    remove_person,
    let_removal_come_due,
    suspend_organisation,
    end_by_person,
]


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda each: each.__name__)
def test_it_is_over_at_once(
    ending: Callable[[Administrator, Account, Organisation], None],
) -> None:
    place = factories.organisation()
    who, other = account_admin(place), member(Role.STUDENT, place)
    started = begin(who, other)
    assert not is_over(who, started)

    ending(who, other, place)

    assert is_over(who, started)


@pytest.mark.parametrize("ending", [sign_out, suspend_person, end_by_person])
def test_an_end_that_nobody_comes_back_to_is_written_down_once(
    ending: Callable[[Administrator, Account, Organisation], None], clock: Clock
) -> None:
    place = factories.organisation()
    who, other = account_admin(place), member(Role.STUDENT, place)
    begin(who, other)
    ending(who, other, place)
    clock.advance(LIFETIME)

    purging.purge()
    purging.purge()

    assert len(how_it_ended()) == 1
    assert under_way() == 0
    assert db.session().scalars(select(Impersonation)).one().ended_at is not None


def test_only_the_person_ends_it_by_themselves() -> None:
    who, other = superuser(), member(Role.STUDENT)
    started = begin(who, other)
    row = found(who, started)
    stranger = signed_in(member(Role.STUDENT)).session
    own = signed_in(other).session

    for session_id in (row.id, own.id, uuid.uuid4()):
        with pytest.raises(NotFound):
            impersonation_ends.end_by_person(stranger, session_id, VISITOR)
    with pytest.raises(NotFound):
        impersonation_ends.end_by_person(own, own.id, VISITOR)
    assert not is_over(who, started)

    impersonation_ends.end_by_person(own, row.id, VISITOR)
    assert how_it_ended() == ["ended_by_person"]


# What it opens, and what it does not


def test_it_takes_both_secrets_of_the_same_browser() -> None:
    who, other = superuser(), member(Role.STUDENT)
    started = begin(who, other)
    elsewhere = acting(db.session().get_one(Account, who.account_id))

    assert is_over(superuser(), started)
    assert is_over(elsewhere, started)
    assert is_over(who, replace(started, secret="another"))
    assert is_over(who, replace(started, id=uuid.uuid4()))
    assert not is_over(who, started)


def test_no_interface_takes_its_secret_for_a_bearer() -> None:
    who, other = superuser(), member(Role.STUDENT)
    started = begin(who, other)
    row = found(who, started)

    assert refusal(lambda: sessions.find(started.secret)) is TicketRefused
    assert refusal(lambda: access_tokens.find(started.secret)) is TicketRefused
    assert refusal(lambda: access_tokens.find(access_tokens.issue(row))) is TicketRefused
    token = refreshing.begin(row)
    assert refusal(lambda: refreshing.renew(token, VISITOR)) is TicketRefused
    assert refusal(lambda: refreshing.session_of(token)) is TicketRefused


def test_nothing_can_be_proven_in_it() -> None:
    who, other = superuser(), member(Role.STUDENT)
    row = found(who, begin(who, other))
    membership = (
        db.session().scalars(select(Membership.id).where(Membership.account_id == other.id)).one()
    )

    for act in (
        lambda: sessions.require_account(row),
        lambda: sessions.require_account_proof(row),
        lambda: step_up.require(row),
    ):
        assert refusal(act) is ProofRequired
    assert refusal(lambda: seats.verify_again(row, PASSWORD, VISITOR)) is TicketRefused
    assert refusal(lambda: seats.switch(row, membership, VISITOR)) is TicketRefused
    assert refusal(lambda: step_up.send_pin(row, VISITOR)) is TicketRefused
    sessions.require_to_look(row)


@pytest.mark.parametrize("column", ["account_proved_at", "factor_proved_at"])
def test_the_database_refuses_a_proof_in_it(column: str) -> None:
    who, other = superuser(), member(Role.STUDENT)
    row = found(who, begin(who, other))

    with pytest.raises(IntegrityError):
        db.session().execute(update(Session).where(Session.id == row.id).values({column: now()}))
    db.session().rollback()


def test_looking_at_pages_is_for_whoever_met_the_account_or_looks() -> None:
    other = member(Role.STUDENT)
    [role] = db.session().scalars(select(Membership).where(Membership.account_id == other.id))
    assert role.organisation is not None
    factories.own_password(other, role.organisation)

    seated = signed_in(other, OWN_PASSWORD).session

    assert refusal(lambda: sessions.require_to_look(seated)) is ProofRequired


def test_seats_are_taken_without_what_they_ask_but_none_that_administers() -> None:
    other = factories.account()
    strict = factories.organisation(factorForStudents="app")
    pupil = factories.membership(other, strict)
    chief = factories.membership(other, factories.organisation(), Role.ACCOUNT_ADMIN)
    foreign = factories.membership(factories.account())
    who = superuser()
    started = begin(who, other)
    row = found(who, started)

    impersonation.take_seat(row, pupil.id, VISITOR)
    impersonation.take_seat(found(who, started), pupil.id, VISITOR)

    assert refusal(lambda: impersonation.take_seat(row, chief.id, VISITOR)) is OutOfReach
    assert refusal(lambda: impersonation.take_seat(row, foreign.id, VISITOR)) is TicketRefused
    held = sessions.seats_of(found(who, started))
    assert [seat.membership_id for seat in held] == [pupil.id]


def test_a_seat_is_not_taken_where_the_organisation_is_shut_or_the_session_is_the_owners() -> None:
    other = factories.account()
    shut = factories.organisation()
    pupil = factories.membership(other, shut)
    own = signed_in(other).session
    who = superuser()
    started = begin(who, other)
    shut.suspended_at = now()
    factories.saved(shut)
    row = found(who, started)

    assert refusal(lambda: impersonation.take_seat(row, pupil.id, VISITOR)) is OrganisationSuspended
    assert refusal(lambda: impersonation.take_seat(own, pupil.id, VISITOR)) is TicketRefused


def test_an_administrators_seat_in_it_is_none_whatever_wrote_it() -> None:
    other, place = factories.account(), factories.organisation()
    chief = factories.membership(other, place, Role.ACCOUNT_ADMIN)
    who = superuser()
    started = begin(who, other)
    row = found(who, started)
    db.session().add(Seat(session_id=row.id, membership_id=chief.id, factor=row.factor))
    db.session().commit()

    assert sessions.seats_of(found(who, started)) == []


def test_what_is_withdrawn_for_want_of_a_factor_leaves_it_alone() -> None:
    other, place = factories.account(), factories.organisation()
    pupil = factories.membership(other, place)
    own = signed_in(other)
    who = superuser()
    started = begin(who, other)
    impersonation.take_seat(found(who, started), pupil.id, VISITOR)

    with db.transaction():
        strict = db.session().get_one(Organisation, place.id)
        strict.policy = strict.policy.model_copy(update={"factorForStudents": "app"})
        withdrawal.what_no_longer_meets(strict)
        withdrawal.end_empty(other.id)

    assert refusal(lambda: sessions.find(own.bearer)) is TicketRefused
    assert len(sessions.seats_of(found(who, started))) == 1


def test_what_is_recorded_meanwhile_names_the_person_and_the_administrator() -> None:
    who, other = superuser(), member(Role.STUDENT)
    pupil = db.session().scalars(select(Membership).where(Membership.account_id == other.id)).one()
    row = found(who, begin(who, other))

    impersonation.take_seat(row, pupil.id, replace(VISITOR, by=who.account_id))

    what, by = events(other)[-1]
    assert what == "seat_taken"
    assert by is not None
    assert by.id == who.account_id


# What it leaves alone


def test_it_is_no_sign_in_of_the_persons() -> None:
    other = member(Role.STUDENT)
    fail(other.email, 3, STRANGER)
    who = superuser()
    factories.forget_mails()
    before = kept_of_tries()

    begin(who, other)

    assert kept_of_tries() == before
    assert [mail.kind for mail in factories.mails()] == ["impersonated"]
    theirs = select(AuditEvent.what).where(AuditEvent.account_id == other.id)
    assert "signed_in" not in set(db.session().scalars(theirs))


def kept_of_tries() -> list[str]:
    db.session().rollback()
    tables = (FailedSignIns, KnownNetwork)
    return [sorted(map(str, db.session().execute(select(t.__table__)))) for t in tables]  # type: ignore[misc]


def test_it_counts_for_no_limit_of_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "MOST_SESSIONS", 2)
    who, other = superuser(), member(Role.STUDENT)
    one = signed_in(other)
    started = begin(who, other)

    two = signed_in(other)

    assert sessions.find(one.bearer)
    assert sessions.find(two.bearer)
    assert not is_over(who, started)


def test_a_session_of_the_person_ends_without_ending_it_and_the_other_way_round() -> None:
    who, other = superuser(), member(Role.STUDENT)
    own = signed_in(other)
    started = begin(who, other)

    impersonation_ends.stop(started.id, VISITOR)

    assert sessions.find(own.bearer).account_id == other.id
    assert is_over(who, started)
    assert sessions.find_by_id(who.session_id)
