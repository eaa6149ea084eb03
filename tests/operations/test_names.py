"""Changing one's name and one's username."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app import db
from app.errors import AlreadyExists, InvalidUsername, ProofRequired
from app.models import Account, AuditEvent
from app.operations import names, sessions
from tests import factories
from tests.conftest import Clock
from tests.factories import OWN_PASSWORD, VISITOR
from tests.operations.signing_in import reason, signed_in
from tests.operations.test_races import WON, at_once

pytestmark = pytest.mark.usefixtures("portal")


def written_down() -> list[str]:
    changes = select(AuditEvent.what).where(AuditEvent.what.like("%name_changed"))
    return list(db.session().scalars(changes.order_by(AuditEvent.position)))


def test_a_name_is_kept_without_needless_blanks() -> None:
    session = signed_in(factories.account(name="Ann")).session

    names.rename(session, "  Ann   Smith ", VISITOR)
    names.rename(session, "Ann Smith", VISITOR)

    assert session.account.name == "Ann Smith"
    assert written_down() == ["name_changed"]


def test_a_new_username_opens_the_account_and_the_old_one_does_not() -> None:
    who = factories.account(username="ann")

    names.change_username(signed_in(who).session, " Ann.Smith ", VISITOR)

    assert reason("ann") == "unknown_account"
    assert reason("ANN.smith") == ""
    assert who.username == "Ann.Smith"
    assert written_down() == ["username_changed"]


def test_other_capitals_of_ones_own_username_are_no_clash() -> None:
    who = factories.account(username="ann")

    names.change_username(signed_in(who).session, "Ann", VISITOR)

    assert (who.username, who.username_key) == ("Ann", "ann")


def test_an_account_with_an_address_needs_no_username() -> None:
    who = factories.account(username="ann")

    names.change_username(signed_in(who).session, "", VISITOR)

    assert (who.username, who.username_key) == (None, None)
    assert reason("ann") == "unknown_account"


def test_a_generic_account_keeps_a_username() -> None:
    who = factories.account(None, username="generic")
    session = signed_in(who).session

    with pytest.raises(InvalidUsername):
        names.change_username(session, "", VISITOR)

    assert who.username == "generic"


@pytest.mark.parametrize("username", ["a", "ann smith", "ann@example.org", "\u202eann", "x" * 65])
def test_what_is_no_username_is_refused(username: str) -> None:
    with pytest.raises(InvalidUsername):
        names.change_username(signed_in(factories.account()).session, username, VISITOR)


def test_a_taken_username_is_refused_however_it_is_typed() -> None:
    factories.account(username="Ann")
    session = signed_in(factories.account(username="bob")).session

    with pytest.raises(AlreadyExists):
        names.change_username(session, "\uff21NN", VISITOR)

    assert session.account.username == "bob"
    assert written_down() == []


def test_of_ten_who_want_one_username_at_once_one_gets_it(portal: Flask) -> None:
    opened = [signed_in(factories.account()).session.id for _ in range(10)]

    def want(number: int) -> None:
        names.change_username(sessions.find_by_id(opened[number]), "wanted", VISITOR)

    ended = at_once(portal, want, times=10)

    assert (ended[WON], ended[AlreadyExists.reason]) == (1, 9)
    db.session().rollback()  # look at what is there now
    has_it = select(Account.id).where(Account.username_key == "wanted")
    assert len(list(db.session().scalars(has_it))) == 1


def test_after_ten_minutes_a_username_asks_for_proof_and_a_name_does_not(clock: Clock) -> None:
    session = signed_in(factories.account()).session
    clock.advance(timedelta(minutes=10))

    with pytest.raises(ProofRequired):
        names.change_username(session, "ann", VISITOR)
    names.rename(session, "Ann", VISITOR)

    assert session.account.username is None


def test_a_mere_seat_changes_neither() -> None:
    who, place = factories.account(), factories.organisation()
    factories.membership(who, place)
    factories.own_password(who, place)
    session = signed_in(who, OWN_PASSWORD).session

    with pytest.raises(ProofRequired):
        names.rename(session, "Ann", VISITOR)
    with pytest.raises(ProofRequired):
        names.change_username(session, "ann", VISITOR)
