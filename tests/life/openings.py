"""How a life begins: with people who signed in already, in several ways, and did nothing wrong."""

from datetime import timedelta

from hypothesis import strategies as st

from app.models import Interface
from tests.life.by_program import BACKEND, CHAT, CLOUD, FORM, TEAMS, SigningInByProgram
from tests.life.on_pages import SigningInOnPages
from tests.life.people import Person

PAGES = Interface.PAGES
EVERYWHERE = [PAGES, CLOUD, CHAT, FORM, TEAMS, BACKEND]
ANOTHER_CODE = timedelta(seconds=31)
MOST_CALLS = 3  # after the first: to choose, to prove the mail, to answer


class Openings(SigningInByProgram, SigningInOnPages):
    """Sign-ins that are led all the way, before chance takes over."""

    def sign_in_already(self) -> None:
        once = st.lists(st.sampled_from(EVERYWHERE), min_size=1, max_size=4, unique=True)
        for by in self.data.draw(once, label="already signed in by"):
            likely = {"trust": self.perhaps("trust"), "keep": self.perhaps("keep")}
            person = self.somebody()
            with self.decided({"who": person, "contract": by, "with a code": True, **likely}):
                self.come_in(person, by)

    def come_in(self, person: Person, by: Interface) -> None:
        """Sign somebody in by one interface, as far as right answers lead."""
        if by is not PAGES or self.tabs_free():
            self.begin_at(by)
            self.rest()
        for _ in range(MOST_CALLS):
            if not self.is_in(person, by):
                self.go_on_at(by)
                self.rest()

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

    def is_in(self, person: Person, by: Interface) -> bool:
        mine = self.world.life.sittings_of(person)
        return any(each.interface is by for each in mine)

    def rest(self) -> None:
        """Compare, and wait until apps show another code."""
        self.world.check()
        self.world.wait(ANOTHER_CODE)
