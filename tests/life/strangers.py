"""Whoever comes with what is over, or guesses: nothing opens, and nobody else is kept out."""

from datetime import timedelta

import pytest

from app.errors import Refusal, TicketRefused
from app.models import Interface
from app.operations import sign_in
from app.operations.visitor import Visitor
from tests.life import bearers
from tests.life.machine import Acts, Machine
from tests.life.people import Person
from tests.life.sittings import Waiting
from tests.life.world import WRONG

GUESSES = 11
LOCK = timedelta(minutes=15)


class Strangers(Machine):
    """By operations: eleven guesses are too slow by request, and a browser drops what is over."""

    def acts(self) -> Acts:
        return super().acts() | {
            "come_with_an_old_handle": 2 * bool(self.ways_over()),
            "guess": bool(self.to_be_guessed()),
        }

    def come_with_an_old_handle(self) -> None:
        """No handle that is spent, too old or refused opens anything, at any door."""
        way = self.pick(self.ways_over(), "sign-in")
        visitor = Visitor(way.proof.interface, "127.0.0.1")
        with pytest.raises(TicketRefused):
            sign_in.proceed(way.handle, visitor)
        with pytest.raises(TicketRefused):
            sign_in.answer(way.handle, self.world.right(way), visitor)

    def guess(self) -> None:
        """Guess until nothing is compared any more: for strangers, not for others."""
        person, number = self.pick(self.to_be_guessed(), "who"), next(self.world.number)
        stranger = Visitor(Interface.BEARER_TOKEN, f"203.0.113.{number % 250}")
        reasons = []
        for _ in range(GUESSES):
            with pytest.raises(Refusal) as refused:
                sign_in.verify_password(person.email, WRONG, stranger)
            reasons.append(refused.value.reason)
        assert reasons[-1] == "locked"
        person.locked_for_strangers = self.world.now + LOCK

    def ways_over(self) -> list[Waiting]:
        return bearers.ways_over(self.world.life)

    def to_be_guessed(self) -> list[Person]:
        now = self.world.now
        people = [each for each in self.world.people if each.open]
        return [p for p in people if not (p.locked_for_strangers and p.locked_for_strangers > now)]
