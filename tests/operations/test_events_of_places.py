"""Which failures and locks bear an organisation's id: those that are its business alone."""

import uuid

import pytest
from sqlalchemy import select

from app import db
from app.errors import WrongCode, WrongPassword
from app.models import AuditEvent, Role
from app.operations import sign_in
from tests import factories
from tests.factories import PASSWORD, VISITOR
from tests.operations.signing_in import WRONG, another_than, fail, mailed_pin

pytestmark = pytest.mark.usefixtures("portal", "clock")

Told = list[tuple[str, uuid.UUID | None]]


def told(*whats: str) -> Told:
    db.session().rollback()
    named = select(AuditEvent).where(AuditEvent.what.in_(whats)).order_by(AuditEvent.position)
    return [(each.what, each.organisation_id) for each in db.session().scalars(named)]


def test_a_failed_sign_in_of_one_place_s_own_member_is_its_business() -> None:
    who, place = factories.account(), factories.organisation()
    factories.membership(who, place)
    factories.membership(who, place, Role.TEACHER)

    fail(who.email, 1)

    assert told("sign_in_failed") == [("sign_in_failed", place.id)]


def test_of_somebody_who_belongs_elsewhere_too_it_is_nobody_s() -> None:
    for other in (factories.organisation(), None):
        who = factories.account()
        factories.membership(who, factories.organisation())
        factories.membership(who, other, Role.TEACHER if other else Role.SUPERUSER)
        fail(who.email, 1)

    fail(factories.account().email, 1)
    fail("nobody@example.org", 1)

    assert told("sign_in_failed") == [("sign_in_failed", None)] * 4


def test_a_try_at_one_place_is_that_place_s_whoever_it_is() -> None:
    who, place = factories.account(), factories.organisation()
    factories.membership(who, place)
    factories.membership(who)

    with pytest.raises(WrongPassword):
        sign_in.verify_password(who.email or "", WRONG, VISITOR, at=place.id)

    assert told("sign_in_failed") == [("sign_in_failed", place.id)]


def test_a_wrong_second_step_is_the_chosen_place_s() -> None:
    who, place = factories.account(), factories.pin_organisation()
    factories.membership(who, place)
    factories.membership(who, factories.organisation())
    offers = sign_in.verify_password(who.email or "", PASSWORD, VISITOR).offers
    ways = [(each.handle, each.membership) for each in offers]
    [handle] = [handle for handle, role in ways if role and role.organisation_id == place.id]
    sign_in.proceed(handle, VISITOR)

    with pytest.raises(WrongCode):
        sign_in.answer(handle, another_than(mailed_pin()), VISITOR)

    assert told("wrong_code") == [("wrong_code", place.id)]


def test_the_failure_that_locks_an_account_is_recorded_and_no_other() -> None:
    who = factories.account()

    fail(who.email, 9)
    assert told("account_locked") == []
    fail(who.email, 3)

    assert told("account_locked", "membership_locked") == [("account_locked", None)]


def test_a_lock_by_a_place_s_own_limit_is_recorded_there_once_for_all_roles() -> None:
    who = factories.account()
    strict = factories.organisation("Strict", {"maxFailedSignInAttempts": 3})
    for role in (Role.STUDENT, Role.TEACHER):
        factories.membership(who, strict, role)
    factories.membership(who, factories.organisation("Lax"))

    fail(who.email, 2)
    assert told("membership_locked") == []
    fail(who.email, 2)

    assert told("account_locked", "membership_locked") == [("membership_locked", strict.id)]


def test_a_lock_of_an_identity_that_nobody_has_is_not_recorded() -> None:
    fail("nobody@example.org", 12)

    assert told("account_locked") == []
