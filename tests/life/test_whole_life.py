"""The whole life of a few accounts at a few organisations, as it may come: all rules at once.

A machine does what people, programs and administrators do, in any order, by real requests; a model
of its own (people, sittings, ends, life, changes) says what each must answer, and after every step
all that is stored is compared with it (rows).

Each run of the first is alike; the second draws anew: DOORWARD_LONG_LIFE=1 asks for it.
"""

import os
from collections.abc import Callable

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from app.config import Settings
from tests.conftest import KEY, Clock
from tests.life.administering import Administering
from tests.life.by_mail import ByMail
from tests.life.by_program import SigningInByProgram
from tests.life.keeping_on import KeepingOn
from tests.life.on_pages import SigningInOnPages
from tests.life.own_account import OwnAccount
from tests.life.strangers import Strangers
from tests.life.world import World

LONG = "DOORWARD_LONG_LIFE"
EXAMPLES, STEPS = (500, 40) if os.environ.get(LONG) else (50, 20)


DISTURBING = sorted({"let_time_pass", "suspend_or_reactivate_person", "remove_account", "guess"})


class WholeLife(
    Strangers,
    Administering,
    ByMail,
    KeepingOn,
    OwnAccount,
    SigningInByProgram,
    SigningInOnPages,
):
    """All acts, and what must hold after each."""

    make_world: Callable[[], World]

    def __init__(self) -> None:
        super().__init__()
        self.world = type(self).make_world()
        self.without: set[str] = set()

    @initialize(data=st.data(), without=st.sets(st.sampled_from(DISTURBING)))
    def people_are_there(self, data: st.DataObject, without: set[str]) -> None:
        """Begin; some lives go on `without` some of what disturbs them, so that others come far."""
        self.data, self.without = data, without
        self.begin()

    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        self.data = data
        acts = {name: often for name, often in self.acts().items() if name not in self.without}
        weighted = [name for name, often in acts.items() for _ in range(often)]
        getattr(self, data.draw(st.sampled_from(weighted), label="what happens"))()

    @invariant()
    def all_that_is_stored_is_as_it_ought_to_be(self) -> None:
        self.world.check()

    def teardown(self) -> None:
        self.world.close()


@pytest.mark.slow
def test_whole_life(migrated: Flask, database_url: str, clock: Clock) -> None:
    kept = Settings(secret_key=KEY, database_url=database_url)

    class Machine(WholeLife):
        make_world = staticmethod(lambda: World(migrated, kept, clock))

    profile = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        derandomize=not os.environ.get(LONG),
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Machine, settings=profile)
