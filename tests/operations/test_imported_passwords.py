"""People who were brought along sign in with their old passwords, and are hashed anew at that."""

import pytest
from sqlalchemy import select, update

from app import db
from app.models import Account, Password
from app.operations import sign_in
from app.security import foreign_hashes, passwords
from tests import factories
from tests.factories import VISITOR
from tests.operations.signing_in import opens, reason, taken
from tests.security.foreign import HASHES, PASSWORD

pytestmark = pytest.mark.usefixtures("portal")


def brought_along(name: str) -> Account:
    named, text = HASHES[name]
    who = factories.account(password=None)
    factories.membership(who)
    factories.saved(Password(account_id=who.id, hash=foreign_hashes.recognise(text, named)))
    return who


def kept_of(who: Account) -> str:
    db.session().rollback()
    return db.session().scalars(select(Password.hash).filter_by(account_id=who.id)).one()


@pytest.mark.parametrize("name", HASHES)
def test_the_old_password_signs_in_and_is_hashed_anew_once(name: str) -> None:
    who = brought_along(name)

    [offer] = sign_in.verify_password(who.email or "", PASSWORD, VISITOR).offers
    first = kept_of(who)
    taken(offer)
    assert opens(who, PASSWORD)
    second = kept_of(who)

    assert first.startswith("$argon2id$")
    assert not passwords.needs_rehash(first)
    assert second == first
    assert factories.sessions_open() == 1


@pytest.mark.parametrize("name", HASHES)
def test_a_wrong_password_leaves_the_old_hash(name: str) -> None:
    who = brought_along(name)
    before = kept_of(who)

    assert reason(who.email, PASSWORD + "!") == "wrong_password"
    assert kept_of(who) == before


def test_an_organisations_own_password_is_hashed_anew_by_itself() -> None:
    who, place = brought_along("bcrypt 2b"), factories.organisation()
    factories.membership(who, place)
    of_its_own = foreign_hashes.recognise(HASHES["Django scrypt"][1])
    own = factories.saved(Password(account_id=who.id, organisation_id=place.id, hash=of_its_own))
    accounts_own = update(Password).where(Password.organisation_id.is_(None))
    db.session().execute(accounts_own.values(hash=passwords.hash_password("something else")))
    db.session().commit()

    [offer] = sign_in.verify_password(who.email or "", PASSWORD, VISITOR).offers
    db.session().refresh(own)

    assert offer.membership is not None
    assert offer.membership.organisation_id == place.id
    assert own.hash.startswith("$argon2id$")
