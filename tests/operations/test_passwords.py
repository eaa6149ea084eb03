"""Changing a password, and setting a forgotten one anew."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from app import db
from app.clock import now
from app.errors import PasswordRefused, ProofRequired, Refusal, TicketRefused, WrongPassword
from app.models import Account
from app.operations import new_passwords, passwords, sessions, sign_in
from app.operations.sign_in import PinWanted, SignedIn
from tests import factories
from tests.conftest import Clock
from tests.factories import OWN_PASSWORD, PASSWORD, VISITOR

pytestmark = pytest.mark.usefixtures("portal")

NEW = "a fresh start at last"


def signed_in(who: Account, password: str = PASSWORD) -> SignedIn:
    offer = sign_in.verify_password(who.email or "", password, VISITOR).offers[0]
    step = sign_in.proceed(offer.handle, VISITOR)
    if isinstance(step, PinWanted):
        step = sign_in.answer(step.handle, factories.latest_words("pin")["pin"], VISITOR)
    assert isinstance(step, SignedIn)
    return step


def opens(who: Account, password: str) -> bool:
    try:
        return bool(sign_in.verify_password(who.email or "", password, VISITOR).offers)
    except Refusal:
        return False


def reset_ticket(who: Account) -> str:
    passwords.forgotten(who.email or "", VISITOR)
    return factories.ticket_in("reset")


def test_a_reset_sets_the_password_once_and_never_signs_in() -> None:
    who = factories.account()
    ticket = reset_ticket(who)

    passwords.reset(ticket, NEW, VISITOR)

    assert opens(who, NEW)
    assert not opens(who, PASSWORD)
    assert factories.sessions_open() == 0
    with pytest.raises(TicketRefused):
        passwords.reset(ticket, "yet another one", VISITOR)


def test_a_refused_password_leaves_the_ticket_good() -> None:
    who = factories.account()
    ticket = reset_ticket(who)

    with pytest.raises(PasswordRefused):
        passwords.reset(ticket, "short", VISITOR)

    passwords.reset(ticket, NEW, VISITOR)
    assert opens(who, NEW)


def test_a_reset_ends_every_session_and_every_half_finished_sign_in() -> None:
    who = factories.account()
    done = signed_in(who)
    [pending] = sign_in.verify_password(who.email or "", PASSWORD, VISITOR).offers

    passwords.reset(reset_ticket(who), NEW, VISITOR)

    for dead in (
        lambda: sessions.find(done.bearer),
        lambda: sign_in.proceed(pending.handle, VISITOR),
    ):
        with pytest.raises(TicketRefused):
            dead()


def test_a_reset_keeps_the_factor() -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())

    passwords.reset(reset_ticket(who), NEW, VISITOR)
    [offer] = sign_in.verify_password(who.email or "", NEW, VISITOR).offers

    assert isinstance(sign_in.proceed(offer.handle, VISITOR), PinWanted)


def test_a_reset_for_one_organisation_sets_its_own_password_only() -> None:
    who = factories.account()
    place = factories.organisation()
    factories.membership(who)
    special = factories.membership(who, place)
    factories.own_password(who, place)

    passwords.forgotten(who.email or "", VISITOR, place.id)
    passwords.reset(factories.ticket_in("reset"), NEW, VISITOR)

    [offer] = sign_in.verify_password(who.email or "", NEW, VISITOR).offers
    assert offer.membership == special
    assert opens(who, PASSWORD)


def test_only_the_newest_reset_ticket_works_and_for_an_hour(clock: Clock) -> None:
    who = factories.account()
    first = reset_ticket(who)
    clock.advance(timedelta(seconds=1))
    second = reset_ticket(who)

    with pytest.raises(TicketRefused):
        passwords.reset(first, NEW, VISITOR)
    clock.advance(timedelta(hours=1))
    with pytest.raises(TicketRefused):
        passwords.reset(second, NEW, VISITOR)


def test_the_code_trades_for_a_ticket_and_kills_the_link() -> None:
    who = factories.account()
    link = reset_ticket(who)
    code = factories.latest_words("reset")["code"]

    ticket = passwords.ticket_for_code(who.email or "", code)

    with pytest.raises(TicketRefused):
        passwords.reset_of(link)
    passwords.reset(ticket, NEW, VISITOR)
    assert opens(who, NEW)


@pytest.mark.parametrize("identity", ["nobody@example.org", "", "nobody"])
def test_forgetting_an_unknown_identity_says_and_sends_nothing(identity: str) -> None:
    passwords.forgotten(identity, VISITOR)

    assert factories.mails() == []


def test_a_reset_activates_an_account_whose_address_it_proves() -> None:
    who = factories.account(activated=False)

    passwords.reset(reset_ticket(who), NEW, VISITOR)

    assert opens(who, NEW)


def test_a_suspended_account_is_not_opened_by_a_reset() -> None:
    who = factories.account()
    ticket = reset_ticket(who)
    who.suspended_at = now()
    db.session().commit()

    with pytest.raises(TicketRefused):
        passwords.reset(ticket, NEW, VISITOR)


def test_changing_the_password_ends_all_other_sessions_and_renews_this_one() -> None:
    who = factories.account()
    here, elsewhere = signed_in(who), signed_in(who)
    factories.forget_mails()

    bearer = passwords.change(here.session, PASSWORD, NEW, VISITOR)

    assert sessions.find(bearer).id == here.session.id
    for dead in (here.bearer, elsewhere.bearer):
        with pytest.raises(TicketRefused):
            sessions.find(dead)
    assert opens(who, NEW)
    assert [mail.kind for mail in factories.mails()] == ["password_changed"]


def test_changing_the_password_needs_the_present_one() -> None:
    who = factories.account()
    here = signed_in(who)

    with pytest.raises(WrongPassword):
        passwords.change(here.session, "wrong", NEW, VISITOR)

    assert opens(who, PASSWORD)


def test_changing_the_password_needs_a_fresh_proof(clock: Clock) -> None:
    who = factories.account()
    here = signed_in(who)

    clock.advance(timedelta(minutes=10))

    with pytest.raises(ProofRequired):
        passwords.change(here.session, PASSWORD, NEW, VISITOR)


def test_an_organisations_own_password_does_not_change_the_accounts() -> None:
    who = factories.account()
    special = factories.membership(who)
    assert special.organisation
    factories.own_password(who, special.organisation)
    here = signed_in(who, OWN_PASSWORD)

    with pytest.raises(ProofRequired):
        passwords.change(here.session, PASSWORD, NEW, VISITOR)


def test_a_seat_without_the_accounts_strictest_factor_does_not_change_the_account() -> None:
    who = factories.account()
    easy = factories.membership(who)
    factories.membership(who, factories.pin_organisation())
    offers = sign_in.verify_password(who.email or "", PASSWORD, VISITOR).offers
    [offer] = [each for each in offers if each.membership == easy]
    here = sign_in.proceed(offer.handle, VISITOR)
    assert isinstance(here, SignedIn)

    with pytest.raises(ProofRequired):
        passwords.change(here.session, PASSWORD, NEW, VISITOR)


def test_the_strictest_organisation_sets_the_shortest_password(
    change_settings: Callable[..., None],
) -> None:
    who = factories.account()
    factories.membership(who, factories.organisation(passwordMinLength=15))

    assert new_passwords.minimum_for(None) == 8
    assert new_passwords.minimum_for(who) == 15
    change_settings(password_min_length=12)
    assert new_passwords.minimum_for(None) == new_passwords.minimum_for(None, least=6) == 12


def test_a_password_is_not_made_of_its_owners_organisation() -> None:
    who = factories.account()
    factories.membership(who, factories.organisation("Northwind"))

    with pytest.raises(PasswordRefused) as refused:
        new_passwords.check("northwind2026", who)

    assert refused.value.problems == ["made_of_context"]


def test_asking_too_often_leaves_the_ticket_that_was_mailed_good() -> None:
    who = factories.account()
    for _ in range(7):
        passwords.forgotten(who.email or "", VISITOR)

    assert len(factories.mails("reset")) == 5
    passwords.reset(factories.ticket_in("reset"), NEW, VISITOR)
    assert opens(who, NEW)
