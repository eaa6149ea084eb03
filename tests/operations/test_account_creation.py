"""Preparing an account, whose owner chooses the password."""

import pytest
from sqlalchemy import func, select

from app import db
from app.errors import AlreadyExists, InvalidAddress, InvalidUsername, NotFound
from app.models import Account, Password, Role
from app.operations import account_creation, memberships, passwords, registration
from app.operations.account_creation import Newcomer
from tests import factories
from tests.factories import VISITOR
from tests.operations.administrators import account_admin, events, superuser
from tests.operations.signing_in import opens

pytestmark = pytest.mark.usefixtures("portal")


def accounts() -> int:
    db.session().rollback()
    return db.session().scalar(select(func.count()).select_from(Account)) or 0


def test_somebody_new_activates_by_mail_and_chooses_a_password() -> None:
    x = factories.organisation()
    newcomer = Newcomer("Ana@Example.org", "Ana Lee", None, Role.TEACHER, x.id)

    made = account_creation.create(superuser(), newcomer, VISITOR)

    assert db.session().scalar(select(Password).where(Password.account_id == made.id)) is None
    ticket = registration.activate_here(factories.ticket_in("activation"), None, VISITOR)
    passwords.reset(ticket or "", "a password of my own", VISITOR)
    assert opens(made, "a password of my own")
    assert [(m.role, m.organisation_id) for m in memberships.of(made.id)] == [(Role.TEACHER, x.id)]
    assert [what for what, _ in events(made)] == ["account_created"]


def test_a_superuser_is_prepared_like_anybody() -> None:
    made = account_creation.create(
        superuser(), Newcomer("ana@example.org", role=Role.SUPERUSER), VISITOR
    )

    assert [m.role for m in memberships.of(made.id)] == [Role.SUPERUSER]


@pytest.mark.parametrize(
    ("newcomer", "refusal"),
    [
        (Newcomer("nowhere"), InvalidAddress),
        (Newcomer("ana@example.org", username="a b"), InvalidUsername),
        (Newcomer("ana@example.org", role=Role.TEACHER), NotFound),
        (Newcomer("TAKEN@example.org"), AlreadyExists),
        (Newcomer("ana@example.org", username="Taken"), AlreadyExists),
    ],
)
def test_an_account_is_refused_as_a_whole(newcomer: Newcomer, refusal: type[Exception]) -> None:
    who = superuser()
    factories.account("taken@example.org", username="taken")
    before = accounts()

    with pytest.raises(refusal):
        account_creation.create(who, newcomer, VISITOR)

    assert accounts() == before
    assert factories.mails("activation") == []


def test_account_administrators_create_none_so_they_learn_of_none() -> None:
    x = factories.organisation()
    who = account_admin(x)
    factories.account("taken@example.org")

    for address in ("taken@example.org", "free@example.org"):
        with pytest.raises(NotFound):
            account_creation.create(who, Newcomer(address, "", None, Role.TEACHER, x.id), VISITOR)
