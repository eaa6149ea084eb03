"""Addresses and usernames in the one form they are compared in.

Whatever a person types, capitals, full-width letters or an international domain in either
spelling, comes down to the same key. Keys are stored, unique, and compared for equality.
"""

import re
import unicodedata

from email_validator import EmailNotValidError, ValidatedEmail, validate_email

from app.errors import InvalidAddress, InvalidUsername

LONGEST_ADDRESS = 254  # characters; RFC 5321 section 4.5.3.1.3, without its brackets
SHORTEST_USERNAME = 2
LONGEST_USERNAME = 64
LONGEST_NAME_KEY = 200  # characters; folding lengthens some, and the rest is not sorted by
# Names that the public network never resolves. A portal may well live in such a network,
# and email-validator would refuse them: they are checked below a stand-in.
PRIVATE_DOMAINS = frozenset({"local", "localhost", "test"})
STAND_IN = ".example"
BLANKS = " \u00a0\u3000"  # what keyboards and copied pages leave around a name
# Marks without a shape of their own, and letters without ink.
INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)


def address_key(address: str) -> str:
    """Return the form of `address` to compare by; raise InvalidAddress."""
    local, domain = _parts(address)
    return _short_enough(f"{_folded(local)}@{domain}")


def mailing_address(address: str) -> str:
    """Return the form of `address` to keep and to send mail to; raise InvalidAddress.

    It has the same key, and nothing in it that only looks like the letters of the key: mail
    to the one reaches whoever has the other. The local part keeps its capitals (RFC 5321
    section 2.4).
    """
    local, domain = _parts(address)
    _short_enough(f"{_folded(local)}@{domain}")
    return f"{local}@{domain}"


def username_key(name: str) -> str:
    """Return the form of `name` to compare by; raise InvalidUsername.

    A username has 2 to 64 characters, no blanks, no invisible characters and no @.
    """
    if len(name) > LONGEST_USERNAME:  # before folding, whose time and result grow with it
        raise InvalidUsername
    key = _folded(name)
    if not SHORTEST_USERNAME <= len(key) <= LONGEST_USERNAME:
        raise InvalidUsername
    if "@" in key or " " in key or not key.isprintable() or INVISIBLE.search(key):
        raise InvalidUsername
    return key


def name_key(name: str) -> str:
    """Return the form of a person's name to search and to sort by: no capitals, single blanks."""
    return " ".join(_folded(name).split())[:LONGEST_NAME_KEY]


def last_name_key(name: str) -> str:
    """Return the same with the last word first: people are looked for by that one, too."""
    *first, last = _folded(name).split() or [""]
    return " ".join([last, *first])[:LONGEST_NAME_KEY]


def start_of_address(text: str) -> str:
    """Return what the key of an address starts with, if `text` is how the address starts."""
    key = identity_key(text)
    return key if key and "@" in key else _folded(text.strip(BLANKS))


def start_of_name(text: str) -> str:
    """Return what a username's or a name's key starts with, if `text` is how it starts."""
    return " ".join(_folded(text).split())


def identity_key(text: str) -> str | None:
    """Return the key to look an account up by, whatever was typed; None where it can be none."""
    typed = text.strip(BLANKS)
    try:
        return address_key(typed) if _has_at(typed) else username_key(typed)
    except (InvalidAddress, InvalidUsername):
        return None


def _has_at(text: str) -> bool:
    return any(sign in text for sign in "@\ufe6b\uff20")  # small and full-width ones are one


def _parts(address: str) -> tuple[str, str]:
    """Return local part and ASCII domain, NFKC both, of an address that mail can be sent to."""
    typed = address.strip(BLANKS)
    if len(typed) > LONGEST_ADDRESS or not typed.isprintable():
        raise InvalidAddress
    valid, ending = _validated(unicodedata.normalize("NFKC", typed))
    return valid.local_part, valid.ascii_domain.removesuffix(ending)


def _validated(address: str) -> tuple[ValidatedEmail, str]:
    ending = STAND_IN if _is_private(address) else ""
    try:
        return validate_email(address + ending, check_deliverability=False), ending
    except EmailNotValidError as error:
        raise InvalidAddress from error


def _is_private(address: str) -> bool:
    domain = address.rpartition("@")[2]
    return domain.rpartition(".")[2].lower() in PRIVATE_DOMAINS


def _short_enough(key: str) -> str:
    if len(key) > LONGEST_ADDRESS:  # an international domain is longer in ASCII
        raise InvalidAddress
    return key


def _folded(text: str) -> str:
    """Return Unicode's NFKC_Casefold of `text`, which folding again does not change."""
    once = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", text).casefold())
    return unicodedata.normalize("NFKC", once.casefold())
