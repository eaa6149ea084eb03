"""What ends, in the model, and why: a session lives only while the reason for it does."""

from collections.abc import Callable
from datetime import datetime

from tests.life.people import Member, Person, Place, Secret, meets
from tests.life.sittings import Device, Proof, Seat, Sitting, Waiting


class Ends:
    """All that there is, and taking away from it."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.people: list[Person] = []
        self.places: list[Place] = []
        self.sittings: list[Sitting] = []
        self.proofs: list[Proof] = []
        self.devices: list[Device] = []
        self.pins_due: list[Waiting] = []  # whose PIN this step mails
        self.settled: set[Person] = set()  # whose right password this step forgives wrong ones

    def sittings_of(self, person: Person) -> list[Sitting]:
        return [each for each in self.sittings if each.person is person]

    def end(self, sitting: Sitting) -> None:
        """End a session, and what it was in the middle of."""
        self.sittings = [each for each in self.sittings if each is not sitting]
        for proof in self.proofs:
            proof.over = proof.over or proof.sitting is sitting

    def end_all_of(self, person: Person, but: Sitting | None = None) -> None:
        """End somebody's sessions and half-finished sign-ins."""
        for sitting in self.sittings_of(person):
            if sitting is not but:
                self.end(sitting)
        for proof in self.proofs:
            proof.over = proof.over or proof.person is person

    def alive(self, sitting: Sitting | None) -> bool:
        """Tell whether a session opens anything now."""
        return sitting is not None and sitting in self.sittings and not sitting.person.shut

    def settle(self) -> None:
        """End whatever no longer meets what holds now. Done after every step."""
        for person in self.people:
            person.shut = person.leaves is not None and person.leaves <= self.now()
        for sitting in list(self.sittings):
            self._settle(sitting)

    def factors_changed(self, person: Person, by: Sitting) -> None:
        """Another factor: elsewhere everything ends, and what stood for the old ones is over."""
        if not person.app:
            person.recovery.clear()
        self.trust_no_device(person)
        person.forgive_factors()
        self.end_all_of(person, but=by)

    def password_set(self, person: Person, place: Place | None, text: str) -> None:
        """Another password: whatever the old one was typed on is a stranger again."""
        person.passwords[place] = Secret(text)
        self.strangers_again(person)

    def strangers_again(self, person: Person) -> None:
        """Know nobody's browser and no network any more."""
        person.networks.clear()
        self.trust_no_device(person)
        for device in self.devices:
            device.knows.pop(person, None)

    def trust_no_device(self, person: Person) -> None:
        for device in self.devices:
            device.trust.pop(person, None)
        for sitting in self.sittings_of(person):
            sitting.trust = None

    def forget_expired_trust(self) -> None:
        for device in self.devices:
            over = [person for person, trust in device.trust.items() if trust.ends <= self.now()]
            for person in over:
                gone = device.trust.pop(person)
                for sitting in self.sittings_of(person):
                    sitting.trust = None if sitting.trust is gone else sitting.trust

    def vanish(self, person: Person) -> None:
        """Take an account away with all that hangs on it."""
        person.removed = True
        self.end_all_of(person)
        for member in list(person.members):
            self.leave(member)

    def enforce(self, place: Place) -> None:
        """Do what a place's settings ask besides: `settle` sees to seats and proofs."""
        if place.suspended:
            return
        for person in (each for each in self.people if each.at(place)):
            if not place.trust_days:
                self._forbid_trust(person)
        for sitting in self.sittings:
            if place.hours and any(seat.member.place is place for seat in sitting.seats):
                sitting.shorten(self.now(), place.hours)

    def leave(self, member: Member) -> None:
        """Take a role away; with the last one at a place goes the own password there."""
        person, member.gone = member.person, True
        person.members.remove(member)
        if not person.at(member.place):
            person.passwords.pop(member.place, None) if member.place else None

    def _forbid_trust(self, person: Person) -> None:
        """Where no device may be trusted any more, what trusted ones opened ends too."""
        for sitting in self.sittings_of(person):
            if sitting.trust:
                self.end(sitting)
        self.trust_no_device(person)

    def _settle(self, sitting: Sitting) -> None:
        person = sitting.person
        if not (person.open or person.shut) or not sitting.lives(self.now()):
            return self.end(sitting)
        sitting.seats = [each for each in sitting.seats if _holds(each)]
        if not meets(sitting.factor, person.demand):
            sitting.proved_at = None
        if not sitting.seats and not sitting.proved_at:
            self.end(sitting)
        return None


def _holds(seat: Seat) -> bool:
    member = seat.member
    same = member.person.good_at(member) is seat.password
    return member.live and same and meets(seat.factor, member.demand)
