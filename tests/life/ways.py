"""What a password opens, in the model, and whom it is not even compared for."""

from datetime import timedelta

from app.models import Interface
from tests.life.ends import Ends
from tests.life.people import Member, Person, Secret
from tests.life.sittings import TEN_MINUTES, Device, Proof, Sitting, Waiting

NETWORK_KNOWN = timedelta(days=30)
PROGRAMS = "127.0.0.1"  # where all programs call from
Ways = list[tuple[Member | None, Secret]]


class Passwords(Ends):
    """The ways in that there ought to be for whoever typed something."""

    def verify(
        self, person: Person, typed: str, interface: Interface, device: Device | None = None
    ) -> Proof | None:
        """Return the ways in that a password opens, or None where it is refused."""
        whole = interface not in {Interface.PAGES, Interface.INTEDASHBOARD}
        ways: Ways = []
        if person.open and not self.locked_out(person, device):
            ways = self._whole(person, typed) if whole else self._each(person, typed)
        if not ways:
            return None
        proof = Proof(person, interface, self.now() + TEN_MINUTES, device=device)
        proof.ways = [Waiting(proof, member, secret) for member, secret in ways]
        self.proofs.append(proof)
        self.settled.add(person)
        return proof

    def verify_another(self, proof: Proof, member: Member, typed: str) -> Waiting | None:
        """Add the way in that an organisation's own password opens."""
        secret = proof.person.good_at(member)
        if not member.live or secret is None or secret.text != typed:
            return None
        if self.locked_out(proof.person, proof.device):
            return None
        self.settled.add(proof.person)
        return self.add_way(proof, member, secret)

    def add_way(self, proof: Proof, member: Member | None, secret: Secret) -> Waiting:
        waiting = Waiting(proof, member, secret)
        proof.ways.append(waiting)
        if proof not in self.proofs:
            self.proofs.append(proof)
        return waiting

    def switch(self, sitting: Sitting, member: Member) -> Waiting | None:
        """Return the way into one more seat, where the session proved the password of it."""
        secret = member.person.good_at(member)
        account = secret is member.person.passwords[None] and sitting.proved_at is not None
        seated = any(each.password is secret for each in sitting.seats)
        if not member.live or secret is None or not (account or seated):
            return None
        return self.add_way(self.more(sitting), member, secret)

    def verify_again(self, sitting: Sitting, typed: str, *, by_mail: bool) -> Waiting | None:
        """Return the account's own way in, for a fresh proof of it."""
        person, proof = sitting.person, self.more(sitting)
        if person.passwords[None].text != typed or self.locked_out(person, proof.device):
            return None
        self.settled.add(person)
        waiting = self.add_way(proof, None, person.passwords[None])
        if by_mail and person.due(person.demand) == "none":
            waiting.chosen = "pin"
        return waiting

    def locked_out(self, person: Person, device: Device | None) -> bool:
        """Tell whether a stranger's guesses keep this visitor out; what is known they do not."""
        until = person.locked_for_strangers
        return bool(until and until > self.now()) and not self.knows(person, device)

    def knows(self, person: Person, device: Device | None) -> bool:
        """Tell whether somebody comes from where they signed in before."""
        if device:
            return None in device.knows.get(person, set())
        seen = person.networks.get(PROGRAMS)
        return bool(seen and seen > self.now() - NETWORK_KNOWN)

    def half_known(self, person: Person, device: Device) -> bool:
        """Tell whether a browser knows some passwords of somebody who is locked, but not all."""
        until, known = person.locked_for_strangers, device.knows.get(person, set())
        whole = set(person.passwords) <= known or not known
        return bool(until and until > self.now()) and not whole

    def _whole(self, person: Person, typed: str) -> Ways:
        """Return the account's own way in, or that of the first place with this own password."""
        secret = person.passwords[None]
        if secret.text != typed:
            return self._each(person, typed)[:1]
        shut = person.members and not any(each.live for each in person.members)
        return [] if shut else [(None, secret)]

    def _each(self, person: Person, typed: str) -> Ways:
        here: list[Member | None] = [*sorted(person.members, key=_order)]
        good = [(each, person.good_at(each)) for each in here or [None]]
        live = [(each, secret) for each, secret in good if each is None or each.live]
        return [(each, secret) for each, secret in live if secret and secret.text == typed]

    def more(self, sitting: Sitting) -> Proof:
        proof = Proof(sitting.person, sitting.interface, self.now() + TEN_MINUTES)
        proof.sitting, proof.device = sitting, sitting.device
        return proof


def _order(member: Member) -> tuple[str, str, str]:
    return (member.place.name if member.place else "", member.role, member.id.hex)
