"""The verdicts are those of the machine: whoever is said to be kept out is, and by just that.

Somebody is put into each state, the verdict is read, and then the sign-in is really tried.
"""

import itertools

import pytest
from sqlalchemy import update

from app import db
from app.models import Account, Factor, Interface, Membership, Password
from app.operations import account_acts, sign_in
from app.operations.rights import Action
from app.operations.visitor import Visitor
from tests import factories
from tests.authenticator import Authenticator
from tests.factories import PASSWORD, VISITOR
from tests.operations.administrators import superuser
from tests.operations.kept_out import (
    Befall,
    Person,
    deactivate,
    end_the_week,
    have_no_address,
    have_no_password,
    identity_of,
    lock_account,
    lock_member,
    reasons,
    somebody,
    suspend_account,
    suspend_place,
    told,
    verdicts_on,
    way_at,
)
from tests.operations.signing_in import (
    another_than,
    fail,
    from_elsewhere,
    mailed_pin,
    reason,
    refusal_of,
    waiting_for,
)

pytestmark = pytest.mark.usefixtures("portal")

PROGRAM = Visitor(Interface.BEARER_TOKEN, "203.0.113.77")
OF_ACCOUNT: list[tuple[Befall, str]] = [
    (suspend_account, "account_suspended"),
    (deactivate, "not_activated"),
    (lock_account, "locked"),
    (end_the_week, "unknown_account"),
]
OF_ONE_WAY: list[tuple[Befall, str]] = [
    (lock_member, "membership_locked"),
    (suspend_place, "organisation_suspended"),
    (have_no_address, "generic_not_allowed"),
    (have_no_password, "wrong_password"),
]
SEVERAL = [suspend_place, lock_member, have_no_password, lock_account, suspend_account]


@pytest.fixture
def person() -> Person:
    return somebody()


def fresh(who: Account) -> Account:
    db.session().rollback()
    return db.session().get_one(Account, who.id)


@pytest.mark.parametrize(("befall", "expected"), OF_ACCOUNT)
def test_what_shuts_the_account_is_what_the_sign_in_says(
    person: Person, befall: Befall, expected: str
) -> None:
    befall(person)

    found = verdicts_on(person.account)

    assert reasons(found.shared) == [expected]
    assert not any(found.opens(way) for way in found.ways)
    assert told(person.account) == {"all": expected}


@pytest.mark.parametrize(("befall", "expected"), OF_ONE_WAY)
def test_what_shuts_one_way_in_is_what_the_sign_in_says(
    person: Person, befall: Befall, expected: str
) -> None:
    befall(person)

    found = verdicts_on(person.account)

    assert found.shared == []
    assert reasons(way_at(person.there, found).refusals) == [expected]
    assert found.opens(way_at(person.open, found))
    assert told(person.account) == {str(person.there.id): expected, str(person.open.id): ""}


def test_nothing_shuts_whom_the_sign_in_lets_in(person: Person) -> None:
    found = verdicts_on(person.account)

    assert found.shared == []
    assert all(found.opens(way) for way in found.ways)
    assert set(told(person.account).values()) == {""}


@pytest.mark.parametrize("does", list(itertools.product([0, 1], repeat=len(SEVERAL))), ids=str)
def test_of_several_causes_the_first_is_what_the_sign_in_says(
    person: Person, does: tuple[int, ...]
) -> None:
    for befall, befalls in zip(SEVERAL, does, strict=True):
        if befalls:
            befall(person)

    found = verdicts_on(person.account)

    each = {str(w.membership.id): reasons(w.refusals) for w in found.ways if w.membership}
    if found.shared:
        assert told(person.account) == {"all": found.shared[0].reason}
    else:
        first = {way: (why or [""])[0] for way, why in each.items()}
        assert told(person.account) == first


@pytest.mark.parametrize("name", ["email", "username"])
def test_a_lock_on_a_name_before_it_is_activated_is_told_and_opened(
    person: Person, name: str
) -> None:
    deactivate(person)
    typed = getattr(person.account, name)
    fail(typed, 11, from_elsewhere(1))

    assert reasons(verdicts_on(fresh(person.account)).shared) == ["locked", "not_activated"]
    assert reason(typed) == "locked"
    account_acts.do(superuser(), Action.UNLOCK, person.account.id, VISITOR)

    assert reasons(verdicts_on(fresh(person.account)).shared) == ["not_activated"]
    assert reason(typed) == "not_activated"


@pytest.mark.parametrize("befall", [each for each, _ in [*OF_ACCOUNT, *OF_ONE_WAY]])
def test_a_lock_before_activation_comes_first_whatever_else_there_is(
    person: Person, befall: Befall
) -> None:
    deactivate(person)
    fail(person.account.email, 10, from_elsewhere(1))
    befall(person)

    found = verdicts_on(fresh(person.account))

    assert told(fresh(person.account)) == {"all": found.shared[0].reason}


def test_all_causes_are_told_at_once(person: Person) -> None:
    for befall in SEVERAL:
        befall(person)

    found = verdicts_on(person.account)

    assert reasons(found.shared) == ["locked", "account_suspended"]
    there = reasons(way_at(person.there, found).refusals)
    assert there == ["organisation_suspended", "membership_locked", "wrong_password"]


def test_a_second_step_that_is_locked_shuts_where_one_is_asked() -> None:
    who = factories.account()
    pin = factories.membership(who, factories.pin_organisation("Asks"))
    plain = factories.membership(who, factories.organisation("Does not"))
    for _ in range(2):
        handle = waiting_for(who)
        for _ in range(5):
            assert answered(handle, another_than(mailed_pin())) == "wrong_code"

    found = verdicts_on(who)

    assert reasons(way_at(pin, found).refusals) == ["too_many_codes"]
    assert way_at(plain, found).refusals == []
    assert answered(waiting_for(who), mailed_pin()) == "too_many_codes"
    assert told(who)[str(plain.id)] == ""


def answered(handle: str, code: str) -> str:
    return refusal_of(lambda: sign_in.answer(handle, code, VISITOR))


def test_it_is_told_when_no_more_pins_are_mailed() -> None:
    who = factories.account()
    there = factories.membership(who, factories.pin_organisation())

    for _ in range(10):
        assert way_at(there, verdicts_on(who)).refusals == []
        waiting_for(who)

    assert reasons(way_at(there, verdicts_on(who)).refusals) == ["resend_too_soon"]
    assert refusal_of(lambda: waiting_for(who)) == "resend_too_soon"


def test_pins_that_are_over_shut_nobody_who_needs_none() -> None:
    who = factories.account()
    asks, plain = factories.pin_organisation("Asks"), factories.organisation("Does not")
    factories.membership(who, asks)
    there = factories.membership(who, plain)
    for _ in range(10):
        waiting_for(who)

    assert way_at(there, verdicts_on(who)).refusals == []


@pytest.mark.parametrize("demand", ["none", "any", "app"])
@pytest.mark.parametrize("holds", ["nothing", "app", "passkey"])
@pytest.mark.parametrize("email", ["", None], ids=["address", "no address"])
def test_what_is_asked_afterwards_is_what_the_sign_in_asks(
    demand: str, holds: str, email: str | None
) -> None:
    who = factories.account(email, username="ann.s")
    place = factories.organisation("", {"allowGenericUsers": True}, factorForStudents=demand)
    there = factories.membership(who, place)
    if holds == "app":
        factories.app_of(who)
    elif holds == "passkey":
        factories.passkey_of(who, Authenticator())

    found = verdicts_on(who)

    [on_pages] = sign_in.verify_password(identity_of(who), PASSWORD, VISITOR).offers
    [whole] = sign_in.verify_password(identity_of(who), PASSWORD, PROGRAM, whole=True).offers
    assert way_at(there, found).factor is on_pages.factor
    assert way_at(None, found).factor is whole.factor


@pytest.mark.parametrize(
    "befall", [None, suspend_place, lock_member, have_no_password, have_no_address]
)
@pytest.mark.parametrize("places", [1, 2])
def test_the_account_s_own_way_in_is_that_of_programs(
    person: Person, befall: Befall | None, places: int
) -> None:
    if befall:
        befall(person)
    if places == 1:
        with db.transaction() as session:
            session.delete(session.get_one(Membership, person.open.id))
    who = fresh(person.account)

    way = way_at(None, verdicts_on(who))

    assert (reasons(way.refusals) or [""])[0] == said_to_a_program(who)


def said_to_a_program(who: Account) -> str:
    """Return why the account's own way in is refused; nothing where it opens."""
    opened: list[Membership | None] = []

    def verify() -> None:
        verified = sign_in.verify_password(identity_of(who), PASSWORD, PROGRAM, whole=True)
        opened.append(verified.offers[0].membership)

    refused = refusal_of(verify)
    # An organisation's own password opens that one seat: not the account, which has none.
    return "wrong_password" if opened and opened[0] is not None else refused


def test_whoever_belongs_nowhere_comes_in_by_the_account() -> None:
    who = factories.account()

    found = verdicts_on(who)

    [way] = found.ways
    assert way.membership is None
    assert found.opens(way)
    assert way.factor is Factor.NONE


def test_a_passkey_stands_for_a_password_that_is_not_there() -> None:
    who = factories.account(password=None)
    there = factories.membership(who)
    assert reasons(way_at(there, verdicts_on(who)).refusals) == ["wrong_password"]

    factories.passkey_of(who, Authenticator())

    found = verdicts_on(who)
    assert way_at(there, found).refusals == []
    assert reasons(way_at(None, found).refusals) == ["wrong_password"]  # programs ask for one


def test_which_password_opens_is_told_and_never_what_it_is(person: Person) -> None:
    factories.own_password(person.account, person.place)
    brought = "$2b$04$" + "a" * 53
    theirs = Password.account_id == person.account.id, Password.organisation_id.is_(None)
    with db.transaction() as session:
        session.execute(update(Password).where(*theirs).values(hash=brought))

    found = verdicts_on(person.account)

    own, common = way_at(person.there, found).password, way_at(person.open, found).password
    assert own is not None
    assert common is not None
    assert (own.own, own.brought_along) == (True, False)
    assert (common.own, common.brought_along) == (False, True)
    assert brought not in repr(found)
