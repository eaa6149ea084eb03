"""Nothing that is done is without its words; for what happens see tests.pages.test_event_words."""

import inspect
from datetime import timedelta

import pytest
from flask import Flask

from app.errors import Refusal
from app.mail.subjects import SUBJECTS
from app.models import Counted
from app.operations import (
    account_rules,
    memberships,
    obstacles,
    sign_in_cures,
    sign_in_facts,
    sign_in_verdicts,
)
from app.operations.account_acts import ACTS
from app.operations.account_list import Sort, State
from app.operations.sign_in_facts import Delivery
from app.pages.admin import act_words, verdict_words, words
from tests import factories


def test_every_act_has_words_and_an_address_of_its_own() -> None:
    assert set(act_words.WORDS) == set(ACTS)
    slugs = [said.slug for said in act_words.WORDS.values()]
    assert len(set(slugs)) == len(slugs)


def test_every_state_sort_and_lock_has_words() -> None:
    assert set(words.STATES) == set(words.TONES) == set(State)
    assert set(words.SORTS) == set(Sort)
    assert set(words.LOCKS) == set(Counted) - {Counted.NETWORK, Counted.ASKING, Counted.PURGING}


def test_everything_that_keeps_somebody_out_has_words() -> None:
    assert set(verdict_words.WHY) == set(sign_in_cures.AGAINST)
    assert set(verdict_words.VERDICTS) <= set(verdict_words.WHY)
    assert set(verdict_words.DELIVERIES) == set(verdict_words.TONES) == set(Delivery)
    assert set(verdict_words.MAILS) == set(sign_in_facts.KINDS) <= set(SUBJECTS)


def test_whatever_a_verdict_refuses_is_known() -> None:
    """What obstacles and verdicts raise is looked for in their text: none may be without words."""
    texts = [inspect.getsource(each) for each in (obstacles, sign_in_verdicts)]
    named = {each.reason for each in every(Refusal) if any(f"{each.__name__}(" in t for t in texts)}

    assert {"locked", "not_activated", "too_many_codes"} <= named
    assert named | {"no_way_in"} == set(verdict_words.WHY)


def every(kind: type[Refusal]) -> set[type[Refusal]]:
    below = {each for one in kind.__subclasses__() for each in every(one)}
    return {kind, *below}


def test_every_rule_of_an_account_has_words(portal: Flask) -> None:
    place = factories.organisation("Strict", factorForStudents="app", lockMinutes=60)
    who = factories.account()
    factories.membership(who, place)

    with portal.test_request_context():
        said = [verdict_words.rule(each) for each in account_rules.of(who, memberships.of(who.id))]

    assert len(said) >= 6
    assert all(all(each) for each in said)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-90, "about 90 seconds old"),
        (-30, "about 30 seconds old"),
        (-300, "about 5 minutes old"),
        (120, "about 120 seconds ahead"),
        (3600, "about 1 hour ahead"),
    ],
)
def test_a_clock_is_told_in_seconds_while_they_matter(
    portal: Flask, seconds: int, words: str
) -> None:
    with portal.test_request_context():
        assert words in verdict_words.clock(timedelta(seconds=seconds))
