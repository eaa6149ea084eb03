"""Whom a reset ticket is mailed to, what it is for, and when it dies."""

import pytest

from app import db
from app.clock import now
from app.errors import TicketRefused
from app.models import Role
from app.operations import administration, passwords
from tests import factories
from tests.factories import PASSWORD, VISITOR
from tests.operations.signing_in import opens, signed_in

pytestmark = pytest.mark.usefixtures("portal")

NEW = "a fresh start at last"


def test_without_a_role_there_only_the_accounts_password_is_reset() -> None:
    who, foreign = factories.account(), factories.organisation()
    factories.membership(who)

    passwords.forgotten(who.email or "", VISITOR, foreign.id)
    passwords.reset(factories.ticket_in("reset"), NEW, VISITOR)

    assert opens(who, NEW)
    assert not opens(who, PASSWORD)


def test_a_suspended_account_is_mailed_no_reset() -> None:
    who = factories.account()
    who.suspended_at = now()
    db.session().commit()

    passwords.forgotten(who.email or "", VISITOR)

    assert factories.mails() == []


def test_a_changed_password_ends_the_reset_that_was_mailed() -> None:
    who = factories.account()
    session = signed_in(who).session
    passwords.forgotten(who.email or "", VISITOR)

    passwords.change(session, PASSWORD, NEW, VISITOR)

    with pytest.raises(TicketRefused):
        passwords.reset(factories.ticket_in("reset"), "yet another one", VISITOR)


def test_a_suspended_account_resets_nothing() -> None:
    who = factories.account()
    passwords.forgotten(who.email or "", VISITOR)

    who.suspended_at = now()
    db.session().commit()

    with pytest.raises(TicketRefused):
        passwords.reset(factories.ticket_in("reset"), NEW, VISITOR)


def test_a_suspension_ends_the_reset_that_was_mailed_for_good() -> None:
    who = factories.account()
    passwords.forgotten(who.email or "", VISITOR)

    administration.suspend_account(who, VISITOR)
    administration.reactivate_account(who, VISITOR)

    with pytest.raises(TicketRefused):
        passwords.reset(factories.ticket_in("reset"), NEW, VISITOR)


def test_whoever_lost_the_role_resets_no_password_there() -> None:
    who, place = factories.account(), factories.organisation()
    factories.membership(who, place)
    passwords.forgotten(who.email or "", VISITOR, place.id)

    administration.remove_membership(who, place, Role.STUDENT, VISITOR)

    with pytest.raises(TicketRefused):
        passwords.reset(factories.ticket_in("reset"), NEW, VISITOR)
