"""The whole life of a few accounts at a few organisations, as it may come: all rules at once.

A machine does what people, programs and administrators do, in any order, by real requests; a model
of its own (people, sittings, ends, life, changes) says what each must answer, and after every step
all that is stored is compared with it (rows).

Each run lives the same lives, unless DOORWARD_LONG_LIFE=500 asks for so many new ones.
"""

import os
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from app.config import Settings
from tests.conftest import KEY, Clock
from tests.life.administering import Administering
from tests.life.by_mail import ByMail
from tests.life.keeping_on import KeepingOn
from tests.life.openings import Openings
from tests.life.own_account import OwnAccount
from tests.life.portal import Portal
from tests.life.strangers import Strangers
from tests.life.world import World

LONG = os.environ.get("DOORWARD_LONG_LIFE")
LIVES, STEPS = (int(LONG), 60) if LONG else (40, 40)
PAUSES = [timedelta(seconds=1), timedelta(seconds=31)]
MORE_OFTEN = 6

DISTURBING = sorted({"let_time_pass", "suspend_or_reactivate_person", "remove_account", "guess"})


class WholeLife(
    Strangers,
    Administering,
    ByMail,
    KeepingOn,
    OwnAccount,
    Openings,
):
    """All acts, and what must hold after each."""

    make_world: Callable[[], World]

    def __init__(self) -> None:
        super().__init__()
        self.world = type(self).make_world()
        self.without: set[str] = set()
        self.often: set[str] = set()
        self.well = False  # nothing has failed so far

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

    def teardown(self) -> None:
        try:
            if self.well:
                self.world.close_well()
        finally:
            self.world.close()


@pytest.mark.slow
def test_whole_life(migrated: Flask, database_url: str, clock: Clock) -> None:
    portal = Portal(migrated, Settings(secret_key=KEY, database_url=database_url))

    class Machine(WholeLife):
        make_world = staticmethod(lambda: World(portal, clock))

    profile = settings(
        max_examples=LIVES,
        stateful_step_count=STEPS,
        derandomize=not LONG,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Machine, settings=profile)
