"""Registering, and proving that the address is one's own."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app import db
from app.errors import InvalidAddress, PasswordRefused, RegistrationClosed, TicketRefused
from app.models import Account, ActivationTicket, AuditEvent
from app.operations import accounts, registration, sign_in
from tests import factories
from tests.conftest import Clock
from tests.factories import PASSWORD, VISITOR

pytestmark = pytest.mark.usefixtures("portal")

ANN = "Ann@Example.org"


def register(address: str = ANN, password: str = PASSWORD) -> None:
    registration.register(address, "Ann", password, VISITOR)


def count_accounts() -> int:
    return db.session().scalar(select(func.count()).select_from(Account)) or 0


def test_registering_makes_an_account_that_waits_and_mails_its_ticket() -> None:
    register()

    made = accounts.find(ANN)
    assert made
    assert made.activated_at is None
    assert factories.latest_words("activation")["link"].startswith(
        "http://localhost:8000/activate?"
    )
    assert db.session().scalars(select(AuditEvent.what)).all() == ["registered"]


def test_the_link_activates_once() -> None:
    register()
    ticket = factories.ticket_in("activation")

    registration.activate(ticket, VISITOR)

    assert sign_in.verify_password(ANN, PASSWORD, VISITOR).offers
    with pytest.raises(TicketRefused):
        registration.activate(ticket, VISITOR)


def test_looking_at_a_ticket_spends_nothing() -> None:
    register()
    ticket = factories.ticket_in("activation")

    for _ in range(3):
        registration.activation_of(ticket)

    assert registration.activate(ticket, VISITOR).activated_at


def test_the_typed_code_is_as_good_as_the_link_however_it_is_spaced() -> None:
    register()
    code = factories.latest_words("activation")["code"]

    ticket = registration.ticket_for_code(" ann@example.ORG ", code.replace("-", " ").lower())

    assert registration.activate(ticket, VISITOR).activated_at


def test_a_wrong_code_is_refused_and_the_fifth_ends_the_ticket() -> None:
    register()
    code = factories.latest_words("activation")["code"]
    for _ in range(ActivationTicket.TRIES):
        with pytest.raises(TicketRefused):
            registration.ticket_for_code(ANN, "22222-22222")

    with pytest.raises(TicketRefused):
        registration.ticket_for_code(ANN, code)


def test_a_code_belongs_to_its_address() -> None:
    register()
    code = factories.latest_words("activation")["code"]
    other = factories.account(activated=False)

    for address in (other.email or "", "nobody@example.org", ""):
        with pytest.raises(TicketRefused):
            registration.ticket_for_code(address, code)


def test_an_activation_ticket_lives_a_day(clock: Clock) -> None:
    register()
    ticket = factories.ticket_in("activation")

    clock.advance(timedelta(hours=24))

    with pytest.raises(TicketRefused):
        registration.activate(ticket, VISITOR)


def test_a_taken_address_is_answered_alike_and_its_owner_is_told() -> None:
    factories.account(ANN)

    register("ann@example.ORG", "quite another password")

    assert count_accounts() == 1
    assert [mail.kind for mail in factories.mails()] == ["already_registered"]
    assert sign_in.verify_password(ANN, PASSWORD, VISITOR).offers


def test_registering_again_before_activation_starts_anew() -> None:
    register()
    first = factories.ticket_in("activation")
    register(password="quite another password")

    with pytest.raises(TicketRefused):
        registration.activate(first, VISITOR)
    registration.activate(factories.ticket_in("activation"), VISITOR)

    assert count_accounts() == 1
    assert sign_in.verify_password(ANN, "quite another password", VISITOR).offers


@pytest.mark.parametrize(
    "address",
    ["", "ann", "ann@", "@example.org", "a b@example.org", "a@b@c.org", "x\n@example.org"],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidAddress):
        register(address)

    assert count_accounts() == 0


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("short", "too_short"),
        ("password", "common"),
        ("ann@example.org", "made_of_context"),
        ("doorward1234", "made_of_context"),
        ("with a \0 in it", "not_allowed"),
        ("x" * 129, "too_long"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(password: str, problem: str) -> None:
    with pytest.raises(PasswordRefused) as refused:
        register(password=password)

    assert problem in refused.value.problems
    assert count_accounts() == 0
    assert factories.mails() == []


def test_where_people_are_invited_nobody_registers(change_settings: Callable[..., None]) -> None:
    change_settings(registration="invited")

    with pytest.raises(RegistrationClosed):
        register()


def test_no_secret_stands_readable_in_any_table() -> None:
    register()
    secrets = factories.latest_words("activation")
    hidden = [secrets["code"], secrets["link"].partition("ticket=")[2], PASSWORD]

    for table in db.Base.metadata.sorted_tables:
        for row in db.session().execute(table.select()):
            for value in row:
                assert not any(secret in str(value) for secret in hidden), table.name
