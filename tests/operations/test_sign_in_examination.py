"""Who may be looked at, how they are found, and what is known besides the verdicts."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from app import db
from app.clock import now
from app.errors import NotFound
from app.mail import outbox
from app.models import (
    Account,
    Counted,
    Demand,
    Interface,
    Organisation,
    OutgoingMail,
    Password,
    Role,
)
from app.operations import authority, rights, sign_in, sign_in_examination, sign_in_facts
from app.operations.account_rules import InReach
from app.operations.authority import Administrator
from app.operations.effective_rules import SetBy
from app.operations.rights import Action
from app.operations.sign_in_examination import Facts
from app.operations.sign_in_facts import Delivery
from app.operations.visitor import Visitor
from tests import factories
from tests.apps import code_of
from tests.authenticator import Authenticator
from tests.conftest import Clock
from tests.factories import VISITOR
from tests.operations.administrators import account_admin, again, member, superuser
from tests.operations.kept_out import lock_account, lock_member, reasons, seen_by, somebody
from tests.operations.signing_in import (
    fail,
    refusal_of,
    signed_in,
    waiting_for,
)
from tests.operations.test_account_list import counted, lock

pytestmark = pytest.mark.usefixtures("portal")


@pytest.fixture
def x() -> Organisation:
    return factories.organisation("X")


@pytest.fixture
def y() -> Organisation:
    return factories.organisation("Y")


def facts_of(who: Account) -> Facts:
    found = seen_by(superuser(), who).facts
    assert found is not None
    return found


def found_by(who: Administrator, identity: str) -> uuid.UUID | None:
    db.session().rollback()
    return sign_in_examination.find(again(who), identity)


# Finding somebody


@pytest.mark.parametrize(
    "typed", ["ann@example.org", " ANN@Example.ORG ", "ann\uff20example.org", "ann.s", "ANN.S"]
)
def test_somebody_is_found_as_the_sign_in_finds_them(typed: str) -> None:
    ann = factories.account("ann@example.org", username="ann.s")

    assert found_by(superuser(), typed) == ann.id


@pytest.mark.parametrize("typed", ["ann", "ann@", "nobody@example.org", "", "a b", "@", "\u3164"])
def test_what_nobody_signs_in_with_finds_nobody(typed: str) -> None:
    factories.account("ann@example.org", username="ann.s", name="ann")

    assert found_by(superuser(), typed) is None


def test_an_organisation_finds_its_own_people_and_nobody_else(
    x: Organisation, y: Organisation
) -> None:
    chief, ours, theirs = account_admin(x), member(Role.STUDENT, x), member(Role.STUDENT, y)
    nowhere = factories.account()

    assert found_by(chief, ours.email or "") == ours.id
    for hidden in (theirs, nowhere):
        assert found_by(chief, hidden.email or "") is None
        with pytest.raises(NotFound):
            seen_by(chief, hidden)


def test_finding_somebody_elsewhere_takes_what_finding_nobody_takes(
    x: Organisation, y: Organisation
) -> None:
    chief, address = account_admin(x), member(Role.STUDENT, y).email or ""
    db.session().rollback()
    who = again(chief)

    with counted() as of_theirs:
        sign_in_examination.find(who, address)
        sign_in_examination.invitations_to(who, address)
    with counted() as of_nobody:
        sign_in_examination.find(who, "nobody@example.org")
        sign_in_examination.invitations_to(who, "nobody@example.org")

    assert of_theirs == of_nobody


def test_who_administers_nothing_looks_at_nobody(x: Organisation) -> None:
    teacher = Administrator(
        uuid.uuid4(), Role.TEACHER, x.id, signed_in(member(Role.TEACHER, x)).session, uuid.uuid4()
    )

    assert Action.SEE_WAYS_IN in rights.TABLE
    with pytest.raises(NotFound):
        sign_in_examination.find(teacher, "ann@example.org")
    with pytest.raises(NotFound):
        sign_in_examination.invitations_to(teacher, "ann@example.org")
    with pytest.raises(NotFound):
        sign_in_examination.of(teacher, uuid.uuid4())


# What an organisation is told


def test_an_organisation_is_told_what_belongs_there(x: Organisation, y: Organisation) -> None:
    both = member(Role.STUDENT, x)
    there = factories.membership(both, y)
    factories.own_password(both, y)
    factories.app_of(both)
    factories.invitation(y, both.email or "", Role.TEACHER)
    lock(Counted.MEMBERSHIP, str(there.id))
    lock(Counted.IDENTITY, f"account:{both.id}")
    lock(Counted.IDENTITY, f"account:{both.id}:device:{'0' * 32}")
    lock(Counted.MEMBERSHIP, f"{there.id}:device:{'0' * 32}")

    seen = seen_by(account_admin(x), both)

    [way] = seen.ways
    assert way.membership is not None
    assert way.membership.organisation_id == x.id
    assert (way.refusals, way.factor, way.password) == ([], None, None)
    assert (seen.verdicts.shared, seen.verdicts.ways) == ([], [way])
    assert (seen.known_devices, seen.invitations, seen.facts, seen.left_out) == ([], [], None, 0)


def test_an_organisation_is_told_its_own_part(x: Organisation, y: Organisation) -> None:
    both = member(Role.STUDENT, x)
    factories.membership(both, y)
    factories.own_password(both, x)
    [here] = [
        m for m in authority.memberships_seen(superuser(), [both.id]) if m.organisation_id == x.id
    ]
    factories.invitation(x, both.email or "", Role.TEACHER)
    lock(Counted.MEMBERSHIP, str(here.id))
    lock(Counted.MEMBERSHIP, f"{here.id}:device:{'0' * 32}")

    seen = seen_by(account_admin(x), both)

    [way] = seen.ways
    assert reasons(way.refusals) == ["membership_locked"]
    assert way.password is not None
    assert way.password.own
    assert [each.membership_id for each in seen.known_devices] == [here.id]
    assert [each.role for each in seen.invitations] == [Role.TEACHER]


def lock_account_of(who: Account) -> None:
    lock(Counted.IDENTITY, f"account:{who.id}")


def lock_codes_of(who: Account) -> None:
    lock(Counted.FACTOR, str(who.id))


def remove(who: Account) -> None:
    who.removal_due_at = now() - timedelta(minutes=1)
    factories.saved(who)


def take_password_of(who: Account) -> None:
    db.session().execute(delete(Password).where(Password.account_id == who.id))
    db.session().commit()


@pytest.mark.parametrize(
    "befall", [lock_account_of, lock_codes_of, remove, take_password_of, factories.app_of]
)
def test_what_befalls_the_whole_account_does_not_show_at_one_of_its_places(
    x: Organisation, y: Organisation, befall: Callable[[Account], object]
) -> None:
    both, chief = member(Role.STUDENT, x), account_admin(x)
    factories.membership(both, y)
    before = seen_by(chief, both)
    befall(both)

    after = seen_by(chief, both)

    assert (after.verdicts.shared, before.verdicts.shared) == ([], [])
    [was], [way] = before.ways, after.ways
    assert (way.refusals, way.factor, way.password) == (was.refusals, was.factor, was.password)
    assert after.offers == before.offers
    assert after.facts is None


def test_who_belongs_there_alone_is_told_as_a_whole(x: Organisation) -> None:
    only = member(Role.STUDENT, x)
    lock(Counted.IDENTITY, f"account:{only.id}")

    seen = seen_by(account_admin(x), only)

    assert reasons(seen.verdicts.shared) == ["locked"]
    assert seen.facts is not None
    assert len(seen.verdicts.ways) == 2


# Facts


def test_a_clock_that_is_slow_is_told_until_a_code_is_right(clock: Clock) -> None:
    who = factories.account()
    secret = factories.app_of(who)
    factories.membership(who)
    clock.advance(timedelta(hours=1))
    late = code_of(secret, -3)
    handle = waiting_for(who)
    assert refusal_of(lambda: sign_in.answer(handle, late, VISITOR)) == "wrong_code"

    assert facts_of(who).clock_offset == timedelta(seconds=-90)

    clock.advance(timedelta(minutes=1))
    sign_in.answer(handle, code_of(secret), VISITOR)
    assert facts_of(who).clock_offset is None


def test_the_newest_tries_are_told_with_their_reasons(clock: Clock) -> None:
    who = factories.account()
    signed_in(who)
    clock.advance(timedelta(minutes=1))
    program = Visitor(Interface.MIKROCLOUD, "198.51.100.9")
    for _ in range(4):
        fail(who.email, 8, program)
        clock.advance(timedelta(minutes=16))

    tries = facts_of(who).tries

    assert len(tries) == sign_in_facts.MOST_TRIES
    assert {event.interface for event in tries} == {Interface.MIKROCLOUD}
    assert {event.details["reason"] for event in tries} == {"wrong_password"}


def test_what_is_long_ago_is_left_out(clock: Clock) -> None:
    who = factories.account()
    signed_in(who)
    fail(who.email, 1)
    clock.advance(timedelta(days=31))

    assert facts_of(who).tries == []


def test_what_an_earlier_account_of_the_same_id_did_is_not_told() -> None:
    who = factories.account()
    signed_in(who)
    with db.transaction() as session:
        session.execute(
            update(Account).where(Account.id == who.id).values(created_at=now() + timedelta(1))
        )

    assert facts_of(who).tries == []


STATES = [
    ({}, Delivery.WAITING, None),
    ({"sent_at": True}, Delivery.SENT, None),
    ({"last_error": "RCPT TO: 450 4.2.0"}, Delivery.RETRIED, "RCPT TO: 450 4.2.0"),
    (
        {"failed_at": True, "last_error": "RCPT TO: 550 5.1.1"},
        Delivery.FAILED,
        "RCPT TO: 550 5.1.1",
    ),
    ({"failed_at": True, "last_error": "expired"}, Delivery.EXPIRED, "expired"),
    ({"expires_at": True}, Delivery.EXPIRED, None),
]


@pytest.mark.parametrize(("values", "expected", "problem"), STATES)
def test_what_became_of_a_pin_is_told_and_never_the_pin(
    values: dict[str, object], expected: Delivery, problem: str | None
) -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    waiting_for(who)
    moments = {name: now() if value is True else value for name, value in values.items()}
    if moments:
        with db.transaction() as session:
            session.execute(update(OutgoingMail).values(**moments))

    [mail] = facts_of(who).mails

    assert (mail.kind, mail.delivery, mail.problem) == ("pin", expected, problem)
    assert "sealed" not in vars(mail)


def test_mails_of_other_kinds_and_to_others_are_left_out() -> None:
    who, other = factories.account(), factories.account()
    factories.membership(other, factories.pin_organisation())
    waiting_for(other)
    with db.transaction():
        assert outbox.put("app_added", who, {"name": who.shown_name})

    assert facts_of(who).mails == []


def test_a_pin_that_went_to_a_former_address_is_told() -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    waiting_for(who)
    with db.transaction() as session:
        new = {"email": "new@example.org", "email_key": "new@example.org"}
        session.execute(update(Account).where(Account.id == who.id).values(**new))

    [mail] = facts_of(who).mails

    assert mail.elsewhere


def test_a_network_that_is_locked_is_told_with_whoever_tried_from_there() -> None:
    who = factories.account()
    fail(who.email, 1)
    other = factories.account()
    lock(Counted.NETWORK, "198.51.100.7/32")

    assert [each.network for each in facts_of(who).networks] == ["198.51.100.7/32"]
    assert facts_of(other).networks == []


def test_factors_are_told_with_the_codes_that_are_left() -> None:
    who = factories.account()
    factories.app_of(who)
    factories.passkey_of(who, Authenticator())
    factories.recovery_codes_of(who, 7)

    facts = facts_of(who)

    assert [factor.kind for factor in facts.factors] == ["app", "passkey"]
    assert facts.recovery_codes == 7


# Rules


def rules_of(who: Account) -> dict[str, InReach]:
    return {rule.key: rule for rule in facts_of(who).rules}


def names(rule: InReach) -> list[str]:
    return [place.name for place in rule.asked_by]


def test_the_strictest_rule_is_told_with_the_organisations_that_ask_for_it() -> None:
    who = factories.account()
    mild = factories.organisation("Mild", factorForStudents="any", rememberDeviceDays=30)
    strict = factories.organisation(
        "Strict",
        {"maxFailedSignInAttempts": 3},
        factorForStudents="app",
        rememberDeviceDays=7,
        passwordMinLength=15,
        sessionHours=8,
        lockMinutes=60,
    )
    for place in (mild, strict):
        factories.membership(who, place)

    rules = rules_of(who)

    told = {
        "factor": Demand.APP,
        "pin": False,
        "rememberDeviceDays": 7,
        "passwordMinLength": 15,
        "sessionHours": 8,
        "maxFailedSignInAttempts": 3,
        "lockMinutesThere": 60,
    }
    for key, value in told.items():
        assert (key, rules[key].value, rules[key].by) == (key, value, SetBy.ORGANISATION)
        assert names(rules[key]) == ["Strict"]
    assert (rules["tries"].value, rules["tries"].by) == (10, SetBy.USUAL)


def test_rules_that_nobody_set_are_the_portals() -> None:
    rules = rules_of(factories.account())

    assert {rule.by for rule in rules.values()} == {SetBy.USUAL}
    assert rules["factor"].value is Demand.NONE
    assert rules["sessionHours"].value == 24
    assert rules["passwordMinLength"].value == 8
    assert "pin" not in rules


def test_a_factor_that_somebody_set_up_is_their_own_rule() -> None:
    who = factories.account()
    factories.membership(who)
    factories.app_of(who)

    rules = rules_of(who)

    assert (rules["factor"].value, rules["factor"].by) == (Demand.APP, SetBy.PERSON)
    assert (rules["pin"].value, rules["pin"].by) == (False, SetBy.PERSON)


def test_a_suspended_organisation_asks_for_no_second_step() -> None:
    who = factories.account()
    shut = factories.organisation("Shut", factorForStudents="app")
    shut.suspended_at = now()
    factories.saved(shut)
    factories.membership(who, shut)

    assert rules_of(who)["factor"].value is Demand.NONE


# Bounds


def test_many_roles_take_no_more_statements_than_few(x: Organisation) -> None:
    few, many = member(Role.STUDENT, x), member(Role.STUDENT, x)
    for _ in range(12):
        factories.membership(many)
        factories.own_password(many, factories.organisation())
    for who in (few, many):
        signed_in(who)
    sue = superuser()
    with counted() as of_few:
        sign_in_examination.of(sue, few.id)
    db.session().rollback()
    sue = again(sue)
    with counted() as of_many:
        sign_in_examination.of(sue, many.id)

    assert len(of_many) <= len(of_few)


def test_of_very_many_ways_in_those_that_are_shut_are_shown() -> None:
    who = factories.account()
    for number in range(sign_in_examination.MOST_WAYS + 5):
        factories.membership(who, factories.organisation(f"Open {number:03}"))
    shut = factories.organisation("Zoo, shut")
    shut.suspended_at = now()
    factories.saved(shut)
    factories.membership(who, shut)

    seen = seen_by(superuser(), who)

    assert len(seen.ways) == sign_in_examination.MOST_WAYS
    assert seen.left_out == 7  # 55 that are open, the shut one and the account's own, less 50
    assert reasons(seen.ways[0].refusals) == ["organisation_suspended"]


def test_invitations_are_bounded() -> None:
    who = factories.account()
    for number in range(7):
        factories.invitation(factories.organisation(f"Place {number}"), who.email or "")

    assert len(seen_by(superuser(), who).invitations) == sign_in_examination.MOST_INVITATIONS


def test_looking_counts_nothing_and_changes_nothing() -> None:
    person = somebody()
    sue = superuser()
    lock_member(person)
    lock_account(person)
    before = factories.everything_kept()

    seen_by(sue, person.account)
    found_by(sue, person.account.email or "")

    assert factories.everything_kept() == before
