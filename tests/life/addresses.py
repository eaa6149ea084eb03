"""Another address: asked for on a page, confirmed by the mail that goes there, in any browser."""

from datetime import timedelta

from tests.life.browsing import ADDRESS, Browsing
from tests.life.machine import Acts
from tests.life.people import Ticket

A_DAY = timedelta(hours=24)
CONFIRM = f"{ADDRESS}/confirm"


class Addresses(Browsing):
    """Changing what somebody is called, and where their mail goes."""

    def acts(self) -> Acts:
        asked = any(person.address for person in self.world.people)
        return super().acts() | {
            "ask_for_address": 2 * bool(self.tabs_signed_in()),
            "confirm_address": 4 * asked,
        }

    def ask_for_address(self) -> None:
        """Ask for a new one; an older ticket is good for nothing any more."""
        here, sitting = self.signed_in_at()
        if not self.opens(here, ADDRESS):
            return
        person, new = sitting.person, f"moved{next(self.world.number)}@example.org"
        here.browser.press("Send the mail", email=new)
        mailed = [mail for mail in self.world.read_mail() if mail.kind == "new_address"]
        assert len(mailed) == person.addresses_asked.count(self.world.now)
        if mailed:
            self.world.old_tickets += [person.address.secret] if person.address else []
            ticket = self.world.latest("new_address", person)
            person.address = Ticket(ticket, self.world.now + A_DAY, address=new)

    def confirm_address(self) -> None:
        """Follow the link: signed in as that person, as another, or as nobody."""
        person = self.pick([each for each in self.world.people if each.address], "who")
        here, ticket = self.pick(self.world.tabs, "browser"), person.address
        assert ticket is not None
        good = self.world.now < ticket.ends and not person.removed
        self.touch(here)
        page = here.browser.open(f"{CONFIRM}?ticket={ticket.secret}")
        assert (page.status == 410) == (not good)
        self.world.old_tickets.append(ticket.secret)
        if not good:
            person.address = None
            return
        here.browser.press("Use this address")
        own = here.sitting if here.sitting and here.sitting.person is person else None
        self.world.old_tickets += [person.reset.secret] if person.reset else []
        self.world.life.change_address(person, own)
        if own:
            self.rotated(here, own)
