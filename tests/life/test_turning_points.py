"""What ends sessions, each in every life: whoever is signed in everywhere meets all of it.

The whole life (test_whole_life) comes to anything, and to some of it only by luck; these are few
acts, so that none is left out. The model and the checks are the same.
"""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from app.config import Settings
from tests.conftest import KEY, Clock
from tests.life.everything import Everything, live
from tests.life.openings import AND_ENROL, ANOTHER_CODE, BY_PROGRAM, PAGES
from tests.life.people import Person
from tests.life.portal import Portal

LIVES = 3
TURNS = [
    "stay_away",
    "reset_by_mail",
    "another_address",
    "change_password",
    "change_password_by_program",
    "set_up_app",
    "choose_pins",
    "join",
    "change_setting",
    "suspend_or_reactivate_place",
    "remove_membership",
    "leave_page",
    "suspend_or_reactivate_person",
]
AWAY = [timedelta(minutes=61), timedelta(minutes=61), timedelta(hours=25)]
HAPPENS_TO_ALL = {"stay_away", "reset_by_mail", "another_address", "join"}


class TurningPoints(Everything):
    """Sign in, come to a turning point, and try everything that was ever told to anybody."""

    turns: Sequence[str] = ()

    @initialize(data=st.data(), turns=st.permutations(TURNS))
    def people_are_there(self, data: st.DataObject, turns: list[str]) -> None:
        self.data, self.well = data, False
        self.begin()
        self.turns, self.well = list(turns), True

    @precondition(lambda self: self.turns)
    @rule(data=st.data())
    def come_to_the_next(self, data: st.DataObject) -> None:
        self.data, self.well = data, False
        turn, *self.turns = self.turns
        for person in self.some_who_may():
            self.sign_in_everywhere(person)
        if turn in HAPPENS_TO_ALL or self.acts().get(turn):
            getattr(self, turn)()
        self.world.check()
        self.world.look_closely()
        self.well = True

    def some_who_may(self) -> list[Person]:
        """Return the one to whom most happens, if they may come in, and another."""
        return [person for person in self.world.people if person.open][:2]

    def sign_in_everywhere(self, person: Person) -> None:
        """Sign in on the pages and by two programs, and do nothing wrong."""
        two = st.lists(st.sampled_from(BY_PROGRAM), min_size=2, max_size=2, unique=True)
        for by in [PAGES, *self.data.draw(two, label="signed in by")]:
            with self.decided({"who": person, "contract": by, "with a code": True}):
                self.come_in(person, by, AND_ENROL, ANOTHER_CODE)

    def stay_away(self) -> None:
        """Use nothing for longer than a page stays open by itself, or for a day."""
        self.world.wait(self.pick(AWAY, "how long"))

    def reset_by_mail(self) -> None:
        """Set a forgotten password: the account's own, or one that only one place knows."""
        here = [sitting.person for sitting in self.world.life.sittings if sitting.person.open]
        person = self.pick(here or self.world.people, "who")
        own = [place for place in person.passwords if place]
        with self.decided({"who": person, "place": self.pick([None, None, *own], "place")}):
            self.ask_for_reset()
            if person.reset:
                self.reset()

    def join(self) -> None:
        """Be invited and accept: what was proved may be too little from then on."""
        if self.acts()["invite"]:
            self.invite()
        if self.world.invited:
            self.accept_invitation()

    def another_address(self) -> None:
        """Change an address; where a password was reset before, say that it was somebody else."""
        if self.tabs_signed_in():
            self.ask_for_address()
        if any(person.address for person in self.world.people):
            self.confirm_address()
        if any(person.not_me for person in self.world.people) and self.perhaps("not me"):
            self.say_it_was_not_me()


@pytest.mark.slow
def test_turning_points(migrated: Flask, database_url: str, clock: Clock) -> None:
    portal = Portal(migrated, Settings(secret_key=KEY, database_url=database_url))
    live(TurningPoints, portal, clock, LIVES, len(TURNS))
