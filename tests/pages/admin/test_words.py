"""Nothing that happens or is done is without its words."""

import re
from pathlib import Path

from flask import Flask

from app.models import Counted
from app.operations.account_acts import ACTS
from app.operations.account_list import Sort, State
from app.pages.admin import act_words, events, words

RECORDED = [
    re.compile(r'\brecord\(\s*"([a-z_]+)"'),
    re.compile(r'\bAct\(\s*"([a-z_]+)"'),
    re.compile(r'what = .*"(signed_in|seat_taken|confirmed)"'),
]
OF_NO_ACCOUNT = {
    "accounts_exported",
    "everybody_signed_out",
    "organisation_created",
    "organisation_reactivated",
    "organisation_suspended",
    "settings_changed",
}


def test_every_event_of_an_account_has_words(portal: Flask) -> None:
    code = "".join(each.read_text() for each in Path(portal.root_path, "app").rglob("*.py"))
    recorded = {what for kind in RECORDED for what in kind.findall(code)}

    assert len(recorded) > 30
    assert recorded - OF_NO_ACCOUNT <= set(events.EVENTS)


def test_every_act_has_words_and_an_address_of_its_own() -> None:
    assert set(act_words.WORDS) == set(ACTS)
    slugs = [said.slug for said in act_words.WORDS.values()]
    assert len(set(slugs)) == len(slugs)


def test_every_state_sort_and_lock_has_words() -> None:
    assert set(words.STATES) == set(words.TONES) == set(State)
    assert set(words.SORTS) == set(Sort)
    assert set(words.LOCKS) == set(Counted) - {Counted.NETWORK, Counted.ASKING}
