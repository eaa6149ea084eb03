import pytest
from sqlalchemy import select

from app import db
from app.errors import NotActivated, OrganisationSuspended, WrongPassword
from app.models import Account, Factor, Membership, Organisation
from app.operations import demonstration, sign_in
from app.operations.demonstration import PASSWORD, PASSWORD_AT_CY, Person
from tests import factories
from tests.factories import VISITOR

pytestmark = pytest.mark.usefixtures("portal")


def who(name: str) -> Person:
    return next(each for each in demonstration.PEOPLE if each.name == name)


def name_of(membership: Membership | None) -> str:
    assert membership is not None
    assert membership.organisation is not None
    return membership.organisation.name


def test_the_organisations_of_contract_003_have_its_uuids_and_settings() -> None:
    demonstration.fill(VISITOR)

    university = db.session().get_one(Organisation, demonstration.CYS_UNIVERSITY)
    company = db.session().get_one(Organisation, demonstration.CY)
    assert (university.name, company.name) == ("Cy's University", "Cy")
    assert university.settings is not None
    assert university.settings.model_dump() == {
        "enableLti": False,
        "mfaForStudents": False,
        "mfaForTeachers": False,
        "allowGenericUsers": False,
        "defaultTratSettings": [5, 3, 1, 0],
        "maxFailedSignInAttempts": 3,
    }
    assert company.settings is None


def test_noor_is_shown_every_kind_of_way_in() -> None:
    demonstration.fill(VISITOR)

    verified = sign_in.verify_password(who("Noor Haddad").identity, PASSWORD, VISITOR)

    offers = {name_of(each.membership): each.factor for each in verified.offers}
    refused = {name_of(each.membership): type(each.refusal) for each in verified.refused}
    assert offers == {"Cy's University": Factor.NONE, "Northwind College": Factor.PIN}
    assert refused == {"Cy": WrongPassword, "Harbour Institute": OrganisationSuspended}


def test_noors_other_password_opens_cy_alone() -> None:
    demonstration.fill(VISITOR)

    verified = sign_in.verify_password(who("Noor Haddad").identity, PASSWORD_AT_CY, VISITOR)

    assert [name_of(each.membership) for each in verified.offers] == ["Cy"]


@pytest.mark.parametrize("name", ["Amira Okafor", "Desk 3", "Robin Vale"])
def test_some_are_straight_in(name: str) -> None:
    demonstration.fill(VISITOR)

    [offer] = sign_in.verify_password(who(name).identity, PASSWORD, VISITOR).offers

    assert isinstance(sign_in.proceed(offer.handle, VISITOR), sign_in.SignedIn)


def test_ines_has_a_mail_to_open_first() -> None:
    demonstration.fill(VISITOR)

    with pytest.raises(NotActivated):
        sign_in.verify_password(who("Ines Moreau").identity, PASSWORD, VISITOR)
    assert [mail.recipient for mail in factories.mails("activation")] == ["ines@demo.example"]


def test_filling_again_adds_nothing() -> None:
    assert demonstration.empty()
    demonstration.fill(VISITOR)
    before = set(db.session().scalars(select(Account.id)))

    demonstration.fill(VISITOR)

    assert set(db.session().scalars(select(Account.id))) == before
    assert not demonstration.empty()
