"""How often one try hashes: for those whom nobody knows as for those who are known."""

from collections.abc import Callable

import pytest

from app.models import Account
from app.security import passwords
from tests import factories
from tests.operations.signing_in import fail

pytestmark = pytest.mark.usefixtures("portal")


def test_unknown_identities_cost_as_often_several_hashes_as_people_have_several_passwords(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_own_passwords(3)
    spent = counted(monkeypatch, "spend_decoy")

    costs = {cost_of(f"nobody{number}@example.org", spent) for number in range(20)}

    assert costs == {1, 4}


def test_an_unknown_identity_costs_the_same_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with_own_passwords(3)
    spent = counted(monkeypatch, "spend_decoy")

    for number in range(5):
        costs = {cost_of(f"nobody{number}@example.org", spent) for _ in range(5)}
        assert len(costs) == 1


def test_whoever_has_eight_passwords_costs_five_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    who = with_own_passwords(7)
    spent = counted(monkeypatch, "matches")

    assert cost_of(who.email or "", spent) == 5


def test_no_unknown_identity_costs_more_than_five_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    with_own_passwords(7)
    spent = counted(monkeypatch, "spend_decoy")

    costs = {cost_of(f"nobody{number}@example.org", spent) for number in range(20)}

    assert costs == {1, 5}


def with_own_passwords(number: int) -> Account:
    who = factories.account()
    for _ in range(number):
        place = factories.organisation()
        factories.membership(who, place)
        factories.own_password(who, place)
    return who


def counted(monkeypatch: pytest.MonkeyPatch, name: str) -> list[str]:
    """Return a list that grows with every call of a function that hashes."""
    calls: list[str] = []
    hashing: Callable[..., object] = getattr(passwords, name)

    def counting(*arguments: str) -> object:
        calls.append(name)
        return hashing(*arguments)

    monkeypatch.setattr(passwords, name, counting)
    return calls


def cost_of(identity: str, spent: list[str]) -> int:
    before = len(spent)
    fail(identity, 1)
    return len(spent) - before
