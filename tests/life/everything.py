"""All acts together, and how a test lives lives made of them."""

import os
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.conftest import Clock
from tests.life.addresses import Addresses
from tests.life.administering import Administering
from tests.life.by_mail import ByMail
from tests.life.inviting import Inviting
from tests.life.keeping_on import KeepingOn
from tests.life.openings import Openings
from tests.life.own_account import OwnAccount
from tests.life.portal import Portal
from tests.life.strangers import Strangers
from tests.life.world import World

LONG = os.environ.get("DOORWARD_LONG_LIFE")
LONG_STEPS = 60


class Everything(
    Strangers,
    Administering,
    ByMail,
    Inviting,
    KeepingOn,
    Addresses,
    OwnAccount,
    Openings,
):
    """A world that begins with each life and is looked through when it ends well."""

    make_world: Callable[[], World]

    def __init__(self) -> None:
        super().__init__()
        self.world = type(self).make_world()
        self.well = False  # nothing has failed so far

    def teardown(self) -> None:
        try:
            if self.well:
                self.world.close_well()
        finally:
            self.world.close()


def live(kind: type[Everything], portal: Portal, clock: Clock, lives: int, steps: int) -> None:
    """Live so many lives of so many steps, the same ones each time; or as many new ones as asked.

    However slow the machine is: nothing here has a deadline. Only what is found in new lives is
    made smaller: that takes minutes, and the same life fails each time.
    """

    class Machine(kind):  # type: ignore[valid-type, misc]
        make_world = staticmethod(lambda: World(portal, clock))

    profile = settings(
        max_examples=int(LONG) if LONG else lives,
        stateful_step_count=LONG_STEPS if LONG else steps,
        derandomize=not LONG,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink] if LONG else [Phase.generate],
    )
    run_state_machine_as_test(Machine, settings=profile)
