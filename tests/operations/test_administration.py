import pytest
from sqlalchemy import func, select

from app import db
from app.errors import (
    AccountSuspended,
    AlreadyExists,
    InvalidAddress,
    InvalidSetting,
    InvalidUsername,
    LastAdministrator,
    LastSuperuser,
    NotFound,
    NoWayIn,
    PasswordRefused,
    TicketRefused,
    UnknownAccount,
    WrongPassword,
)
from app.models import (
    Account,
    AuditEvent,
    Interface,
    Membership,
    Organisation,
    Password,
    Role,
    Seat,
    Verification,
)
from app.operations import administration, sessions, sign_in
from app.operations.administration import NewAccount
from app.operations.visitor import Visitor
from tests import factories
from tests.factories import OWN_PASSWORD, PASSWORD, VISITOR

COMMAND = Visitor(Interface.COMMAND, address="")

pytestmark = pytest.mark.usefixtures("portal")


def signed_in(
    who: Account, at: Organisation | None = None, password: str = PASSWORD
) -> sign_in.SignedIn:
    """Sign in at one organisation, answering the PIN where one is mailed."""
    verified = sign_in.verify_password(who.email or who.username or "", password, VISITOR)
    offer = next(
        each
        for each in verified.offers
        if at is None or (each.membership and each.membership.organisation_id == at.id)
    )
    step = sign_in.proceed(offer.handle, VISITOR)
    if isinstance(step, sign_in.PinWanted):
        step = sign_in.answer(step.handle, factories.latest_words("pin")["pin"], VISITOR)
    assert isinstance(step, sign_in.SignedIn)
    return step


def as_seat_only(done: sign_in.SignedIn) -> sign_in.SignedIn:
    """Forget that the session met the account's own way in, as one opened for a role has not."""
    done.session.account_proved_at = None
    db.session().commit()
    return done


def events() -> list[str]:
    return list(db.session().scalars(select(AuditEvent.what).order_by(AuditEvent.position)))


def count(table: type[db.Base]) -> int:
    return db.session().scalar(select(func.count()).select_from(table)) or 0


def is_live(done: sign_in.SignedIn) -> bool:
    try:
        sessions.find(done.bearer)
    except TicketRefused:
        return False
    return True


def test_an_account_that_an_administrator_adds_can_sign_in() -> None:
    new = NewAccount(email="Ana@Example.org", name=" Ana  Lee ", password=PASSWORD)

    account = administration.create_account(new, COMMAND)

    assert sign_in.verify_password("ana@example.ORG", PASSWORD, VISITOR).account.id == account.id
    assert account.name == "Ana Lee"
    assert events() == ["account_created"]


def test_a_generic_account_is_known_by_its_username() -> None:
    administration.create_account(NewAccount(username="Desk-3", password=PASSWORD), COMMAND)

    assert administration.account_named("desk-3").email is None


def test_a_superuser_has_that_role_and_no_organisation() -> None:
    new = NewAccount(email="root@example.org", password=PASSWORD, superuser=True)

    administration.create_account(new, COMMAND)

    [membership] = db.session().scalars(select(Membership))
    assert (membership.role, membership.organisation_id) == (Role.SUPERUSER, None)


def test_an_account_to_be_activated_is_mailed_its_ticket() -> None:
    new = NewAccount(email="ana@example.org", password=PASSWORD, activated=False)

    account = administration.create_account(new, COMMAND)

    assert account.activated_at is None
    assert "/activate?ticket=" in factories.latest_words("activation")["link"]


@pytest.mark.parametrize(
    ("new", "refusal"),
    [
        (NewAccount(email="nowhere"), InvalidAddress),
        (NewAccount(username="a b"), InvalidUsername),
        (NewAccount(), InvalidUsername),
        (NewAccount(email="ana@example.org", password="short"), PasswordRefused),
        (NewAccount(email="ana.lee@example.org", password="ana.lee@example.org"), PasswordRefused),
    ],
)
def test_an_account_is_refused_as_a_whole(new: NewAccount, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        administration.create_account(new, COMMAND)

    assert count(Account) == 0


def test_an_address_has_one_account_however_it_is_spelt() -> None:
    administration.create_account(NewAccount(email="ana@example.org"), COMMAND)

    with pytest.raises(AlreadyExists):
        administration.create_account(NewAccount(email="ANA@EXAMPLE.ORG"), COMMAND)

    assert count(Account) == 1


def test_an_identity_that_nobody_has_is_unknown() -> None:
    with pytest.raises(UnknownAccount):
        administration.account_named("nobody@example.org")


def test_suspending_an_account_ends_its_sessions_and_sign_ins_at_once() -> None:
    who = factories.account()
    done = signed_in(who)
    half_way = sign_in.verify_password(who.email or "", PASSWORD, VISITOR).offers[0]

    administration.suspend_account(who, COMMAND)

    assert not is_live(done)
    assert count(Verification) == 0
    with pytest.raises(TicketRefused):
        sign_in.proceed(half_way.handle, VISITOR)
    with pytest.raises(AccountSuspended):
        sign_in.verify_password(who.email or "", PASSWORD, VISITOR)


def test_the_last_administrators_stay_at_the_command_line_too() -> None:
    place = factories.organisation()
    root, boss = factories.account(), factories.account()
    factories.membership(root, role=Role.SUPERUSER)
    factories.membership(boss, place, Role.ACCOUNT_ADMIN)

    with pytest.raises(LastSuperuser):
        administration.suspend_account(root, COMMAND)
    with pytest.raises(LastSuperuser):
        administration.remove_membership(root, None, Role.SUPERUSER, COMMAND)
    with pytest.raises(LastAdministrator):
        administration.suspend_account(boss, COMMAND)
    with pytest.raises(LastAdministrator):
        administration.remove_membership(boss, place, Role.ACCOUNT_ADMIN, COMMAND)

    factories.membership(factories.account(), place, Role.ACCOUNT_ADMIN)
    administration.remove_membership(boss, place, Role.ACCOUNT_ADMIN, COMMAND)
    factories.membership(boss, role=Role.SUPERUSER)
    administration.suspend_account(root, COMMAND)


def test_a_reactivated_account_signs_in_again() -> None:
    who = factories.account()
    administration.suspend_account(who, COMMAND)

    administration.reactivate_account(who, COMMAND)

    assert is_live(signed_in(who))


def test_unlocking_opens_what_wrong_passwords_locked() -> None:
    who = factories.account()
    for _ in range(10):
        with pytest.raises(WrongPassword):
            sign_in.verify_password(who.email or "", "wrong", VISITOR)

    administration.unlock_account(who, COMMAND)

    assert is_live(signed_in(who))


def test_an_organisation_keeps_the_settings_it_is_given() -> None:
    assignments = {
        "mfaForStudents": "true",
        "allowGenericUsers": "1",
        "defaultTratSettings": "[4, 2, 0]",
        "maxFailedSignInAttempts": "3",
        "accountName": "1024",
        "isPaid": "1",
        "isActive": "false",
        "factorForTeachers": "app",
        "lockMinutes": "30",
        "sessionHours": "null",
    }

    made = administration.create_organisation("  Cy  College ", assignments, COMMAND)

    assert made.name == "Cy College"
    assert made.settings is not None
    assert made.settings.model_dump() == {
        "enableLti": False,
        "mfaForStudents": True,
        "mfaForTeachers": False,
        "allowGenericUsers": True,
        "defaultTratSettings": [4, 2, 0],
        "maxFailedSignInAttempts": 3,
    }
    assert (made.account_name, made.activated_at) == ("1024", None)
    assert made.paid_at is not None
    policy = made.policy
    assert (policy.factorForTeachers, policy.lockMinutes, policy.sessionHours) == ("app", 30, None)


def test_an_organisation_without_settings_of_the_contract_keeps_none() -> None:
    made = administration.create_organisation("Cy", {"lockMinutes": "5"}, COMMAND)

    assert made.settings is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("mfaForStudents", "maybe"),
        ("mfaForStudents", "2"),
        ("isSuspended", "soon"),
        ("defaultTratSettings", "[]"),
        ("defaultTratSettings", "5"),
        ("maxFailedSignInAttempts", "0"),
        ("maxFailedSignInAttempts", "true"),
        ("factorForStudents", "sms"),
        ("passwordMinLength", "5"),
        ("lockMinutes", "1.5"),
        ("accountName", "x" * 201),
    ],
)
def test_a_wrong_setting_is_named_with_what_it_may_be(key: str, value: str) -> None:
    with pytest.raises(InvalidSetting) as refused:
        administration.create_organisation("Cy", {key: value}, COMMAND)

    assert refused.value.sentence.startswith(f"{key} cannot be {value}: it may be ")
    assert count(Organisation) == 0


def test_an_unknown_setting_is_named_with_those_there_are() -> None:
    with pytest.raises(InvalidSetting, match=r"mfaForEveryone is no setting.*enableLti"):
        administration.create_organisation("Cy", {"mfaForEveryone": "true"}, COMMAND)


@pytest.mark.parametrize("name", ["", "   ", "x" * 201])
def test_an_organisation_needs_a_name_that_fits(name: str) -> None:
    with pytest.raises(InvalidSetting):
        administration.create_organisation(name, {}, COMMAND)


def test_suspending_an_organisation_leaves_nobody_in_there() -> None:
    who, place, other = factories.account(), factories.organisation(), factories.organisation()
    factories.membership(who, place)
    factories.membership(who, other)
    only_there = as_seat_only(signed_in(who, place))
    elsewhere = as_seat_only(signed_in(who, other))
    whole = signed_in(who, place)

    administration.suspend_organisation(place, COMMAND)

    assert [is_live(each) for each in (only_there, elsewhere, whole)] == [False, True, True]
    assert count(Seat) == 1


def test_a_suspended_organisation_can_be_reactivated() -> None:
    who, place = factories.account(), factories.organisation()
    factories.membership(who, place)
    administration.suspend_organisation(place, COMMAND)

    administration.reactivate_organisation(place, COMMAND)

    assert is_live(signed_in(who, place))


def test_suspension_is_a_setting_too() -> None:
    who, place = factories.account(), factories.organisation()
    factories.membership(who, place)
    done = as_seat_only(signed_in(who, place))

    administration.change_settings(place, {"isSuspended": "true"}, COMMAND)

    assert not is_live(done)


def test_asking_for_a_factor_ends_what_was_opened_without() -> None:
    who, place = factories.account(), factories.organisation()
    factories.membership(who, place)
    done = signed_in(who, place)

    administration.change_settings(place, {"mfaForStudents": "true"}, COMMAND)

    assert not is_live(done)
    assert count(Seat) == 0


def test_asking_for_a_factor_leaves_what_was_opened_with_it() -> None:
    who, place = factories.account(), factories.pin_organisation()
    factories.membership(who, place)
    done = signed_in(who, place)

    administration.change_settings(place, {"factorForStudents": "any"}, COMMAND)

    assert is_live(done)
    assert count(Seat) == 1


def test_asking_teachers_for_a_factor_leaves_students_alone() -> None:
    who, place = factories.account(), factories.organisation()
    factories.membership(who, place, Role.STUDENT)
    done = signed_in(who, place)

    administration.change_settings(place, {"mfaForTeachers": "true"}, COMMAND)

    assert is_live(done)


def test_a_seat_elsewhere_stays_but_the_account_has_to_be_proved_again() -> None:
    who, place, other = factories.account(), factories.organisation(), factories.organisation()
    factories.membership(who, place)
    factories.membership(who, other)
    done = signed_in(who, other)

    administration.change_settings(place, {"mfaForStudents": "true"}, COMMAND)

    assert sessions.find(done.bearer).account_proved_at is None
    assert len(sessions.seats_of(sessions.find(done.bearer))) == 1


def test_a_new_membership_that_asks_for_a_factor_counts_at_once() -> None:
    who, other, place = (
        factories.account(),
        factories.organisation(),
        factories.pin_organisation(),
    )
    factories.membership(who, other)
    done = signed_in(who, other)

    administration.add_membership(who, place, Role.TEACHER, COMMAND)

    assert sessions.find(done.bearer).account_proved_at is None


def test_a_new_membership_leaves_other_peoples_sessions_alone() -> None:
    place, colleague = factories.pin_organisation(), factories.account()
    factories.membership(colleague, place, Role.TEACHER)
    done = signed_in(colleague, place)

    administration.add_membership(factories.account(), place, Role.TEACHER, COMMAND)

    assert is_live(done)


def test_an_own_password_is_the_only_one_that_is_good_there() -> None:
    who, place = factories.account(), factories.organisation()

    administration.add_membership(who, place, Role.TEACHER, COMMAND, OWN_PASSWORD)

    assert is_live(signed_in(who, place, OWN_PASSWORD))
    with pytest.raises(NoWayIn):
        sign_in.verify_password(who.email or "", PASSWORD, VISITOR)


def test_an_own_password_ends_the_seats_that_another_one_opened() -> None:
    who, place = factories.account(), factories.organisation()
    factories.membership(who, place, Role.STUDENT)
    done = as_seat_only(signed_in(who, place))

    administration.add_membership(who, place, Role.TEACHER, COMMAND, OWN_PASSWORD)

    assert not is_live(done)


def test_an_organisation_may_ask_for_a_longer_password_of_its_own() -> None:
    who, place = factories.account(), factories.organisation(passwordMinLength=30)

    with pytest.raises(PasswordRefused) as refused:
        administration.add_membership(who, place, Role.TEACHER, COMMAND, OWN_PASSWORD)

    assert refused.value.minimum == 30
    assert count(Membership) == 0


def test_a_membership_is_added_once() -> None:
    who, place = factories.account(), factories.organisation()
    administration.add_membership(who, place, Role.STUDENT, COMMAND)

    with pytest.raises(AlreadyExists):
        administration.add_membership(who, place, Role.STUDENT, COMMAND)

    assert count(Membership) == 1


def test_a_superuser_is_made_once_and_belongs_nowhere() -> None:
    who = factories.account()
    administration.add_membership(who, None, Role.SUPERUSER, COMMAND)

    with pytest.raises(AlreadyExists):
        administration.add_membership(who, None, Role.SUPERUSER, COMMAND)
    with pytest.raises(NotFound):
        administration.add_membership(who, factories.organisation(), Role.SUPERUSER, COMMAND)
    with pytest.raises(NotFound):
        administration.add_membership(who, None, Role.STUDENT, COMMAND)


def test_a_role_that_is_taken_away_takes_its_seats_along() -> None:
    who, place, other = factories.account(), factories.organisation(), factories.organisation()
    factories.membership(who, place, Role.TEACHER)
    factories.membership(who, other)
    only_there = as_seat_only(signed_in(who, place))
    elsewhere = as_seat_only(signed_in(who, other))

    administration.remove_membership(who, place, Role.TEACHER, COMMAND)

    assert [is_live(only_there), is_live(elsewhere)] == [False, True]
    assert events()[-1] == "membership_removed"


def test_an_own_password_goes_with_the_last_role_there() -> None:
    who, place = factories.account(), factories.organisation()
    factories.own_password(who, place)
    factories.membership(who, place, Role.TEACHER)
    factories.membership(who, place, Role.STUDENT)

    administration.remove_membership(who, place, Role.STUDENT, COMMAND)
    kept = count(Password)
    administration.remove_membership(who, place, Role.TEACHER, COMMAND)

    assert (kept, count(Password)) == (2, 1)


def test_a_role_that_nobody_has_cannot_be_taken_away() -> None:
    with pytest.raises(NotFound):
        administration.remove_membership(
            factories.account(), factories.organisation(), Role.TEACHER, COMMAND
        )


def test_an_organisation_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        administration.organisation_with(factories.account().id)
