"""Sign-ins under way and sessions, in the model: what each step must answer, and what may live."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.models import Interface
from tests.life.people import Member, Person, Place, Secret, Trust, meets

TEN_MINUTES = timedelta(minutes=10)
RESEND_AFTER, MOST_SENDS = timedelta(minutes=1), 4
LIVES = {
    Interface.PAGES: timedelta(hours=24),
    Interface.MIKROCLOUD: timedelta(hours=24),
    Interface.ROCKETCHAT: timedelta(days=90),
    Interface.BEARER_TOKEN: timedelta(hours=24),
    Interface.INTEDASHBOARD: timedelta(hours=24),
    Interface.HASURA_BACKEND_PLUS: timedelta(days=30),
}
KEPT, IDLE_ON_PAGES = timedelta(days=30), timedelta(hours=1)
SEEN_AGAIN_AFTER = timedelta(minutes=1)
GRACE = timedelta(seconds=10)

IN, REFUSED, OVER = "in", "refused", "over"  # over: only a new sign-in helps


@dataclass(eq=False)
class Device:
    """A browser: whose passwords were typed on it, and for whom it is trusted."""

    address: str
    knows: dict[Person, set[Place | None]] = field(default_factory=dict)
    trust: dict[Person, Trust] = field(default_factory=dict)


@dataclass(eq=False)
class Seat:
    member: Member
    password: Secret
    factor: str
    at: datetime


@dataclass(eq=False)
class Refresh:
    """One token of a family, and when it was used."""

    token: str
    used: datetime | None = None


@dataclass(eq=False)
class Sitting:
    """A session. `shown` is all that was really shown to it, its trusted device's included."""

    person: Person
    interface: Interface
    seen: datetime
    ends: datetime
    idle: timedelta
    id: uuid.UUID | None = None
    device: Device | None = None
    factor: str = "none"
    factor_at: datetime | None = None
    proved_at: datetime | None = None
    seats: list[Seat] = field(default_factory=list)
    shown: set[str] = field(default_factory=lambda: {"none"})
    trust: Trust | None = None
    bearer: str = ""
    token_ends: datetime | None = None  # of a signed token that is short-lived
    family: list[Refresh] = field(default_factory=list)

    def lives(self, at: datetime) -> bool:
        return at < self.ends and at < self.seen + self.idle

    def use(self, at: datetime) -> None:
        if self.seen + SEEN_AGAIN_AFTER <= at:
            self.seen = at

    def shorten(self, at: datetime, hours: int) -> None:
        self.ends = min(self.ends, at + timedelta(hours=hours))

    def fresh(self, at: datetime) -> str:
        """Return the factor that was answered within ten minutes, if any was."""
        lately = self.factor_at and self.factor_at > at - TEN_MINUTES
        return self.factor if lately else "none"

    @property
    def owns(self) -> bool:
        """Tell whether it met the account's own way in, as it is today."""
        person = self.person
        return bool(self.proved_at) and meets(self.factor, max(person.demand, person.floor))

    def owns_freshly(self, at: datetime) -> bool:
        return self.owns and bool(self.proved_at and self.proved_at > at - TEN_MINUTES)

    def usable_seats(self) -> set[uuid.UUID]:
        wanted = self.person.floor
        held = [each for each in self.seats if meets(each.factor, max(wanted, each.member.demand))]
        return {each.member.id for each in held if each.member.live}


@dataclass(eq=False)
class Pin:
    digits: str
    sent: datetime
    sends: int = 1

    @property
    def ends(self) -> datetime:
        return self.sent + TEN_MINUTES


@dataclass(eq=False)
class Proof:
    """One proven password. `sitting` asked for more; None where a new session is to be opened."""

    person: Person
    interface: Interface
    ends: datetime
    keep: bool = False
    sitting: Sitting | None = None
    device: Device | None = None
    over: bool = False
    ways: list["Waiting"] = field(default_factory=list)


@dataclass(eq=False)
class Waiting:
    """One way in that a password opened, and how far it came."""

    proof: Proof
    member: Member | None
    password: Secret
    handle: str = ""
    token: str = ""  # the handle, in whatever a program was told it in
    chosen: str | None = None
    asked: bool = False
    pin: Pin | None = None
    old_pins: list[str] = field(default_factory=list)
    pin_proved: bool = False
    tries: int = 5
    over: bool = False
    opened: Sitting | None = None
    enrolled: bool = False

    @property
    def person(self) -> Person:
        return self.proof.person

    @property
    def demand(self) -> int:
        return self.member.demand if self.member else self.person.demand

    def due(self, at: datetime) -> str:
        """Decide anew: what is asked for now, or REFUSED."""
        if self.over or self.proof.over or at >= self.proof.ends or not self._stands:
            return REFUSED
        sitting = self.proof.sitting
        if sitting and self.member and meets(sitting.fresh(at), self._wanted):
            return "none"
        return self.person.due(self.demand, self.chosen)

    def answers_pins(self, at: datetime) -> bool:
        """Tell whether a PIN was mailed for it that nobody has used up, nor time."""
        proof = self.proof
        return not self.over and not proof.over and at < proof.ends and self.pin is not None

    def wants_pin(self, at: datetime) -> bool:
        """Tell whether the next answer is a PIN: who enrols is asked for one first."""
        due = self.due(at)
        return due == "pin" or (due == "enrolment" and not self.pin_proved)

    @property
    def _stands(self) -> bool:
        if not self.person.open or self.person.good_at(self.member) is not self.password:
            return False
        if self.member:
            return self.member.live
        moving, members = self.proof.sitting is not None, self.person.members
        return moving or not members or any(each.live for each in members)

    @property
    def _wanted(self) -> int:
        return max(self.person.floor, self.demand)
