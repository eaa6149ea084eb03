"""The whole life of a few accounts at a few organisations, as it may come: all rules at once.

A machine does what people, programs and administrators do, in any order, by real requests; a model
of its own (people, sittings, ends, life, changes) says what each must answer, and after every step
all that is stored is compared with it (rows).

Each run lives the same lives, unless DOORWARD_LONG_LIFE=500 asks for so many new ones.
"""

from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from app.config import Settings
from tests.conftest import KEY, Clock
from tests.life.everything import Everything, live
from tests.life.portal import Portal

LIVES, STEPS = 30, 40
PAUSES = [timedelta(seconds=1), timedelta(seconds=31)]
MORE_OFTEN = 6

DISTURBING = sorted({"let_time_pass", "suspend_or_reactivate_person", "remove_account", "guess"})


class WholeLife(Everything):
    """All acts, and what must hold after each."""

    def __init__(self) -> None:
        super().__init__()
        self.without: set[str] = set()
        self.often: set[str] = set()

    @initialize(data=st.data(), without=st.sets(st.sampled_from(DISTURBING)))
    def people_are_there(self, data: st.DataObject, without: set[str]) -> None:
        """Begin. Each life has some acts that come often, and does without some disturbances."""
        self.data, self.without, self.well = data, without, False
        self.begin()
        self.sign_in_already()
        some = st.sets(st.sampled_from(sorted(self.acts())), max_size=4)
        self.often = data.draw(some, label="what happens often")
        self.well = True

    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        self.data, self.well = data, False
        acts = {name: often for name, often in self.acts().items() if name not in self.without}
        weighted = [
            name
            for name, weight in acts.items()
            for _ in range(weight * (MORE_OFTEN if name in self.often else 1))
        ]
        getattr(self, data.draw(st.sampled_from(weighted), label="what happens"))()
        self.world.check()
        self.world.wait(data.draw(st.sampled_from(PAUSES), label="pause"))
        if data.draw(st.booleans(), label="look closely"):
            self.world.look_closely()
        self.well = True


@pytest.mark.slow
def test_whole_life(migrated: Flask, database_url: str, clock: Clock) -> None:
    portal = Portal(migrated, Settings(secret_key=KEY, database_url=database_url))
    live(WholeLife, portal, clock, LIVES, STEPS)
