"""What the database itself refuses, whoever writes to it."""

import uuid

import pytest
from sqlalchemy.exc import IntegrityError

from app import db
from app.models import Account, Membership, Password, Role
from tests import factories

pytestmark = pytest.mark.usefixtures("portal")


def refused(row: db.Base) -> bool:
    try:
        factories.saved(row)
    except IntegrityError:
        db.session().rollback()
        return True
    return False


def test_one_address_in_any_spelling_is_one_account() -> None:
    factories.account("ann@example.org")

    assert refused(Account(email="ANN@example.org", email_key="ann@example.org"))


def test_an_account_needs_an_address_or_a_username() -> None:
    assert refused(Account(name="Nobody"))


def test_an_account_has_one_password_of_its_own_and_one_at_each_organisation() -> None:
    who, place = factories.account(), factories.organisation()
    factories.own_password(who, place)

    assert refused(Password(account_id=who.id, hash="another"))
    assert refused(Password(account_id=who.id, organisation_id=place.id, hash="another"))


def test_only_superusers_belong_to_no_organisation_and_once() -> None:
    who, place = factories.account(), factories.organisation()
    factories.membership(who, role=Role.SUPERUSER)

    assert refused(Membership(account_id=who.id, role=Role.SUPERUSER))
    assert refused(Membership(account_id=who.id, role=Role.STUDENT))
    assert refused(Membership(account_id=who.id, organisation_id=place.id, role=Role.SUPERUSER))


def test_a_role_is_held_once() -> None:
    who, place = factories.account(), factories.organisation()
    factories.membership(who, place)

    assert refused(Membership(account_id=who.id, organisation_id=place.id, role=Role.STUDENT))


def test_a_row_points_at_something_that_is_there() -> None:
    assert refused(Password(account_id=uuid.uuid4(), hash="of nobody"))


def test_identifiers_have_the_form_that_contract_001_knows() -> None:
    who = factories.account()

    assert len(who.short_id) == 17
    assert set(who.short_id) <= set("23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz")
