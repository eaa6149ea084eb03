"""The lock of a network is a superuser's to open, where it keeps out somebody they look at."""

import uuid
from datetime import timedelta

import pytest

from app.errors import NotFound, ProofRequired
from app.models import Account, AuditEvent, Counted
from app.operations import history, network_acts
from app.operations.authority import Administrator
from tests import factories
from tests.conftest import Clock
from tests.factories import STRANGER, VISITOR
from tests.operations.administrators import account_admin, again, events, superuser
from tests.operations.kept_out import seen_by
from tests.operations.signing_in import fail, from_elsewhere, opens, reason, signed_in
from tests.operations.test_account_list import lock

pytestmark = pytest.mark.usefixtures("portal")


@pytest.fixture
def who() -> Account:
    """Return somebody who signed in before from a network that others have locked since."""
    made = factories.account()
    signed_in(made, visitor=STRANGER)
    for number in range(5):
        fail(f"nobody{number}@example.org", 10)
    assert reason(made.email, visitor=STRANGER) == "too_many_tries"
    return made


def unlock(by: Administrator, who: Account, network: str = STRANGER.network) -> bool:
    return network_acts.unlock(again(by), network, VISITOR, who.id)


def test_opening_it_lets_everybody_behind_it_in(who: Account) -> None:
    sue, other = superuser(), factories.account()

    assert unlock(sue, who)

    assert opens(who, visitor=STRANGER)
    assert opens(other, visitor=STRANGER)
    facts = seen_by(sue, who).facts
    assert facts is not None
    assert facts.networks == []


def test_it_is_recorded_and_stands_in_the_person_s_history(who: Account) -> None:
    sue = superuser()
    unlock(sue, who)

    [(what, by)] = events(who)
    assert by is not None
    assert (what, by.id) == ("network_unlocked", sue.account_id)
    [newest, *_] = history.page(who).events
    assert (newest.event.what, newest.by_administrator) == ("network_unlocked", True)
    event: AuditEvent = newest.event
    assert factories.told(event) == {"network": STRANGER.network}


def test_only_the_lock_of_a_network_is_opened_and_once(who: Account) -> None:
    sue = superuser()
    lock(Counted.IDENTITY, "account:nobody")

    assert not unlock(sue, who, from_elsewhere(1).network)
    assert not unlock(sue, who, "account:nobody")
    assert unlock(sue, who)
    assert not unlock(sue, who)
    assert reason("nobody@example.org", visitor=STRANGER) == "unknown_account"


def test_those_that_turned_most_away_are_listed_first(who: Account) -> None:
    sue = superuser()
    lock(Counted.NETWORK, "203.0.113.1/32")
    fail(who.email, 3)

    found = network_acts.locked(again(sue))

    told = [(each.network, each.turned_away) for each in found]
    assert told == [(STRANGER.network, 4), ("203.0.113.1/32", 0)]


def test_nobody_has_to_be_named(who: Account) -> None:
    sue = superuser()

    assert network_acts.unlock(again(sue), STRANGER.network, VISITOR)

    assert opens(who, visitor=STRANGER)


def test_an_account_that_is_not_there_is_not_named_in_the_log(who: Account) -> None:
    with pytest.raises(NotFound):
        network_acts.unlock(superuser(), STRANGER.network, VISITOR, uuid.uuid4())

    assert reason(who.email, visitor=STRANGER) == "too_many_tries"


def test_an_organisation_s_administrator_may_not(who: Account) -> None:
    place = factories.organisation()
    factories.membership(who, place)
    chief = account_admin(place)

    with pytest.raises(NotFound):
        unlock(chief, who)
    with pytest.raises(NotFound):
        network_acts.locked(again(chief))
    assert reason(who.email, visitor=STRANGER) == "too_many_tries"


def test_it_asks_for_a_fresh_proof(who: Account, clock: Clock) -> None:
    sue = superuser()
    clock.advance(timedelta(minutes=11))

    with pytest.raises(ProofRequired):
        unlock(sue, who)
