"""Known devices and networks: what they are spared, and how they become strangers again."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from app import db
from app.clock import now
from app.models import Account, Interface, Organisation, Password
from app.operations import known_devices, passwords
from app.operations.visitor import Visitor
from app.security import passwords as hashes
from tests import factories
from tests.conftest import Clock
from tests.factories import OWN_PASSWORD, PASSWORD, VISITOR
from tests.operations.signing_in import (
    fail,
    from_elsewhere,
    known_device,
    opens,
    reason,
    signed_in,
)

pytestmark = pytest.mark.usefixtures("portal")

NEW = "a fresh start at last"
DAY = timedelta(days=1)


def test_a_device_is_a_strangers_after_a_reset(clock: Clock) -> None:
    who = factories.account()
    at_home = known_device(who)
    clock.advance(timedelta(minutes=1))

    passwords.forgotten(who.email or "", VISITOR)
    passwords.reset(factories.ticket_in("reset"), NEW, VISITOR)
    fail(who.email, 10)

    assert reason(who.email, NEW, at_home) == "locked"


def test_a_network_is_a_strangers_after_a_reset(clock: Clock) -> None:
    who, program = factories.account(), Visitor(Interface.ROCKETCHAT, "192.0.2.9")
    signed_in(who, visitor=program)
    clock.advance(timedelta(minutes=1))

    passwords.forgotten(who.email or "", VISITOR)
    passwords.reset(factories.ticket_in("reset"), NEW, VISITOR)
    fail(who.email, 10)

    assert reason(who.email, NEW, program) == "locked"


@pytest.mark.parametrize(("days", "why"), [(364, ""), (366, "locked")])
def test_a_device_is_a_strangers_after_a_year(days: int, why: str) -> None:
    who = factories.account()
    at_home = known_device(who)

    with time_machine.travel(now() + days * DAY, tick=False):
        fail(who.email, 10)

        assert reason(who.email, PASSWORD, at_home) == why


def test_a_device_keeps_its_name_and_since_when_it_is_known(clock: Clock) -> None:
    who = factories.account()
    first = known_device(who)
    clock.advance(DAY)

    later = known_device(who, visitor=first)

    [was] = known_devices._entries(first.device).values()
    [kept] = known_devices._entries(later.device).values()
    assert (kept.device, kept.known_since) == (was.device, was.known_since)


def test_what_a_known_network_tries_counts_against_the_network_too() -> None:
    who, program = factories.account(), Visitor(Interface.ROCKETCHAT, "192.0.2.9")
    signed_in(who, visitor=program)

    for number in range(50):
        fail(f"person{number}@nowhere.example", 1, program)

    assert reason(who.email, PASSWORD, program) == "too_many_tries"


def test_a_device_is_not_held_up_by_strangers_behind_its_address() -> None:
    who = factories.account()
    at_home = known_device(who)

    for number in range(50):
        fail(f"person{number}@nowhere.example", 1, VISITOR)

    assert opens(who, PASSWORD, at_home)


def test_an_own_password_leaves_the_accounts_count_of_failures() -> None:
    who, _ = with_own_password()
    fail(who.email, 9)

    assert opens(who, OWN_PASSWORD)
    fail(who.email, 1)

    assert reason(who.email) == "locked"


def test_devices_known_by_an_own_password_get_no_fresh_tries_at_the_accounts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    who, _ = with_own_password()
    devices = [known_device(who, OWN_PASSWORD, from_elsewhere(n)) for n in range(5)]
    compared = compared_hashes(monkeypatch)

    for device in devices:
        fail(who.email, 12, device)

    assert compared.count(hash_of(who)) == 10


def test_a_device_known_by_an_own_password_signs_in_with_it_while_strangers_hold_the_lock() -> None:
    who, _ = with_own_password()
    at_school = known_device(who, OWN_PASSWORD)

    fail(who.email, 10)

    assert reason(who.email, OWN_PASSWORD, VISITOR) == "locked"
    assert opens(who, OWN_PASSWORD, at_school)
    assert not opens(who, PASSWORD, at_school)


def with_own_password() -> tuple[Account, Organisation]:
    """Return somebody with two roles, and the organisation that has a password of its own."""
    who, place = factories.account(), factories.organisation()
    factories.membership(who)
    factories.membership(who, place)
    factories.own_password(who, place)
    return who, place


def compared_hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows with every hash that a password is compared with."""
    seen: list[str] = []
    compare = hashes.matches

    def counting(password: str, hashed: str) -> bool:
        seen.append(hashed)
        return compare(password, hashed)

    monkeypatch.setattr(hashes, "matches", counting)
    return seen


def hash_of(who: Account) -> str:
    own = select(Password.hash).where(
        Password.account_id == who.id, Password.organisation_id.is_(None)
    )
    return db.session().scalars(own).one()
