import logging
import os
import time
from collections import Counter

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

import tests.life.changes as C
import tests.life.world as W
from app.config import Settings
from tests.conftest import KEY
from tests.life.test_whole_life import WholeLife
from tests.life.world import World

seen = Counter()
NAMES = set(
    "rest sign_in_by_program sign_in_to_chat list_roles choose_role answer_by_program resend_by_program resend_in_chat sign_in_on_page choose_on_page choose_by_another_password answer_on_page resend_on_page choose_another_factor switch_seats confirm set_up_app remove_app make_recovery_codes choose_pins forget_devices change_password leave_page leave_in_a_week stay show_a_bearer sign_out_by_program refresh come_with_an_old_family revoke log_out set_up_app_by_program disable_app_by_program change_password_by_program remove_account register activate ask_for_reset reset unlock come_with_an_old_ticket add_membership remove_membership change_setting suspend_or_reactivate_place suspend_or_reactivate_person let_time_pass restart purge come_with_an_old_handle guess".split()
)


def spy(cls, name, key):
    old = getattr(cls, name)

    def new(self, *a, **k):
        r = old(self, *a, **k)
        seen[key(self, r, *a)] += 1
        return r

    setattr(cls, name, new)


spy(
    W.World,
    "signed_in",
    lambda self, r, w, *a: (
        f"in {w.proof.interface} {r.factor} {'seat' if w.member else 'account'} {'more' if w.proof.sitting else 'new'}"
    ),
)
for n in (
    "proceed",
    "answer",
    "resend",
    "choose",
    "verify_again",
    "switch",
    "verify_another",
    "confirm_app",
    "give_up_app",
    "disable_app",
    "choose_pin",
    "change_password",
    "reset_password",
    "refresh",
    "remove",
    "leave_in_a_week",
    "forget_device",
    "_standing_in",
    "end",
    "end_all_of",
    "_forbid_trust",
):
    spy(
        C.Changes,
        n,
        lambda self, r, *a, n=n: (
            f"{n} {r if isinstance(r, (str, bool, type(None))) else type(r).__name__}"
        ),
    )


def test_dev(migrated, database_url, clock):
    logging.disable(logging.CRITICAL)
    kept = Settings(secret_key=KEY, database_url=database_url)
    count = [0, 0]

    import hypothesis

    old = (
        WholeLife.something_happens.hypothesis_stateful_rule
        if hasattr(WholeLife.something_happens, "hypothesis_stateful_rule")
        else None
    )

    class Machine(WholeLife):
        def acts(self):
            found = super().acts()
            me = self

            class D(dict):
                pass

            return found

        def __getattribute__(self, name):
            if name in NAMES:
                seen["act " + name] += 1
            return super().__getattribute__(name)

        make_world = staticmethod(lambda: World(migrated, kept, clock))

        def teardown(self):
            count[0] += 1
            super().teardown()

    shrink = os.environ.get("SHRINK")
    profile = settings(
        max_examples=int(os.environ.get("N", "50")),
        stateful_step_count=int(os.environ.get("STEPS", "20")),
        derandomize=False,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        phases=[Phase.generate] + ([Phase.shrink] if shrink else []),
        suppress_health_check=list(HealthCheck),
    )
    Machine = seed(int(os.environ.get("SEED", "1")))(Machine)
    began = time.time()
    try:
        run_state_machine_as_test(Machine, settings=profile)
    finally:
        for k in sorted(seen):
            print("%6d %s" % (seen[k], k))
        print("EXAMPLES", count, round(time.time() - began, 1), "s")
