import pytest
from flask import Flask

from app.errors import PasswordRefused, TicketRefused, WrongPassword
from app.operations import first_passwords, passwords, registration, sign_in
from tests import factories
from tests.factories import PASSWORD, VISITOR

CHOSEN = "seven quiet otters"
ADDRESS = "new@example.org"


@pytest.fixture
def ticket(portal: Flask) -> str:  # noqa: ARG001 (it comes first)
    """Return the activation ticket of somebody who registered."""
    registration.register(ADDRESS, "New", PASSWORD, VISITOR)
    return factories.ticket_in("activation")


def test_the_chosen_password_is_the_only_one(ticket: str) -> None:
    first_passwords.activate(ticket, CHOSEN, VISITOR)

    assert sign_in.verify_password(ADDRESS, CHOSEN, VISITOR).account.activated_at
    with pytest.raises(WrongPassword):
        sign_in.verify_password(ADDRESS, PASSWORD, VISITOR)


def test_a_ticket_activates_once(ticket: str) -> None:
    first_passwords.activate(ticket, CHOSEN, VISITOR)

    with pytest.raises(TicketRefused):
        first_passwords.activate(ticket, CHOSEN, VISITOR)


def test_a_refused_password_leaves_the_ticket_good(ticket: str) -> None:
    with pytest.raises(PasswordRefused):
        first_passwords.activate(ticket, "short", VISITOR)

    first_passwords.activate(ticket, CHOSEN, VISITOR)


def test_an_account_that_was_active_before_is_not_for_it(ticket: str) -> None:
    passwords.forgotten(ADDRESS, VISITOR)
    passwords.reset(factories.ticket_in("reset"), CHOSEN, VISITOR)

    with pytest.raises(TicketRefused):
        first_passwords.activate(ticket, "eight loud herons", VISITOR)
