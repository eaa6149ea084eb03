"""Who is where, and what policies ask of them: the model's plain values.

Written from what the portal promises, not from how it does it. Factors are words: "none", "pin",
"code", "recovery" are what is shown, "enrolment" is asked of who has nothing that is enough.
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pyotp

NOTHING, ANY, APP = range(3)  # what policies demand: nothing, a PIN or better, an app
STRENGTH = {"none": NOTHING, "pin": ANY, "code": APP, "recovery": APP}
WORDS = {"none": NOTHING, "any": ANY, "app": APP}
FACTOR_FOR = {
    "factorForStudents": "Student",
    "factorForTeachers": "Teacher",
    "factorForAccountAdmins": "Account Admin",
}
MFA_FOR = {"mfaForStudents": "Student", "mfaForTeachers": "Teacher"}
USUAL_TRUST_DAYS = 30
PERIOD, HALF_MINUTES_AN_HOUR = 30, 120  # seconds that a code is shown; and how far clocks go wrong
TOLD_FOR = timedelta(hours=2)
PINS_AN_HOUR, PINS_A_DAY = 10, 30
LONG = timedelta(days=36_500)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def meets(factor: str, demand: int) -> bool:
    return STRENGTH[factor] >= demand


@dataclass(eq=False)
class Secret:
    """One password as it was set; setting another makes another."""

    text: str


@dataclass(eq=False)
class App:
    """A confirmed authenticator app, the newest step that it signed in with, and spoilt ones.

    `first_at` is when it became the account's first: a mail told, whose link takes it away again.
    """

    secret: str
    last_step: int = 0
    first_at: datetime | None = None
    told: dict[int, datetime] = field(default_factory=dict)

    def spend(self, code: str, at: datetime) -> bool:
        """Take a code of this half minute or a neighbour, newer than any taken before.

        One that came before its time is told to be early, and is good for nothing from then on.
        """
        fits = [step for step in steps(self.secret, code, at) if step > self.last_step]
        if not fits:
            self._tell(code, at)
            return False
        if self.told.get(min(fits), at) > at:
            return False
        self.last_step = min(fits)
        return True

    def _tell(self, code: str, at: datetime) -> None:
        here = int(at.timestamp()) // PERIOD
        for by in range(2, HALF_MINUTES_AN_HOUR + 1):
            for step in (here - by, here + by):
                if step > self.last_step and pyotp.TOTP(self.secret).generate_otp(step) == code:
                    if step > here and self.told.get(step, at) <= at:
                        self.told[step] = at + TOLD_FOR
                    return


@dataclass(eq=False)
class Pending:
    """The secret of an app that waits to be confirmed, by nobody but whoever asked for it."""

    secret: str
    asker: object


def code_at(secret: str, at: datetime, later: int = 0) -> str:
    """Return what the app shows `later` half minutes from `at`."""
    return pyotp.TOTP(secret).generate_otp(int(at.timestamp()) // PERIOD + later)


def steps(secret: str, code: str, at: datetime) -> list[int]:
    """Return which of this half minute and its two neighbours a code belongs to."""
    here = int(at.timestamp()) // PERIOD
    return [here + by for by in (-1, 0, 1) if code_at(secret, at, by) == code]


@dataclass(eq=False)
class Tries:
    """So many in a window, counted before the look; the last of them locks for as long."""

    most: int
    window: timedelta
    made: int = 0
    ends: datetime | None = None
    locked: datetime | None = None

    def count(self, at: datetime) -> bool:
        """Count one, or tell that it is locked."""
        if self.locked and self.locked > at:
            return False
        if self.locked or self.ends is None or self.ends <= at:
            self.made, self.ends = 0, at + self.window
        self.made += 1
        self.locked = at + self.window if self.made >= self.most else None
        return True

    def forget(self) -> None:
        self.made, self.ends, self.locked = 0, None, None


@dataclass(eq=False)
class Place:
    """An organisation, and what it asks."""

    id: uuid.UUID
    name: str
    settings: dict[str, str] = field(default_factory=dict)
    suspended: bool = False

    def demand(self, role: str) -> int:
        """Return what is asked of members in this role besides a password."""
        factors = [
            WORDS[self.settings.get(key, "none")] for key in FACTOR_FOR if FACTOR_FOR[key] == role
        ]
        mfa = [ANY for key in MFA_FOR if MFA_FOR[key] == role and self.settings.get(key) == "true"]
        asked = max([*factors, *mfa], default=NOTHING)
        return APP if asked and self.settings.get("pinAllowed") == "false" else asked

    @property
    def trust_days(self) -> int:
        return int(self.settings.get("rememberDeviceDays", "0"))

    @property
    def hours(self) -> int | None:
        """Return how long a session with a seat here lives."""
        asked = self.settings.get("sessionHours", "null")
        return None if asked == "null" else int(asked)


@dataclass(eq=False)
class Member:
    """One person in one role at one place; a superuser is at none."""

    id: uuid.UUID
    person: "Person"
    place: Place | None
    role: str
    gone: bool = False

    @property
    def live(self) -> bool:
        return not self.gone and not (self.place and self.place.suspended)

    @property
    def demand(self) -> int:
        return self.place.demand(self.role) if self.place else NOTHING


@dataclass(eq=False)
class Ticket:
    """A secret that was mailed; `place` is whose own password a reset is for.

    `address` is what a change of address is to.
    """

    secret: str
    ends: datetime
    place: Place | None = None
    browser: object = None
    address: str = ""


@dataclass(eq=False)
class Trust:
    """A browser that answers a factor for somebody until `ends`."""

    factor: str
    shown_at: datetime
    ends: datetime


@dataclass(eq=False)
class Person:
    """An account: what opens it, where it belongs, and what was tried on it."""

    email: str
    joined: datetime
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    activated: bool = True
    suspended: bool = False
    removed: bool = False
    leaves: datetime | None = None  # when it goes, unless its owner keeps it
    shut: bool = False  # that day has come
    passwords: dict[Place | None, Secret] = field(default_factory=dict)
    members: list[Member] = field(default_factory=list)
    app: App | None = None
    pending: Pending | None = None
    pin_chosen: bool = False
    recovery: set[str] = field(default_factory=set)
    in_a_row: Tries = field(default_factory=lambda: Tries(100, LONG))
    in_an_hour: Tries = field(default_factory=lambda: Tries(10, HOUR))
    pins_mailed: dict[str, list[datetime]] = field(default_factory=dict)  # by address
    resets_mailed: dict[str, list[datetime]] = field(default_factory=dict)
    addresses_asked: Tries = field(default_factory=lambda: Tries(5, HOUR))
    former: list[tuple[datetime, str]] = field(default_factory=list)  # until it was not me
    networks: dict[str, datetime] = field(default_factory=dict)
    wrong_passwords: list[datetime] = field(default_factory=list)
    locked_for_strangers: datetime | None = None
    activation: Ticket | None = None
    reset: Ticket | None = None
    address: Ticket | None = None
    not_me: Ticket | None = None  # in the mail that tells of the newest reset

    @property
    def open(self) -> bool:
        return self.activated and not (self.suspended or self.removed or self.shut)

    @property
    def stays(self) -> bool:
        """Tell whether somebody may sign in for as long as can be seen."""
        return self.open and self.leaves is None

    def pending_of(self, asker: object) -> str | None:
        """Return the secret that was made for whoever asked, if it waits still."""
        return self.pending.secret if self.pending and self.pending.asker is asker else None

    @property
    def demand(self) -> int:
        """Return the strictest that any live membership asks: that of the account as a whole."""
        return max((each.demand for each in self.members if each.live), default=NOTHING)

    @property
    def floor(self) -> int:
        """Return what the person's own factors are asked for everywhere."""
        if self.pin_chosen:
            return ANY
        return APP if self.app else NOTHING

    @property
    def trust_days(self) -> int:
        """Return for how many days a device may be trusted: the least that anybody allows."""
        if any(each.place is None for each in self.members):
            return 0
        days = [each.place.trust_days for each in self.members if each.place]
        return min(days, default=USUAL_TRUST_DAYS)

    def choices(self, demand: int) -> list[str]:
        """Return what answers a way in that asks `demand`, what is asked for first before."""
        if max(demand, self.floor) == NOTHING:
            return ["none"]
        pin = demand < APP and (self.pin_chosen or not self.app)
        found = ["code"] * bool(self.app) + ["pin"] * pin
        return found or ["enrolment"]

    def due(self, demand: int, chosen: str | None = None) -> str:
        """Return what is asked for; a PIN may also be chosen where nothing is demanded."""
        good = self.choices(demand)
        more = chosen == "pin" and good == ["none"]
        return chosen if chosen and (chosen in good or more) else good[0]

    def good_at(self, member: Member | None) -> Secret | None:
        """Return the only password that opens a membership, or the account as a whole."""
        own = self.passwords.get(member.place) if member else None
        return own or self.passwords.get(None)

    def at(self, place: Place | None) -> list[Member]:
        return [each for each in self.members if each.place is place]

    def may_be_mailed_a_pin(self, at: datetime) -> bool:
        mailed = self.pins_mailed.get(self.email, [])
        lately = [sum(sent > at - span for sent in mailed) for span in (HOUR, DAY)]
        return lately[0] < PINS_AN_HOUR and lately[1] < PINS_A_DAY

    def try_a_factor(self, at: datetime) -> bool:
        """Count a try of the second factor, or tell that it is too many."""
        if self.in_an_hour.locked and self.in_an_hour.locked > at:
            return False
        return self.in_an_hour.count(at) and self.in_a_row.count(at)

    def forgive_factors(self) -> None:
        self.in_an_hour.forget()
        self.in_a_row.forget()


@dataclass(frozen=True)
class Invited:
    """What a mail's link is good for, while `host` may give the role."""

    secret: str
    host: Person
    place: Place
    role: str
    email: str
    ends: datetime
