"""Fifty at once: one winner, and never more tries than the limit."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import db
from app.errors import Busy, Refusal
from app.models import Account, PendingSignIn, Session
from app.operations import passwords, registration, sign_in
from app.operations.visitor import Visitor
from app.security import hash_gate
from tests import factories
from tests.factories import PASSWORD, VISITOR

FIFTY = 50
WON = "won"


@pytest.fixture(autouse=True)
def wide_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all fifty through the gate, so that the database alone decides."""
    wide = hash_gate.Gate(FIFTY, waiting=200, of_one_client=200)
    monkeypatch.setattr(hash_gate, "gate", lambda: wide)


def at_once(portal: Flask, act: Callable[[int], object], times: int = FIFTY) -> Counter[str]:
    """Do `act` in that many threads, released together; count how each ended."""
    barrier = threading.Barrier(times)

    def one(number: int) -> str:
        with portal.app_context():
            barrier.wait()
            try:
                act(number)
            except Refusal as refusal:
                return refusal.reason
            finally:
                db.db.session.remove()
        return WON

    with ThreadPoolExecutor(times) as threads:
        return Counter(threads.map(one, range(times)))


def count_sessions() -> int:
    db.session().rollback()  # look at what is there now, not when this test last looked
    return db.session().scalar(select(func.count()).select_from(Session)) or 0


def pending_pin(who: Account) -> tuple[str, str]:
    handle = sign_in.verify_password(who.email or "", PASSWORD, VISITOR).offers[0].handle
    sign_in.proceed(handle, VISITOR)
    return handle, factories.latest_words("pin")["pin"]


def test_one_handle_opens_one_session(portal: Flask) -> None:
    who = factories.account()
    factories.membership(who)
    handle = sign_in.verify_password(who.email or "", PASSWORD, VISITOR).offers[0].handle

    ended = at_once(portal, lambda _: sign_in.proceed(handle, VISITOR))

    assert ended[WON] == count_sessions() == 1
    assert ended["ticket_refused"] == FIFTY - 1


def test_one_pin_opens_one_session(portal: Flask) -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    handle, pin = pending_pin(who)

    ended = at_once(portal, lambda _: sign_in.answer(handle, pin, VISITOR))

    assert ended[WON] == count_sessions() == 1


def test_wrong_pins_at_once_have_no_more_than_five_tries(portal: Flask) -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    handle, pin = pending_pin(who)
    wrong = f"{(int(pin) + 1) % 1_000_000:06d}"

    ended = at_once(portal, lambda _: sign_in.answer(handle, wrong, VISITOR))

    assert ended["wrong_code"] == PendingSignIn.TRIES
    assert count_sessions() == 0


def test_proceeding_at_once_mails_one_pin(portal: Flask) -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    handle = sign_in.verify_password(who.email or "", PASSWORD, VISITOR).offers[0].handle

    at_once(portal, lambda _: sign_in.proceed(handle, VISITOR))

    assert len(factories.mails("pin")) == 1


def test_wrong_passwords_at_once_have_no_more_than_ten_tries(portal: Flask) -> None:
    who = factories.account()
    identity = who.email or ""

    def guess(number: int) -> None:
        sign_in.verify_password(
            identity, "wrong", Visitor(VISITOR.interface, f"203.0.113.{number}")
        )

    ended = at_once(portal, guess)

    assert ended == {"wrong_password": 10, "locked": FIFTY - 10}


def test_one_activation_ticket_activates_once(portal: Flask) -> None:
    registration.register("ann@example.org", "Ann", PASSWORD, VISITOR)
    ticket = factories.ticket_in("activation")

    ended = at_once(portal, lambda _: registration.activate(ticket, VISITOR))

    assert ended == {WON: 1, "ticket_refused": FIFTY - 1}


def test_one_reset_ticket_sets_one_password(portal: Flask) -> None:
    who = factories.account()
    passwords.forgotten(who.email or "", VISITOR)
    ticket = factories.ticket_in("reset")

    ended = at_once(
        portal, lambda n: passwords.reset(ticket, f"a fresh start, number {n}", VISITOR)
    )

    assert ended == {WON: 1, "ticket_refused": FIFTY - 1}


def test_one_address_registers_once(portal: Flask) -> None:
    ended = at_once(
        portal, lambda _: registration.register("ann@example.org", "Ann", PASSWORD, VISITOR)
    )

    assert ended == {WON: FIFTY}
    assert db.session().scalar(select(func.count()).select_from(Account)) == 1


def test_honest_sign_ins_of_one_account_at_once_all_succeed(
    portal: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = hash_gate.Gate(2, waiting=100, of_one_client=100)
    monkeypatch.setattr(hash_gate, "gate", lambda: gate)
    who = factories.account()
    identity = who.email or ""

    def enter(_: int) -> None:
        [offer] = sign_in.verify_password(identity, PASSWORD, VISITOR).offers
        sign_in.proceed(offer.handle, VISITOR)

    assert at_once(portal, enter) == {WON: FIFTY}


def test_a_full_gate_charges_nobody(portal: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = hash_gate.Gate(1, waiting=0)
    monkeypatch.setattr(hash_gate, "gate", lambda: gate)
    who = factories.account()
    with gate.turn("a"), gate.turn("b"), pytest.raises(Busy):
        sign_in.verify_password(who.email or "", "wrong", VISITOR)

    with portal.app_context():
        assert sign_in.verify_password(who.email or "", PASSWORD, VISITOR).offers
