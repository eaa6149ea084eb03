"""The model at work: each method does what the portal ought to do, and returns what it must say."""

from datetime import datetime, timedelta

from app.models import Interface
from tests.life.people import App, Pending, Person, Trust, meets, steps
from tests.life.sittings import (
    IDLE_ON_PAGES,
    IN,
    KEPT,
    LIVES,
    MOST_SENDS,
    OVER,
    REFUSED,
    RESEND_AFTER,
    Pin,
    Proof,
    Seat,
    Sitting,
    Waiting,
)
from tests.life.ways import PROGRAMS, Passwords

NETWORK_SEEN_AGAIN_AFTER = timedelta(days=1)


class Life(Passwords):
    """All accounts, organisations, sign-ins and sessions that there ought to be."""

    def proceed(self, waiting: Waiting) -> str:
        """Go on with one way in: IN, what is asked, or REFUSED."""
        due = waiting.due(self.now())
        if due == "none":
            return self._open(waiting, "none")
        if trust := self._standing_in(waiting, due):
            return self._open(waiting, trust.factor, trust=trust)
        first = due != REFUSED and not waiting.asked
        if first and not self._ask(waiting):
            return REFUSED
        waiting.asked = waiting.asked or first
        return self.waits_for(waiting)

    def waits_for(self, waiting: Waiting) -> str:
        """Return what a sign-in waits for that was gone on with: "pin", "code" or "enrolment"."""
        due = waiting.due(self.now())
        if due == REFUSED or not waiting.asked:
            return REFUSED
        if waiting.wants_pin(self.now()):
            return "pin" if waiting.pin else REFUSED
        missing = due == "enrolment" and waiting.person.pending_of(waiting) is None
        return REFUSED if missing else due

    def choose(self, waiting: Waiting, factor: str) -> str:
        """Ask for another factor instead."""
        before, waiting.chosen = waiting.chosen, factor
        if not waiting.asked or waiting.due(self.now()) != factor or not self._ask(waiting):
            waiting.chosen = before
            return REFUSED
        return self.waits_for(waiting)

    def resend(self, waiting: Waiting) -> bool:
        """Mail another PIN where one is due, not within a minute, and three times at most."""
        return waiting.wants_pin(self.now()) and self.mail_another(waiting)

    def mail_another(self, waiting: Waiting) -> bool:
        """Mail another PIN also where something else is due by now: contract 001 does not look."""
        at, pin = self.now(), waiting.pin
        if waiting.due(at) == REFUSED or pin is None or not waiting.person.may_be_mailed_a_pin(at):
            return False
        if pin.sends >= MOST_SENDS or pin.sent > at - RESEND_AFTER:
            return False
        waiting.old_pins.append(pin.digits)
        self._mail_pin(waiting, pin.sends + 1)
        return True

    def answer(self, waiting: Waiting, code: str, *, trust: bool = False) -> str:
        """Check the second factor's answer: IN, "enrolment", REFUSED or OVER."""
        at, person, due = self.now(), waiting.person, waiting.due(self.now())
        if due == REFUSED:
            return OVER
        if due == "none" or not self._can_be_answered(waiting):
            return REFUSED
        if not waiting.tries:
            return OVER
        if not person.try_a_factor(at):
            return REFUSED
        waiting.tries -= 1
        if due == "enrolment":
            return self._enrol(waiting, code)
        shown = self._shown(waiting, due, code)
        return self._answered(waiting, shown, trust=trust) if shown else REFUSED

    def _can_be_answered(self, waiting: Waiting) -> bool:
        if waiting.wants_pin(self.now()):
            return waiting.pin is not None
        due, secret = waiting.due(self.now()), waiting.person.pending_of(waiting)
        return due != "enrolment" or secret is not None

    def _standing_in(self, waiting: Waiting, due: str) -> Trust | None:
        """Return the trust that answers here; whoever confirms who they are is asked themselves."""
        proof, person = waiting.proof, waiting.person
        trust = proof.device.trust.get(person) if proof.device else None
        if trust is None or due not in {"pin", "code"} or (proof.sitting and not waiting.member):
            return None
        ends = min(trust.ends, trust.shown_at + timedelta(days=person.trust_days))
        good = meets(trust.factor, max(waiting.demand, person.floor)) and self.now() < ends
        return trust if good else None

    def _ask(self, waiting: Waiting) -> bool:
        """Mail the PIN or make the secret that comes next; tell whether it could be done."""
        if waiting.wants_pin(self.now()):
            if waiting.pin is None and not waiting.person.may_be_mailed_a_pin(self.now()):
                return False
            if waiting.pin is None:
                self._mail_pin(waiting, 1)
        elif waiting.due(self.now()) == "enrolment":
            self.wants_app(waiting.person, waiting)
        return True

    def _mail_pin(self, waiting: Waiting, sends: int) -> None:
        waiting.pin = Pin("", self.now(), sends)
        waiting.proof.ends = waiting.pin.ends
        waiting.person.pins_mailed.setdefault(waiting.person.email, []).append(self.now())
        self.pins_due.append(waiting)

    def wants_app(self, person: Person, asker: object) -> None:
        """Make a secret for whoever asks, another's goes; what it is, is read afterwards."""
        if person.pending is None or person.pending.asker is not asker:
            person.pending = Pending("", asker)

    def _enrol(self, waiting: Waiting, code: str) -> str:
        at, person = self.now(), waiting.person
        if waiting.wants_pin(at):
            if not self._spend_pin(waiting, code):
                return REFUSED
            waiting.pin_proved = True
            self.wants_app(person, waiting)
            return "enrolment"
        secret = person.pending_of(waiting) or ""
        fits = steps(secret, code, at)
        if not fits:
            return REFUSED
        person.app, person.pending = App(secret, min(fits), at), None
        for sitting in self.sittings_of(person):
            if sitting is not waiting.proof.sitting:
                self.end(sitting)
        self.trust_no_device(person)
        waiting.enrolled = True
        return self._answered(waiting, "code", trust=False)

    def _shown(self, waiting: Waiting, due: str, code: str) -> str | None:
        """Spend the answer; return which factor it was, if it is right."""
        person = waiting.person
        if len(code) > 6:
            right, shown = code in person.recovery, "recovery"
            person.recovery.discard(code)
        elif due == "pin":
            right, shown = self._spend_pin(waiting, code), "pin"
        else:
            right, shown = bool(person.app and person.app.spend(code, self.now())), "code"
        return shown if right else None

    def _spend_pin(self, waiting: Waiting, code: str) -> bool:
        pin = waiting.pin
        if pin is None or pin.digits != code or self.now() >= pin.ends:
            return False
        waiting.old_pins.append(pin.digits)
        waiting.pin = None
        return True

    def _answered(self, waiting: Waiting, shown: str, *, trust: bool) -> str:
        waiting.person.forgive_factors()
        said = self._open(waiting, shown)
        device, person = waiting.proof.device, waiting.person
        if trust and device and person.trust_days and shown in {"pin", "code"}:
            kept = device.trust.setdefault(person, Trust(shown, self.now(), self.now()))
            kept.factor, kept.shown_at = shown, self.now()
            kept.ends = self.now() + timedelta(days=person.trust_days)
        return said

    def _open(self, waiting: Waiting, shown: str, trust: Trust | None = None) -> str:
        """Open the session, or add to the one that asked for more."""
        proof, at = waiting.proof, self.now()
        waiting.over = True
        sitting = proof.sitting or self._new_sitting(proof)
        shown_at = trust.shown_at if trust else at
        if shown != "none" and (sitting.factor_at is None or shown_at > sitting.factor_at):
            sitting.factor, sitting.factor_at, sitting.trust = shown, shown_at, trust
        sitting.shown.add(shown)
        self._admit(sitting, waiting, shown if shown != "none" else sitting.fresh(at), shown_at)
        if proof.interface is Interface.PAGES:
            proof.over = True
        if not (proof.sitting and waiting.member):
            self._recognise(waiting)
        waiting.opened = sitting
        return IN

    def _new_sitting(self, proof: Proof) -> Sitting:
        at, kept = self.now(), proof.keep
        life = KEPT if kept else LIVES[proof.interface]
        idle = IDLE_ON_PAGES if proof.interface is Interface.PAGES and not kept else life
        sitting = Sitting(proof.person, proof.interface, at, at + life, idle, device=proof.device)
        self.sittings.append(sitting)
        return sitting

    def _admit(self, sitting: Sitting, waiting: Waiting, answered: str, at: datetime) -> None:
        person, member = waiting.person, waiting.member
        typed = waiting.proof.sitting is None or member is None
        own_way = waiting.password is person.passwords[None]
        if typed and own_way and meets(answered, max(person.demand, person.floor)):
            sitting.proved_at = at
        if member is None:
            return
        others = [each for each in sitting.seats if each.member is not member]
        sitting.seats = [*others, Seat(member, waiting.password, answered, self.now())]
        if member.place and member.place.hours:
            sitting.shorten(self.now(), member.place.hours)

    def _recognise(self, waiting: Waiting) -> None:
        """Know the network, and the browser by the password that was typed on it."""
        person, device, at = waiting.person, waiting.proof.device, self.now()
        address = device.address if device else PROGRAMS
        seen = person.networks.get(address)
        if seen is None or seen < at - NETWORK_SEEN_AGAIN_AFTER:
            person.networks[address] = at
        places = [place for place, each in person.passwords.items() if each is waiting.password]
        if device:
            device.knows.setdefault(person, set()).update(places)
