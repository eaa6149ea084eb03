"""Time tells nobody which identities exist."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from app.errors import Refusal
from app.operations import addresses, even_time, passwords, registration, sign_in, unlocking
from tests import factories
from tests.factories import PASSWORD, VISITOR
from tests.operations.signing_in import signed_in

pytestmark = pytest.mark.usefixtures("portal")

FLOOR = timedelta(milliseconds=150)

ASKED: list[Callable[[str], object]] = [
    lambda identity: sign_in.verify_password(identity, "wrong", VISITOR),
    lambda identity: passwords.forgotten(identity, VISITOR),
    lambda identity: unlocking.send(identity, VISITOR),
    lambda identity: registration.register(identity, "Ann", PASSWORD, VISITOR),
]


@pytest.mark.parametrize("ask", ASKED, ids=["sign_in", "forgotten", "unlock", "register"])
@pytest.mark.parametrize("identity", ["ann@example.org", "nobody@example.org"])
def test_nothing_that_could_tell_is_answered_sooner(
    ask: Callable[[str], object], identity: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.account("ann@example.org")
    monkeypatch.setattr(even_time, "floor", FLOOR)

    began = time.monotonic()
    with suppress(Refusal):
        ask(identity)

    assert FLOOR.total_seconds() <= time.monotonic() - began


@pytest.mark.parametrize("address", ["ann@example.org", "nobody@example.org"])
def test_asking_for_a_new_address_takes_as_long_for_one_that_is_taken(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.account("ann@example.org")
    session = signed_in(factories.account()).session
    monkeypatch.setattr(even_time, "floor", FLOOR)

    began = time.monotonic()
    addresses.ask(session, address, VISITOR)

    assert FLOOR.total_seconds() <= time.monotonic() - began


def test_the_right_password_waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    who = factories.account()
    monkeypatch.setattr(even_time, "floor", timedelta(seconds=30))

    began = time.monotonic()
    sign_in.verify_password(who.email or "", PASSWORD, VISITOR)

    assert time.monotonic() - began < 30
