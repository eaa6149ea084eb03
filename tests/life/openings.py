"""Sign-ins that are led all the way: those that a life begins with, and replays of a moment ago."""

from datetime import timedelta

from hypothesis import strategies as st

from app.models import Interface
from tests.life.by_program import BACKEND, CHAT, CLOUD, FORM, TEAMS, SigningInByProgram
from tests.life.machine import Acts
from tests.life.on_pages import SigningInOnPages
from tests.life.people import Person

PAGES = Interface.PAGES
BY_PROGRAM = [CLOUD, CHAT, FORM, TEAMS, BACKEND]
EVERYWHERE = [PAGES, *BY_PROGRAM]
A_SECOND, ANOTHER_CODE = timedelta(seconds=1), timedelta(seconds=31)
LATELY = timedelta(seconds=62)  # an answer that was right so long ago would be right still
CHOOSE_AND_ANSWER, AND_ENROL = 2, 3  # calls after the first


class Openings(SigningInByProgram, SigningInOnPages):
    """One act after another of one sign-in."""

    def acts(self) -> Acts:
        return super().acts() | {"come_with_a_used_answer": 6 * bool(self.answered_lately())}

    def sign_in_already(self) -> None:
        """Let people sign in who do nothing wrong: in a browser, and by some programs."""
        once = st.lists(st.sampled_from(BY_PROGRAM), max_size=3, unique=True)
        for by in [PAGES, *self.data.draw(once, label="already signed in by")]:
            trust, keep = self.pick([True, True, False], "trust"), self.perhaps("keep")
            person = self.somebody()
            answer = self.pick(["right", "right", "recovery"], "answer") if person.app else "right"
            likely = {"trust": trust, "keep": keep, "answer": answer}
            with self.decided({"who": person, "contract": by, "with a code": True, **likely}):
                self.come_in(person, by, AND_ENROL, ANOTHER_CODE)

    def come_with_a_used_answer(self) -> None:
        """Sign in at once by a PIN or code that was right a moment ago, for the same person."""
        person, by = self.pick(self.answered_lately(), "who"), self.pick(EVERYWHERE, "interface")
        given = {"who": person, "contract": by, "with a code": True, "answer": "spent"}
        with self.decided(given):
            self.come_in(person, by, CHOOSE_AND_ANSWER, A_SECOND)

    def answered_lately(self) -> list[Person]:
        answered = self.world.answered_at.items()
        return [person for person, at in answered if person.open and at > self.world.now - LATELY]

    def come_in(self, person: Person, by: Interface, calls: int, pause: timedelta) -> None:
        """Sign somebody in by one interface, as far as the answers lead."""
        before = self.is_in(person, by)
        if by is not PAGES or self.tabs_free():
            self.begin_at(by)
            self.rest(pause)
        for _ in range(calls):
            if self.is_in(person, by) == before:
                self.go_on_at(by)
                self.rest(pause)

    def begin_at(self, by: Interface) -> None:
        if by is PAGES:
            self.sign_in_on_page()
        elif by is CHAT:
            self.sign_in_to_chat()
        elif by is TEAMS:
            self.list_roles()
        else:
            self.sign_in_by_program()

    def go_on_at(self, by: Interface) -> None:
        if by is PAGES:
            self.go_on_at_page()
        elif by is CHAT:
            self.sign_in_to_chat()
        elif ways := self.ways_of(by):
            choosing = by is TEAMS and not any(way.asked for way in ways[0].proof.ways)
            self.choose_role() if choosing else self.answer_by_program()

    def go_on_at_page(self) -> None:
        if self.tabs_waiting():
            self.answer_on_page()
        elif self.tabs_choosing():
            self.choose_on_page()

    def is_in(self, person: Person, by: Interface) -> int:
        """Return how many sessions somebody has by an interface."""
        mine = self.world.life.sittings_of(person)
        return sum(each.interface is by for each in mine)

    def rest(self, pause: timedelta) -> None:
        """Compare, and let time pass: until apps show another code, say."""
        self.world.check()
        self.world.wait(pause)
