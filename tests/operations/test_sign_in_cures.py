"""What is offered against a cause mends it: done, the verdict changes and the sign-in lets in."""

import pytest

from app.models import Role
from app.operations import (
    account_acts,
    organisation_acts,
    passwords,
    registration,
    sign_in_cures,
)
from app.operations.authority import Administrator
from app.operations.rights import Action
from app.operations.sign_in_cures import Cure
from tests import factories
from tests.factories import PASSWORD, STRANGER, VISITOR
from tests.operations.administrators import account_admin, again, superuser
from tests.operations.kept_out import (
    Befall,
    Person,
    deactivate,
    end_the_week,
    have_no_address,
    have_no_password,
    lock_account,
    lock_member,
    reasons,
    seen_by,
    somebody,
    suspend_account,
    suspend_place,
    told,
    way_at,
)
from tests.operations.signing_in import (
    another_than,
    fail,
    from_elsewhere,
    known_device,
    mailed_pin,
    reason,
    waiting_for,
)
from tests.operations.test_sign_in_verdicts import answered

pytestmark = pytest.mark.usefixtures("portal")

ACTS: list[tuple[Befall, Action]] = [
    (suspend_account, Action.REACTIVATE),
    (lock_account, Action.UNLOCK),
    (lock_member, Action.UNLOCK_HERE),
]


@pytest.fixture
def person() -> Person:
    return somebody()


@pytest.fixture
def sue() -> Administrator:
    return superuser()


def cure_for(who: Administrator, person: Person) -> Cure | None:
    """Return what is offered against the first thing that keeps somebody out there."""
    seen = seen_by(who, person.account)
    if seen.verdicts.shared:
        return sign_in_cures.against(seen.verdicts.shared[0], seen, again(who))
    way = way_at(person.there, seen.verdicts)
    return sign_in_cures.against(way.refusals[0], seen, again(who), way)


def keeps_out(who: Administrator, person: Person) -> list[str]:
    found = seen_by(who, person.account).verdicts
    return reasons([*found.shared, *way_at(person.there, found).refusals])


def do(who: Administrator, cure: Cure | None, person: Person) -> None:
    assert cure is not None
    assert account_acts.do(again(who), cure.action, person.account.id, VISITOR, cure.at)


@pytest.mark.parametrize(("befall", "expected"), ACTS)
def test_the_act_that_is_offered_lets_in(
    sue: Administrator, person: Person, befall: Befall, expected: Action
) -> None:
    befall(person)
    assert set(told(person.account).values()) != {""}
    cure = cure_for(sue, person)
    assert cure is not None
    assert cure.action is expected

    do(sue, cure, person)

    assert keeps_out(sue, person) == []
    assert set(told(person.account).values()) == {""}


def test_the_mail_that_is_offered_activates(sue: Administrator, person: Person) -> None:
    deactivate(person)
    factories.forget_mails()

    do(sue, cure_for(sue, person), person)

    facts = seen_by(sue, person.account).facts
    assert facts is not None
    assert facts.activation_until is not None
    assert [mail.kind for mail in facts.mails] == ["activation"]
    registration.activate(factories.ticket_in("activation"), VISITOR)
    assert keeps_out(sue, person) == []
    assert set(told(person.account).values()) == {""}


def test_whoever_has_no_password_is_sent_a_reset(sue: Administrator, person: Person) -> None:
    have_no_password(person)
    cure = cure_for(sue, person)
    assert cure == Cure(Action.SEND_RESET)
    factories.forget_mails()

    do(sue, cure, person)

    passwords.reset(factories.ticket_in("reset"), "a quiet new lantern", VISITOR)
    assert keeps_out(sue, person) == []
    assert reason(person.account.email, "a quiet new lantern") == ""


def test_a_suspended_organisation_is_opened_where_it_is(sue: Administrator, person: Person) -> None:
    suspend_place(person)
    assert cure_for(sue, person) == Cure(Action.SUSPEND_ORGANISATION, person.place.id)

    organisation_acts.reactivate(again(sue), person.place.id, VISITOR)

    assert keeps_out(sue, person) == []
    assert set(told(person.account).values()) == {""}


def test_whom_an_organisation_does_not_admit_its_rules_let_in(
    sue: Administrator, person: Person
) -> None:
    have_no_address(person)
    assert cure_for(sue, person) == Cure(Action.CHANGE_ORGANISATION, person.place.id)


def test_a_second_step_that_is_locked_is_opened(sue: Administrator) -> None:
    who = factories.account()
    pin = factories.membership(who, factories.pin_organisation())
    for _ in range(2):
        handle = waiting_for(who)
        for _ in range(5):
            answered(handle, another_than(mailed_pin()))
    person = Person(who, pin, pin)
    assert keeps_out(sue, person) == ["too_many_codes"]

    do(sue, cure_for(sue, person), person)

    assert keeps_out(sue, person) == []
    assert answered(waiting_for(who), mailed_pin()) == ""


def test_a_known_device_that_is_locked_is_told_though_others_are_not(
    sue: Administrator, person: Person
) -> None:
    own = known_device(person.account)
    fail(person.account.email, 10, own)
    assert reason(person.account.email, PASSWORD, own) == "locked"
    assert reason(person.account.email, PASSWORD, STRANGER) == ""

    seen = seen_by(sue, person.account)
    cure = sign_in_cures.offered(Action.UNLOCK, seen, again(sue))

    assert seen.verdicts.shared == []
    assert [lock.known for lock in seen.known_devices if lock.membership_id is None] == [True]
    do(sue, cure, person)
    assert seen_by(sue, person.account).known_devices == []
    assert reason(person.account.email, PASSWORD, own) == ""


def test_the_role_of_a_superuser_is_opened_with_all_else(sue: Administrator) -> None:
    other = factories.account()
    role = factories.membership(other, role=Role.SUPERUSER)
    person = Person(other, role, role)
    fail(other.email, 10, from_elsewhere(3))
    assert keeps_out(sue, person) == ["locked", "membership_locked"]
    seen = seen_by(sue, other)
    way = way_at(role, seen.verdicts)

    cure = sign_in_cures.against(way.refusals[0], seen, again(sue), way)

    assert cure == Cure(Action.UNLOCK)
    do(sue, cure, person)
    assert keeps_out(sue, person) == []
    assert reason(other.email) == ""


def test_against_what_nobody_can_mend_nothing_is_offered(
    sue: Administrator, person: Person
) -> None:
    end_the_week(person)

    assert cure_for(sue, person) is None


@pytest.mark.parametrize(
    ("befall", "reason_of_it"),
    [
        (lock_account, "locked"),
        (suspend_account, "account_suspended"),
    ],
)
def test_an_organisation_is_offered_nothing_that_it_may_not_do(
    person: Person, befall: Befall, reason_of_it: str
) -> None:
    """Of somebody who belongs elsewhere too, the account as a whole is not its business."""
    chief = account_admin(person.place)
    befall(person)

    seen = seen_by(chief, person.account)

    offered = [sign_in_cures.offered(action, seen, again(chief)) for action in Action]
    whole = {Action.UNLOCK, Action.REACTIVATE, Action.SEND_RESET, Action.SEND_ACTIVATION}
    assert not whole & {cure.action for cure in offered if cure}
    assert (reason_of_it in reasons(seen.verdicts.shared)) is (befall is suspend_account)


def test_an_organisation_opens_the_lock_that_is_its_own(person: Person) -> None:
    chief = account_admin(person.place)
    lock_member(person)
    cure = cure_for(chief, person)
    assert cure == Cure(Action.UNLOCK_HERE, person.place.id)

    do(chief, cure, person)

    assert keeps_out(chief, person) == []
    assert set(told(person.account).values()) == {""}


def test_to_open_and_shut_a_place_is_offered_to_superusers_alone(
    sue: Administrator, person: Person
) -> None:
    chief = account_admin(person.place)
    seen, seen_there = seen_by(sue, person.account), seen_by(chief, person.account)
    action, way = Action.SUSPEND_ORGANISATION, way_at(person.there, seen.verdicts)

    assert sign_in_cures.offered(action, seen, again(sue), way) == Cure(action, person.place.id)
    assert sign_in_cures.offered(action, seen_there, again(chief), way) is None
