"""Nothing that is done is without its words; for what happens see tests.pages.test_event_words."""

from app.models import Counted
from app.operations.account_acts import ACTS
from app.operations.account_list import Sort, State
from app.pages.admin import act_words, words


def test_every_act_has_words_and_an_address_of_its_own() -> None:
    assert set(act_words.WORDS) == set(ACTS)
    slugs = [said.slug for said in act_words.WORDS.values()]
    assert len(set(slugs)) == len(slugs)


def test_every_state_sort_and_lock_has_words() -> None:
    assert set(words.STATES) == set(words.TONES) == set(State)
    assert set(words.SORTS) == set(Sort)
    assert set(words.LOCKS) == set(Counted) - {Counted.NETWORK, Counted.ASKING, Counted.PURGING}
