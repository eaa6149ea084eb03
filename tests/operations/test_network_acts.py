"""The lock of a network is a superuser's to open, where it keeps out somebody they look at."""

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
    return network_acts.unlock(again(by), who.id, network, VISITOR)


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


def test_only_a_lock_that_keeps_this_person_out_is_opened(who: Account) -> None:
    sue, other = superuser(), factories.account()
    lock(Counted.IDENTITY, "account:nobody")

    assert not unlock(sue, other)
    assert not unlock(sue, who, from_elsewhere(1).network)
    assert not unlock(sue, who, "account:nobody")
    assert unlock(sue, who)
    assert not unlock(sue, who)


def test_an_organisation_s_administrator_may_not(who: Account) -> None:
    place = factories.organisation()
    factories.membership(who, place)
    chief = account_admin(place)

    with pytest.raises(NotFound):
        unlock(chief, who)
    with pytest.raises(NotFound):
        network_acts.locked(again(chief), who.id)
    assert reason(who.email, visitor=STRANGER) == "too_many_tries"


def test_it_asks_for_a_fresh_proof(who: Account, clock: Clock) -> None:
    sue = superuser()
    clock.advance(timedelta(minutes=11))

    with pytest.raises(ProofRequired):
        unlock(sue, who)
