"""Registering, and proving that the address is one's own."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app import db
from app.errors import (
    InvalidAddress,
    PasswordRefused,
    ProofRequired,
    RegistrationClosed,
    TicketRefused,
    WrongPassword,
)
from app.models import Account, ActivationTicket, AuditEvent
from app.operations import accounts, passwords, registration, sign_in
from tests import factories
from tests.conftest import Clock
from tests.factories import PASSWORD, VISITOR

pytestmark = pytest.mark.usefixtures("portal")

ANN = "Ann@Example.org"
OTHER_PASSWORD = "quite another password"
BROWSER = "a secret that one browser keeps"


def register(
    address: str = ANN, password: str = PASSWORD, name: str = "Ann", browser: str | None = None
) -> None:
    registration.register(address, name, password, VISITOR, browser=browser)


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

    register("ann@example.ORG", OTHER_PASSWORD)

    assert count_accounts() == 1
    assert [mail.kind for mail in factories.mails()] == ["already_registered"]
    assert sign_in.verify_password(ANN, PASSWORD, VISITOR).offers


def test_registering_again_before_activation_starts_anew() -> None:
    register()
    first = factories.ticket_in("activation")
    register(password=OTHER_PASSWORD)

    with pytest.raises(TicketRefused):
        registration.activate(first, VISITOR)
    registration.activate(factories.ticket_in("activation"), VISITOR)

    assert count_accounts() == 1
    assert sign_in.verify_password(ANN, OTHER_PASSWORD, VISITOR).offers


def test_a_prepared_account_is_not_taken_over_by_registering_its_address() -> None:
    factories.account(ANN, name="Ann Smith", activated=False)

    register("ann@example.ORG", OTHER_PASSWORD, "Mallory", BROWSER)

    assert [mail.kind for mail in factories.mails()] == ["activation"]
    registration.activate_here(factories.ticket_in("activation"), None, VISITOR)
    assert sign_in.verify_password(ANN, PASSWORD, VISITOR).account.name == "Ann Smith"
    with pytest.raises(WrongPassword):
        sign_in.verify_password(ANN, OTHER_PASSWORD, VISITOR)


def test_a_prepared_account_without_a_password_gets_none_by_registering_its_address() -> None:
    factories.account(ANN, password=None, activated=False)
    register(password=OTHER_PASSWORD, browser=BROWSER)

    first = registration.activate_here(factories.ticket_in("activation"), None, VISITOR)
    passwords.reset(first or "", PASSWORD, VISITOR)

    assert sign_in.verify_password(ANN, PASSWORD, VISITOR).offers


def test_a_registered_account_with_a_membership_is_not_changed_by_registering_again() -> None:
    register(browser=BROWSER)
    made = accounts.find(ANN)
    assert made
    factories.membership(made)

    register(password=OTHER_PASSWORD, name="Mallory", browser="another")
    ticket = factories.ticket_in("activation")

    with pytest.raises(ProofRequired):
        registration.activate_here(ticket, "another", VISITOR)
    registration.activate_by_password(ticket, PASSWORD, VISITOR)
    assert sign_in.verify_password(ANN, PASSWORD, VISITOR).account.name == "Ann"


def test_the_browser_that_registered_needs_no_password() -> None:
    register(browser=BROWSER)
    ticket = factories.ticket_in("activation")

    asked = registration.activation_of(ticket, BROWSER)
    first = registration.activate_here(ticket, BROWSER, VISITOR)

    assert not asked.wants_password
    assert first is None
    assert sign_in.verify_password(ANN, PASSWORD, VISITOR).offers


@pytest.mark.parametrize("registering", [BROWSER, None], ids=["pages", "api"])
@pytest.mark.parametrize("following", ["another", "", None])
def test_any_other_browser_gives_the_password_chosen_at_registration(
    registering: str | None, following: str | None
) -> None:
    register(browser=registering)
    ticket = factories.ticket_in("activation")

    assert registration.activation_of(ticket, following).wants_password
    with pytest.raises(ProofRequired):
        registration.activate_here(ticket, following, VISITOR)
    registration.activate_by_password(ticket, PASSWORD, VISITOR)

    assert sign_in.verify_password(ANN, PASSWORD, VISITOR).offers


@pytest.mark.parametrize("attacker_first", [True, False])
def test_whoever_registered_a_strangers_address_gets_nothing_from_the_strangers_click(
    *, attacker_first: bool
) -> None:
    theirs, ours = ("attacker", OTHER_PASSWORD), (BROWSER, PASSWORD)
    for browser, password in (theirs, ours) if attacker_first else (ours, theirs):
        register(password=password, browser=browser)
    ticket = factories.ticket_in("activation")

    if attacker_first:
        registration.activate_here(ticket, BROWSER, VISITOR)
    else:
        with pytest.raises(ProofRequired):
            registration.activate_here(ticket, BROWSER, VISITOR)
        with pytest.raises(WrongPassword):
            registration.activate_by_password(ticket, PASSWORD, VISITOR)
        passwords.forgotten(ANN, VISITOR)
        passwords.reset(factories.ticket_in("reset"), PASSWORD, VISITOR)

    assert sign_in.verify_password(ANN, PASSWORD, VISITOR).offers
    with pytest.raises(WrongPassword):
        sign_in.verify_password(ANN, OTHER_PASSWORD, VISITOR)


def test_the_code_asks_other_browsers_for_the_password_too() -> None:
    register(browser=BROWSER)

    ticket = registration.ticket_for_code(ANN, factories.latest_words("activation")["code"])

    assert registration.activation_of(ticket, "another").wants_password
    assert not registration.activation_of(ticket, BROWSER).wants_password


def test_the_fifth_wrong_password_ends_the_ticket() -> None:
    register(browser=BROWSER)
    ticket, code = factories.ticket_in("activation"), factories.latest_words("activation")["code"]
    for _ in range(ActivationTicket.TRIES):
        with pytest.raises(WrongPassword):
            registration.activate_by_password(ticket, OTHER_PASSWORD, VISITOR)

    with pytest.raises(TicketRefused):
        registration.activate_by_password(ticket, PASSWORD, VISITOR)
    with pytest.raises(TicketRefused):
        registration.activate_here(ticket, BROWSER, VISITOR)
    with pytest.raises(TicketRefused):
        registration.ticket_for_code(ANN, code)


def test_a_few_wrong_passwords_leave_the_ticket_good() -> None:
    register(browser=BROWSER)
    ticket = factories.ticket_in("activation")
    for password in ["", "x" * 2_000, "nul\0inside", OTHER_PASSWORD]:
        with pytest.raises(WrongPassword):
            registration.activate_by_password(ticket, password, VISITOR)

    registration.activate_by_password(ticket, PASSWORD, VISITOR)

    with pytest.raises(TicketRefused):
        registration.activate_by_password(ticket, PASSWORD, VISITOR)


def test_wrong_codes_of_a_stranger_cost_no_password_try() -> None:
    register(browser=BROWSER)
    for _ in range(ActivationTicket.TRIES):
        with pytest.raises(TicketRefused):
            registration.ticket_for_code(ANN, "22222-22222")

    registration.activate_by_password(factories.ticket_in("activation"), PASSWORD, VISITOR)

    assert sign_in.verify_password(ANN, PASSWORD, VISITOR).offers


def test_a_ticket_that_remembers_its_browser_is_not_spent_by_the_ticket_alone() -> None:
    register(browser=BROWSER)
    ticket = factories.ticket_in("activation")

    with pytest.raises(TicketRefused):
        registration.activate(ticket, VISITOR)

    registration.activate_here(ticket, BROWSER, VISITOR)


def test_past_the_mail_limit_the_browser_and_password_of_the_last_mail_count() -> None:
    for _ in range(5):
        register(browser=BROWSER)
    register(password=OTHER_PASSWORD, browser="another")
    ticket = factories.ticket_in("activation")

    assert registration.activation_of(ticket, "another").wants_password
    registration.activate_here(ticket, BROWSER, VISITOR)

    assert sign_in.verify_password(ANN, PASSWORD, VISITOR).offers


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


def test_registering_again_beyond_what_is_mailed_changes_no_password() -> None:
    for _ in range(5):
        register()

    register(password="quite another password")
    registration.activate(factories.ticket_in("activation"), VISITOR)

    assert len(factories.mails("activation")) == 5
    assert sign_in.verify_password(ANN, PASSWORD, VISITOR).offers
