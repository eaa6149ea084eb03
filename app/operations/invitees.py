"""Reading a list of people to invite, however it was copied together."""

import re
import unicodedata
from dataclasses import dataclass

from app.operations import names

HIDDEN = {"Cc", "Cs"}  # controls, and halves of surrogate pairs
BETWEEN = re.compile("[,;\t]")  # lists come from spreadsheets, too
IN_BRACKETS = re.compile(r"(?P<name>.*)<(?P<address>[^<>]*)>")


@dataclass(frozen=True)
class Invitee:
    """Who is to be invited, as somebody typed it."""

    address: str
    name: str = ""


def read(text: str) -> list[Invitee]:
    """Return who stands in a list, one a line; blank lines are nobody.

    A line is `Name <address>`, `address`, or `address, name`.
    """
    lines = (_plain(line) for line in text.splitlines())
    return [_invitee(line) for line in lines if line]


def written(invitee: Invitee) -> str:
    """Return the line that `read` takes for this invitee."""
    return f"{invitee.name} <{invitee.address}>" if invitee.name else invitee.address


def named(name: str) -> str:
    """Return a name as it is kept, without the quotes that mail programs put around it."""
    return names.plain(_plain(name).strip(" \"'"))


def _invitee(line: str) -> Invitee:
    if found := IN_BRACKETS.fullmatch(line):
        return Invitee(found["address"].strip(), named(found["name"]))
    address, *name = BETWEEN.split(line, maxsplit=1)
    return Invitee(address.strip(), named("".join(name)))


def _plain(text: str) -> str:
    """Return `text` without what no page may hold; tabs stay, for they part the columns."""
    shown = (sign for sign in text if sign == "\t" or unicodedata.category(sign) not in HIDDEN)
    return "".join(shown).strip()
