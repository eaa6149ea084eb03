"""What was told to clients, and whether it opens anything: bearers, refresh tokens, handles."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from app.errors import TicketRefused
from app.models import Interface
from app.operations import sign_in
from app.operations.visitor import Visitor
from tests.life.ends import Ends
from tests.life.programs import Programs
from tests.life.sittings import REFUSED, Sitting, Waiting

LEEWAY = timedelta(seconds=6)  # that a signed token is still taken for after its time
MOST_OVER = 6  # of those that are over, the newest


@dataclass(frozen=True)
class Told:
    """A bearer that a client was told, and until when it is good if its session lives.

    `cookie` is what a browser kept it in: it can be copied.
    """

    bearer: str
    sitting: Sitting
    ends: datetime | None
    cookie: str = ""

    def good(self, life: Ends) -> bool:
        """Tell whether the model takes it: signed ones stay good while their session lives."""
        newest = self.ends or self.sitting.bearer == self.bearer or self.bearer.count(".") == 2
        in_time = self.ends is None or life.now() < self.ends
        return life.alive(self.sitting) and bool(newest) and in_time

    def between(self, at: datetime) -> bool:
        """Tell whether its time is over by so little that either answer is right."""
        return self.ends is not None and self.ends <= at < self.ends + LEEWAY

    def opens(self, programs: Programs) -> bool:
        """Tell whether it opens something, at its own interface."""
        interface = self.sitting.interface
        if interface is Interface.PAGES:
            return programs.teams.shows_home(self.cookie)
        if interface is Interface.ROCKETCHAT:
            return programs.chat.knows(self.bearer, self.sitting.person.id)
        return programs.teams.knows(self.bearer)


def open_as_they_ought_to(told: list[Told], life: Ends, programs: Programs) -> None:
    """Ask with everything that lives, and with what died lately."""
    sure = [each for each in told if not each.between(life.now())]
    over = [each for each in sure if not each.good(life)]
    for each in over[-MOST_OVER:]:
        assert not each.opens(programs), "a bearer that is over opens something"
        for token in each.sitting.family[-1:] if not life.alive(each.sitting) else []:
            assert programs.backend.renew(token.token) is None, "a family that is over goes on"
    for each in (each for each in sure if each.good(life)):
        assert each.opens(programs), "a bearer that is good opens nothing"
        each.sitting.use(life.now())


def ways_over(life: Ends) -> list[Waiting]:
    """Return the sign-ins that nobody may go on with, those last that nobody spent so far."""
    ways = [way for proof in life.proofs for way in proof.ways if way.handle]
    over = [way for way in ways if way.due(life.now()) == REFUSED]
    return sorted(over, key=lambda way: not (way.over or way.proof.over))


def no_handle_comes_back(life: Ends) -> None:
    """Try to go on with what is over: spent, too old, or because something changed meanwhile."""
    for way in ways_over(life)[-MOST_OVER:]:
        with pytest.raises(TicketRefused):
            sign_in.proceed(way.handle, Visitor(way.proof.interface, "127.0.0.1"))
