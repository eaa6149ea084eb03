"""What administrators change, and what time and restarts do."""

from datetime import timedelta

import pytest

from app.db import db
from app.errors import AlreadyExists, LastAdministrator, LastSuperuser
from app.models import Organisation, Role
from app.operations import administration, purging
from tests import factories
from tests.life.machine import Acts, Machine
from tests.life.people import FACTOR_FOR, App, Member, Person, Place, Secret
from tests.life.world import ADMINISTRATOR

ROLES = ["Student", "Student", "Teacher", "Account Admin", "Superuser"]
FACTORS = ["none", "any", "any", "app"]
SWITCH = ["true", "false"]
FACTOR_OF = {role: key for key, role in FACTOR_FOR.items()}
SETTINGS = {
    **dict.fromkeys(FACTOR_FOR, FACTORS),
    **dict.fromkeys(("mfaForStudents", "mfaForTeachers", "pinAllowed"), SWITCH),
    "rememberDeviceDays": ["0", "5", "30", "30"],
    "sessionHours": ["null", "1", "8", "720"],
}
SPANS = [
    timedelta(seconds=9),
    timedelta(seconds=29),
    timedelta(seconds=61),
    timedelta(minutes=9, seconds=57),
    timedelta(minutes=11),
    timedelta(minutes=16),
    timedelta(minutes=61),
    timedelta(hours=7),
    timedelta(hours=23, minutes=59),
    timedelta(days=1, seconds=7),
    timedelta(days=8),
    timedelta(days=31),
]
TWO_DAYS = timedelta(days=2)
PLACES, PEOPLE = 2, 3


class Administering(Machine):
    """Organisations, memberships and accounts, by operations: whoever administers is no model."""

    def acts(self) -> Acts:
        return super().acts() | {
            "add_membership": 4,
            "remove_membership": any(person.members for person in self.present()),
            "change_setting": 5,
            "suspend_or_reactivate_place": 1 + any(p.suspended for p in self.world.life.places),
            "suspend_or_reactivate_person": 1 + any(p.suspended for p in self.present()),
            "let_time_pass": 3,
            "restart": 1,
            "purge": 1,
        }

    def begin(self) -> None:
        """Begin with people who belong somewhere, rather than with nothing."""
        days = self.pick(["0", "30", "30"], "days that devices may be trusted")
        for number in range(PLACES):
            policy = {
                "factorForStudents": self.pick(FACTORS, "factor"),
                "rememberDeviceDays": days,
                "sessionHours": self.pick(["null", "null", "1", "8"], "hours"),
            }
            self.new_place(f"Place {number}", policy)
        for number in range(PEOPLE):
            self.new_person(
                f"person{number}@example.org", with_app=self.pick([True, True, False], "app")
            )
        for person in self.world.people * 2:
            if self.pick([True, True, False], "belongs"):
                role, own = self.pick(ROLES, "role"), self.pick([False, False, True], "own")
                self.add(person, self.somewhere(), role, own=own)

    def add_membership(self) -> None:
        person = self.pick(self.present(), "who")
        here = [each.place for each in person.members if each.place]
        place = self.pick(here, "where") if here and self.perhaps("another") else self.somewhere()
        role = self.pick(ROLES, "role")
        self.add(person, place, role, own=self.perhaps("own password"))

    def remove_membership(self) -> None:
        person = self.pick([each for each in self.present() if each.members], "who")
        member = self.pick(person.members, "membership")
        row, place = self.world.row_of(person), self.organisation(member.place)
        if self.world.life.is_needed(member):
            with pytest.raises((LastSuperuser, LastAdministrator)):
                administration.remove_membership(row, place, Role(member.role), ADMINISTRATOR)
            return
        administration.remove_membership(row, place, Role(member.role), ADMINISTRATOR)
        self.world.life.leave(member)

    def change_setting(self) -> None:
        place, key, value = self.rule_to_change()
        administration.change_settings(self.row_of(place), {key: value}, ADMINISTRATOR)
        place.settings[key] = value
        self.world.life.enforce(place)

    def rule_to_change(self) -> tuple[Place, str, str]:
        """Return any rule, or one that asks more of somebody who sits there just now."""
        seats = [seat.member for sitting in self.world.life.sittings for seat in sitting.seats]
        seated = [(each.place, each.role) for each in seats if each.place]
        if seated and self.perhaps("of somebody who sits there"):
            place, role = self.pick(seated, "whom it asks more")
            return place, FACTOR_OF[role], self.pick(["app", "any"], "value")
        place, key = self.somewhere(), self.pick(list(SETTINGS), "setting")
        return place, key, self.pick(SETTINGS[key], "value")

    def suspend_or_reactivate_place(self) -> None:
        place = self.somewhere()
        row = self.row_of(place)
        if place.suspended:
            administration.reactivate_organisation(row, ADMINISTRATOR)
        else:
            administration.suspend_organisation(row, ADMINISTRATOR)
        place.suspended = not place.suspended
        self.world.life.enforce(place)

    def suspend_or_reactivate_person(self) -> None:
        person = self.pick(self.present(), "who")
        row = self.world.row_of(person)
        if person.suspended:
            administration.reactivate_account(row, ADMINISTRATOR)
        elif not self.world.life.is_replaced(person):
            with pytest.raises((LastSuperuser, LastAdministrator)):
                administration.suspend_account(row, ADMINISTRATOR)
            return
        else:
            administration.suspend_account(row, ADMINISTRATOR)
            self.world.life.end_all_of(person)
            self.world.old_tickets += [person.reset.secret] if person.reset else []
            person.reset = person.address = None
        person.suspended = not person.suspended

    def let_time_pass(self) -> None:
        left = [each.ends - self.world.now for each in self.world.life.sittings]
        soon = [span for span in left if span < TWO_DAYS]
        to_an_end = soon and self.perhaps("until a session ends")
        self.world.wait(self.pick(soon if to_an_end else SPANS, "span"))

    def restart(self) -> None:
        self.world.restart()

    def purge(self) -> None:
        """Remove what has expired: nothing that counts goes with it."""
        purging.purge()
        self.world.life.purge()

    def add(self, person: Person, place: Place, role: str, *, own: bool) -> None:
        """Give somebody a role, perhaps with a password that is good there alone."""
        where = None if role == "Superuser" else place
        password = self.world.new_password() if own and where else None
        twice = any(each.role == role for each in person.at(where))
        twice = twice or bool(password and where in person.passwords)
        row, there = self.world.row_of(person), self.organisation(where)
        if twice:
            with pytest.raises(AlreadyExists):
                administration.add_membership(row, there, Role(role), ADMINISTRATOR, password)
            return
        made = administration.add_membership(row, there, Role(role), ADMINISTRATOR, password)
        person.members.append(Member(made.id, person, where, role))
        if password:
            person.passwords[where] = Secret(password)
        self.world.life.enforce(where) if where else None

    def new_place(self, name: str, policy: dict[str, str]) -> None:
        made = administration.create_organisation(name, policy, ADMINISTRATOR)
        self.world.life.places.append(Place(made.id, name, policy))

    def new_person(self, address: str, *, with_app: bool) -> None:
        password = self.world.new_password()
        new = administration.NewAccount(address, name="Ida Novak", password=password)
        row = administration.create_account(new, ADMINISTRATOR)
        person = Person(address, self.world.now, row.id)
        person.passwords[None] = Secret(password)
        if with_app:
            person.app = App(factories.app_of(row))
            person.recovery = set(factories.recovery_codes_of(row))
            self.world.secrets |= {person.app.secret, *person.recovery}
        self.world.people.append(person)

    def somewhere(self) -> Place:
        return self.pick(self.world.life.places, "where")

    def present(self) -> list[Person]:
        return [each for each in self.world.people if not each.removed]

    def organisation(self, place: Place | None) -> Organisation | None:
        return self.row_of(place) if place else None

    def row_of(self, place: Place) -> Organisation:
        db.session.rollback()
        found: Organisation = db.session.get_one(Organisation, place.id)
        return found
