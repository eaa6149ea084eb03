"""What all acts share: one world per example, and chance."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from tests.life.people import Person, code_at
from tests.life.world import WRONG, World, wrong

T = TypeVar("T")
Acts = dict[str, int]  # what can be done now, and how often it is to be chosen

PASSWORDS = ["right"] * 6 + ["own", "own", "old", "wrong"]
ANSWERS = [
    *["right"] * 9,
    *["wrong", "spent", "later", "earlier", "much later"],
    *["recovery", "recovery", "of another", "replaced"],
]


class Machine(RuleBasedStateMachine):
    """The base of the acts: each of its children knows one part of a life."""

    world: World
    data: st.DataObject  # where this step's chance comes from

    def acts(self) -> Acts:
        """Return the names of what can be done now, each with its weight; 0 where it cannot."""
        return {}

    given: Mapping[str, object] | None = None  # what chance may not decide just now

    @contextmanager
    def decided(self, given: Mapping[str, object]) -> Iterator[None]:
        """Leave nothing to chance for a while: `given`, or else the first and the likeliest."""
        self.given = given
        try:
            yield
        finally:
            self.given = None

    def pick(self, among: Sequence[T], what: str) -> T:
        if self.given is not None:
            wanted = self.given.get(what)
            return next((each for each in among if each == wanted), among[0])
        return among[self.data.draw(st.integers(0, len(among) - 1), label=what)]

    def perhaps(self, what: str) -> bool:
        if self.given is not None:
            return bool(self.given.get(what))
        return self.data.draw(st.booleans(), label=what)

    def somebody(self) -> Person:
        """Return anybody; more often the first, so that much happens to one."""
        return self.pick([*self.world.people, self.world.people[0]], "who")

    def typed(self, person: Person) -> str:
        """Return a password to try; the right one where a wrong one might lock somebody."""
        kind = self.pick(PASSWORDS, "password") if self.world.may_slip(person) else "right"
        own = [secret.text for place, secret in person.passwords.items() if place]
        known = {
            "right": person.passwords[None].text,
            "own": own[0] if own else None,
            "old": next(reversed(self.world.old_passwords.get(person, [])), None),
        }
        return known.get(kind) or WRONG

    def slipped(self, person: Person) -> None:
        """Note a password that was refused."""
        person.wrong_passwords.append(self.world.now)

    def some_code(self, secret: str) -> str:
        """Return a code of an app with this secret: mostly the one that it shows now."""
        if not secret:
            return "000000"
        later = self.pick([0, 0, 0, 0, 0, -1, 2, None], "half minutes later")
        right = code_at(secret, self.world.now, later or 0)
        return wrong(right) if later is None else right
