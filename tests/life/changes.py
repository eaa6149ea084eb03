"""What people change about their accounts, in the model: each returns whether it is done."""

from datetime import datetime, timedelta

from app.models import Interface
from tests.life.life import Life
from tests.life.people import APP, App, Member, Person, Place, Secret, steps
from tests.life.sittings import GRACE, Device, Refresh, Sitting, Waiting

OFFICES = {"Superuser", "Account Admin"}
WEEK = timedelta(days=7)


class Changes(Life):
    """The model with all that a session can be used for."""

    def may_add_factor(self, sitting: Sitting) -> bool:
        """Tell whether a first factor may be added: not by the password alone."""
        person, at = sitting.person, self.now()
        return sitting.owns_freshly(at) and (bool(person.floor) or sitting.fresh(at) != "none")

    def confirm_app(self, sitting: Sitting, code: str, *, spend: bool) -> bool:
        """Confirm the app that waits and `spend` the code with it, in the place of an older app.

        Contract 004 spends none, and puts none in another's place.
        """
        person, at = sitting.person, self.now()
        counted, second = person.try_a_factor(at), person.app is not None and not spend
        secret = person.pending_of(sitting if spend else None)
        fits = steps(secret, code, at) if secret else []
        if not counted or second or not fits:
            return False
        first_at = None if person.app else at
        person.app = App(secret or "", min(fits) * spend, first_at)
        person.pending = None
        sitting.factor, sitting.factor_at = "code", at
        sitting.shown.add("code")
        for seat in sitting.seats:
            seat.factor = "code"
        self.factors_changed(person, sitting)
        return True

    def give_up_app(self, sitting: Sitting) -> bool:
        """Go without an app, unless somebody demands one."""
        person = sitting.person
        if person.app is None or person.demand == APP:
            return False
        person.app = person.pending = None
        self.factors_changed(person, sitting)
        return True

    def disable_app(self, sitting: Sitting, code: str) -> bool:
        """Go without an app, shown one of its codes: also one that was used a moment ago."""
        at, person = self.now(), sitting.person
        if not sitting.owns_freshly(at) or not person.try_a_factor(at) or person.app is None:
            return False
        return bool(steps(person.app.secret, code, at)) and self.give_up_app(sitting)

    def choose_pin(self, sitting: Sitting, *, chosen: bool) -> bool:
        """Have PINs mailed at each sign-in, or no more; tell whether that changed anything."""
        person = sitting.person
        if not self.proved_lately(sitting) or person.pin_chosen is chosen:
            return False
        person.pin_chosen = chosen
        self.factors_changed(person, sitting)
        return True

    def proved_lately(self, sitting: Sitting) -> bool:
        """Tell whether the account's own way in was met lately, or its factor alone."""
        at = self.now()
        return sitting.owns and (sitting.fresh(at) != "none" or sitting.owns_freshly(at))

    def forget_device(self, person: Person, device: Device, but: Sitting) -> None:
        """Trust a device no longer; what it opened ends."""
        trust = device.trust.pop(person)
        for sitting in [each for each in self.sittings_of(person) if each.trust is trust]:
            sitting.trust = None
            if sitting is not but:
                self.end(sitting)

    def change_password(self, sitting: Sitting, typed: str, new: str) -> bool:
        person, old = sitting.person, sitting.person.passwords[None]
        if self.locked_out(person, sitting.device) or old.text != typed:
            return False
        self.settled.add(person)
        self.password_set(person, None, new)
        for seat in sitting.seats:
            if seat.password is old:
                seat.password = person.passwords[None]
        self.end_all_of(person, but=sitting)
        person.reset = person.address = None
        return True

    def reset_password(self, person: Person, place: Place | None, new: str) -> None:
        """Set a password by mail: it signs nobody in, and ends whatever is open."""
        self.password_set(person, place, new)
        person.activated, person.reset, person.locked_for_strangers = True, None, None
        self.end_all_of(person)
        self.settled.add(person)
        person.address = None
        if not person.app:
            person.in_a_row.forget()

    def change_address(self, person: Person, by: Sitting | None) -> None:
        """Take the address that was confirmed: elsewhere all ends, and other mails are void."""
        assert person.address
        person.former.append((self.now(), person.email))
        person.email = person.address.address
        person.address = person.reset = None
        self.end_all_of(person, but=by)

    def take_back(self, person: Person, since: datetime) -> None:
        """Undo what was done to an account since its password was reset by somebody else."""
        if person.app and person.app.first_at and person.app.first_at >= since:
            person.app = None
        if not person.app:
            person.recovery.clear()
        person.pending = person.leaves = person.address = None
        undone = [each for at, each in person.former if at >= since]
        person.former = [(at, each) for at, each in person.former if at < since]
        person.email = undone[0] if undone else person.email
        self.strangers_again(person)
        self.end_all_of(person)

    def refresh(self, sitting: Sitting, used: Refresh) -> bool:
        """Trade a refresh token for the next, which the caller adds; a copied one ends all."""
        at = self.now()
        if not self.alive(sitting):
            return False
        if used.used is None:
            used.used = at
            return True
        following = sitting.family[sitting.family.index(used) + 1]
        if used.used > at - GRACE and following.used is None:
            return True
        self.end(sitting)
        return False

    def remove(self, person: Person) -> bool:
        """Remove an account for good, unless nobody would administer the portal any more."""
        if not self.is_replaced(person):
            return False
        self.vanish(person)
        return True

    def leave_in_a_week(self, person: Person, but: Sitting) -> bool:
        """Have an account removed in a week; who asks again hears the same day."""
        if person.leaves is None:
            if not self.is_replaced(person):
                return False
            person.leaves = self.now() + WEEK
            self.end_all_of(person, but=but)
        return True

    def purge(self) -> None:
        """Remove what is over: it makes no difference but to accounts, and to trust in devices."""
        self.forget_expired_trust()
        for person in (each for each in self.people if not each.removed):
            if self._never_came(person):
                self.vanish(person)
        for person in sorted(self.people, key=lambda each: each.leaves or self.now()):
            if person.shut and not person.removed and not self.remove(person):
                person.leaves, person.shut = None, False

    def is_replaced(self, person: Person) -> bool:
        """Tell whether others administer whatever somebody does that is open."""
        return not any(self.is_needed(each) for each in person.members)

    def is_needed(self, member: Member) -> bool:
        """Tell whether nobody else administers what somebody does that is open."""
        if member.role not in OFFICES or not member.live or not member.person.open:
            return False
        others = [each for each in self.people if each is not member.person and each.stays]
        held = {(m.role, m.place) for each in others for m in each.members}
        return (member.role, member.place) not in held

    def _never_came(self, person: Person) -> bool:
        waits = person.activation and person.activation.ends > self.now()
        cared = person.activated or person.suspended or person.members or waits
        return not cared and person.joined <= self.now() - WEEK

    def latest_pin(
        self, person: Person, password: Secret | None = None, *, usable: bool = False
    ) -> Waiting | None:
        """Return contract 001's newest sign-in that waits for a PIN; `usable` has tries left."""
        at, chat = self.now(), Interface.ROCKETCHAT
        mine = [p for p in self.proofs if p.person is person and p.interface is chat]
        ways = [way for proof in mine for way in proof.ways if way.answers_pins(at)]
        fitting = [w for w in ways if password in (None, w.password) and (w.tries or not usable)]
        return max(fitting, key=lambda way: way.pin.sent if way.pin else at, default=None)
