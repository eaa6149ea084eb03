"""Who signs in, and where; and the steps that people take."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests import portal_process
from tests.mail.servers import Script
from tests.portal_process import Portal, account, mail_to, membership, organisation, pin_in

PASSWORD = "seven quiet lanterns"
OWN_PASSWORD = "nine loud kettledrums"
NEW_PASSWORD = "eleven patient otters"
BATCH = 8  # people made by one process: starting it takes longer than making them
OPEN, PIN, OWN, SHUT = "Elm School", "Northwind College", "Oak Academy", "Harbour Institute"
STRICT = "Granite University"


@dataclass(frozen=True)
class Places:
    """The organisations' UUIDs."""

    open: str
    pin: str
    own: str
    shut: str
    strict: str


@dataclass(frozen=True)
class Person:
    """Somebody with an address, and with one password for nearly everything."""

    email: str
    name: str


def settle(served: Portal) -> Places:
    """Make the organisations."""
    made = served.run(
        [
            organisation(OPEN),
            organisation(PIN, "mfaForTeachers=true"),
            organisation(OWN),
            organisation(SHUT, "isSuspended=true"),
            organisation(STRICT, "factorForStudents=app"),
        ]
    )
    return Places(*made)


def crowd(served: Portal, places: Places) -> Iterator[Person]:
    """Return new people without end, each of whom belongs to all of the places."""
    for first in itertools.count(step=BATCH):
        numbers = range(first, first + BATCH)
        people = [Person(f"person{n}@example.org", f"Noor Haddad {n}") for n in numbers]
        served.run([command for person in people for command in _member(person, places)])
        yield from people


def loners(served: Portal) -> Iterator[Person]:
    """Return new people without end, none of whom belongs anywhere: nobody asks them a thing."""
    for first in itertools.count(step=BATCH):
        numbers = range(first, first + BATCH)
        people = [Person(f"loner{n}@example.org", f"Ines Okafor {n}") for n in numbers]
        served.run([account(person.email, PASSWORD, person.name) for person in people])
        yield from people


def _member(person: Person, places: Places) -> list[portal_process.Command]:
    return [
        account(person.email, PASSWORD, person.name),
        membership(person.email, places.open, "student"),
        membership(person.email, places.pin, "teacher"),
        membership(person.email, places.own, "account-admin", OWN_PASSWORD),
        membership(person.email, places.shut, "student"),
    ]


def sign_in(page: Page, person: Person, password: str = PASSWORD, at: str = "/sign-in") -> None:
    page.goto(at)
    page.get_by_label("E-mail or username").fill(person.email)
    page.get_by_label("Password", exact=True).fill(password)
    press(page, "Sign in")


def press(page: Page | Locator, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def card(page: Page, place: str) -> Locator:
    """Return the card of a place, in the picker or at home."""
    title = page.get_by_role("heading", name=place, exact=True)
    return page.get_by_role("article").filter(has=title)


def choose(page: Page, place: str) -> None:
    card(page, place).get_by_role("button", name=re.compile("Continue|Switch")).click()


def enter_pin(page: Page, pin: str) -> None:
    """Type the PIN; with script the sixth digit sends it."""
    sends_itself = page.get_by_text("The sixth digit sends the form.").is_visible()
    page.get_by_label("PIN").fill(pin)
    if not sends_itself:
        press(page, "Continue")


def enter(page: Page, person: Person, sink: Script, place: str = PIN) -> None:
    """Sign in all the way, by the PIN that is mailed if the place wants one."""
    before = len(portal_process.mails_to(sink, person.email))
    sign_in(page, person)
    choose(page, place)
    if place == PIN:
        shows(page, "Enter the PIN")
        enter_pin(page, pin_in(mail_to(sink, person.email, before + 1)))
    shows(page, "Home")


def shows(page: Page, heading: str) -> None:
    """Wait for the page of this heading."""
    expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()
