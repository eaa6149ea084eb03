"""What comes by mail: activation, a new password, the opening of a lock."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.db import db
from app.errors import TicketRefused
from app.models import Account, Interface
from app.operations import not_me, unlocking
from app.operations import passwords as account_passwords
from app.operations.visitor import Visitor
from tests.life.browsing import Browsing
from tests.life.machine import Acts
from tests.life.people import Person, Place, Secret, Ticket
from tests.pages.browser import Browser, names_of

MOST_PEOPLE = 5
THREE_DAYS, A_DAY, AN_HOUR = timedelta(days=3), timedelta(hours=24), timedelta(hours=1)
MOST_RESETS = 5
READER = Visitor(Interface.PAGES, "192.0.2.77")


class ByMail(Browsing):
    """Tickets."""

    def acts(self) -> Acts:
        people = self.world.people
        return super().acts() | {
            "register": 1 * (len(people) < MOST_PEOPLE),
            "activate": 4 * any(person.activation for person in people),
            "ask_for_reset": 1,
            "reset": 4 * any(person.reset for person in people),
            "say_it_was_not_me": 2 * any(person.not_me for person in people),
            "unlock": any(person.locked_for_strangers for person in people),
            "come_with_an_old_ticket": bool(self.world.old_tickets),
        }

    def register(self) -> None:
        """Register through contract 004, or in a browser, which is remembered."""
        number = next(self.world.number)
        free = self.tabs_free() if self.perhaps("on a page") else []
        here = self.pick(free, "browser") if free else None
        address, password = f"newcomer{number}@example.org", self.world.new_password()
        if here is None:
            body = {"email": address, "password": password}
            assert self.world.programs.backend.call("/auth/register", **body).status_code == 204
        else:
            here.browser.open("/register")
            here.browser.press("Register", email=address, name="Ines", password=password)
        person = Person(address, self.world.now, activated=False)
        db.session.rollback()
        person.id = db.session.scalars(select(Account.id).filter_by(email=address)).one()
        person.passwords[None] = Secret(password)
        self.world.people.append(person)
        self.world.read_mail()
        ticket = self.world.latest("activation", person)
        person.activation = Ticket(ticket, self.world.now + A_DAY, browser=here)

    def activate(self) -> None:
        """Follow the mail: by contract 004's call, or by the link, in whichever browser."""
        person = self.pick([p for p in self.world.people if p.activation], "who")
        ticket = person.activation
        assert ticket is not None
        good = self.world.now < ticket.ends and not person.removed
        if ticket.browser is None:
            body = {"ticket": ticket.secret}
            said = self.world.programs.backend.call("/auth/account/activate", **body)
            assert (said.status_code == 204) == good
        else:
            here = self.pick(self.world.tabs, "browser")
            self.follow_link(here.browser, person, ticket, good=good)
            self.touch(here)
        self.world.old_tickets.append(ticket.secret)
        person.activation = None
        person.activated = person.activated or good

    def follow_link(self, browser: Browser, person: Person, ticket: Ticket, *, good: bool) -> None:
        page = browser.open(f"/activate?ticket={ticket.secret}")
        assert (page.status == 410) == (not good)
        if good:
            form = page.form("Confirm the address")
            asked = "password" in names_of(form)
            typed = {"password": person.passwords[None].text} if asked else {}
            browser.press("Confirm the address", **typed)

    def ask_for_reset(self) -> None:
        """Have a ticket mailed for a new password: the account's, or one place's own."""
        person = self.somebody()
        place = self.pick([None, *(m.place for m in person.members if m.place)], "place")
        address = person.email
        account_passwords.forgotten(address, READER, place.id if place else None)
        mailed = [mail for mail in self.world.read_mail() if mail.kind == "reset"]
        before = person.resets_mailed.setdefault(address, [])
        lately = [at for at in before if at > self.world.now - AN_HOUR]
        due = not person.removed and not person.suspended and len(lately) < MOST_RESETS
        assert len(mailed) == due
        if due:
            before.append(self.world.now)
            self.world.old_tickets += [person.reset.secret] if person.reset else []
            secret = self.world.latest("reset", person)
            person.reset = Ticket(secret, self.world.now + AN_HOUR, place)

    def reset(self) -> None:
        """Set a password by the newest ticket, through contract 004."""
        person = self.pick([p for p in self.world.people if p.reset], "who")
        ticket, new = person.reset, self.world.new_password()
        assert ticket is not None
        place = ticket.place
        good = self.world.now < ticket.ends and (place is None or bool(person.at(place)))
        old = person.passwords.get(place)
        body = {"ticket": ticket.secret, "new_password": new}
        said = self.world.programs.backend.call("/auth/account/forgot", **body)
        assert (said.status_code == 204) == good
        if good:
            self.world.old_tickets.append(ticket.secret)
            self.world.old_passwords.setdefault(person, []).extend([old.text] if old else [])
            self.world.life.reset_password(person, place, new)
            self.told_of_reset(person, place)

    def told_of_reset(self, person: Person, place: Place | None) -> None:
        """Keep the link that a mail gives to whoever did not set this password."""
        told = [mail for mail in self.world.read_mail() if mail.kind == "password_changed"]
        if told and place is None:
            secret = told[-1].words["not_me_link"].partition("ticket=")[2]
            person.not_me = Ticket(secret, self.world.now + THREE_DAYS)

    def say_it_was_not_me(self) -> None:
        """Take back a reset and what followed it, by the mail that told of it: once."""
        person = self.pick([p for p in self.world.people if p.not_me], "who")
        ticket, person.not_me = person.not_me, None
        assert ticket is not None
        if person.open and self.world.now < ticket.ends:
            secret = not_me.report(ticket.secret, READER)
            self.world.life.take_back(person, ticket.ends - THREE_DAYS)
            self.world.old_tickets += [person.reset.secret] if person.reset else []
            person.reset = Ticket(secret, self.world.now + AN_HOUR)
        with pytest.raises(TicketRefused):
            not_me.report(ticket.secret, READER)

    def come_with_an_old_ticket(self) -> None:
        ticket = self.pick(self.world.old_tickets, "ticket")
        for path, more in (("activate", {}), ("forgot", {"new_password": "seven quiet otters"})):
            body = {"ticket": ticket, **more}
            said = self.world.programs.backend.call(f"/auth/account/{path}", **body)
            assert said.status_code == 401
        assert not self.world.programs.teams.knows(ticket)

    def unlock(self) -> None:
        """Open the lock that guessers left, by mail; the ticket works once."""
        person = self.pick([p for p in self.world.people if p.locked_for_strangers], "who")
        if not person.open:
            return
        unlocking.send(person.email, READER)
        if not [mail for mail in self.world.read_mail() if mail.kind == "unlock"]:
            return  # five an hour, and no more
        ticket = self.world.latest("unlock", person)
        unlocking.unlock(ticket, READER)
        with pytest.raises(TicketRefused):
            unlocking.unlock(ticket, READER)
        person.locked_for_strangers = None
        self.world.life.settled.add(person)
