"""What one row says, cell by cell made into what the tables keep, or into what is wrong with it.

Nothing here asks the database: whether an address is taken or a role may be given comes later.
"""

import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from app.errors import InvalidAddress, InvalidUsername
from app.models import Role
from app.operations.import_faults import Fault, Faults
from app.security import foreign_hashes, imported_hashes, totp
from app.security.hash_schemes import HashRefused
from app.security.identities import address_key, mailing_address, username_key

LONGEST = {
    "name": 200,
    "organisation": 200,
    "password_hash": imported_hashes.LONGEST,
    "organisation_password_hash": imported_hashes.LONGEST,
}
LONGEST_OTHER = 320  # characters
SHORT_ID_LENGTH = 17
NO_PASSWORD = ("!", "*")  # how Django, and systems older than it, begin what no password makes
HALF_A_PAIR = re.compile("[\ud800-\udfff]")  # what was no UTF-8 comes as
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
YES = {"true", "t", "yes", "y", "1", "on"}
NO = {"false", "f", "no", "n", "0", "off"}
ACCOUNTS_OWN = ("name", "activated", "suspended", "superuser", "password_hash", "totp_secret")

Value = TypeVar("Value")


class _Wrong(Exception):
    """A cell that cannot be meant."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass
class Entry:
    """One row's person and, where it names an organisation, one membership."""

    number: int
    id: uuid.UUID | None = None
    short_id: str | None = None
    email: str | None = None
    email_key: str | None = None
    username: str | None = None
    username_key: str | None = None
    name: str = ""
    activated: bool = True
    suspended: bool = False
    superuser: bool = False
    password_hash: str | None = None
    totp_secret: str | None = None
    organisation: str | None = None
    role: Role | None = None
    organisation_password_hash: str | None = None
    given: dict[str, str] = field(default_factory=dict)  # what stood there, by our columns
    faults: Faults = field(default_factory=list)

    @property
    def keys(self) -> dict[str, str]:
        """What the row knows the person by, column by column."""
        keys = {
            "email": self.email_key,
            "username": self.username_key,
            "id": str(self.id) if self.id else None,
            "short_id": self.short_id,
        }
        return {column: key for column, key in keys.items() if key}


def entry(number: int, cells: Mapping[str, Any]) -> Entry:
    """Return what a row says, with every fault of its cells."""
    made = Entry(number)
    for column, value in cells.items():
        with _Noting(made, column):
            text = _text(column, value)
            if text:
                made.given[column] = text
    for column, reader in _READERS.items():
        if column in made.given:
            with _Noting(made, column):
                reader(made, made.given[column])
    _see_whether_it_fits(made)
    return made


class _Noting:
    """Notes what is wrong with a column, and goes on."""

    def __init__(self, made: Entry, column: str) -> None:
        self._made, self._column = made, column

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if isinstance(error, _Wrong):
            self._made.faults.append((self._column, error.fault))
        return isinstance(error, _Wrong)


def _text(column: str, value: Any) -> str:
    """Return a cell as tidy text; nothing where there is nothing."""
    if isinstance(value, dict) and column.endswith("password_hash"):
        value = json.dumps(value)  # Keycloak's, before somebody made a text of it
    if not isinstance(value, str | bool | int):
        raise _Wrong(Fault.NOT_TEXT)
    text = str(value).strip()
    if len(text) > LONGEST.get(column, LONGEST_OTHER):
        raise _Wrong(Fault.TOO_LONG)
    if HALF_A_PAIR.search(text):
        raise _Wrong(Fault.NOT_UTF8)
    if CONTROLS.search(text):
        raise _Wrong(Fault.NOT_STORABLE)
    return text


def _see_whether_it_fits(made: Entry) -> None:
    """Note what is wrong with the row as a whole."""
    said = made.given.keys() | {column for column, _ in made.faults}
    if not said & {"email", "username"}:
        made.faults.append(("email", Fault.NO_IDENTITY))
    if "email" not in said and not made.activated:
        made.faults.append(("activated", Fault.ACTIVATES_BY_MAIL))
    if "organisation" in said and "role" not in said:
        made.faults.append(("role", Fault.NO_ROLE))
    if said & {"role", "organisation_password_hash"} and "organisation" not in said:
        made.faults.append(("organisation", Fault.NO_ORGANISATION))


def _read(function: Callable[[str], Value], text: str, fault: Fault) -> Value:
    try:
        return function(text)
    except (ValueError, InvalidAddress, InvalidUsername):
        raise _Wrong(fault) from None


def _id(made: Entry, text: str) -> None:
    made.id = _read(uuid.UUID, text, Fault.BAD_UUID)


def _short_id(made: Entry, text: str) -> None:
    if len(text) != SHORT_ID_LENGTH or not (text.isascii() and text.isalnum()):
        raise _Wrong(Fault.BAD_SHORT_ID)
    made.short_id = text


def _email(made: Entry, text: str) -> None:
    made.email = _read(mailing_address, text, Fault.BAD_ADDRESS)
    made.email_key = _read(address_key, text, Fault.BAD_ADDRESS)


def _username(made: Entry, text: str) -> None:
    made.username, made.username_key = text, _read(username_key, text, Fault.BAD_USERNAME)


def _name(made: Entry, text: str) -> None:
    made.name = " ".join(text.split())


def _activated(made: Entry, text: str) -> None:
    made.activated = _truth(text)


def _suspended(made: Entry, text: str) -> None:
    made.suspended = _truth(text)


def _superuser(made: Entry, text: str) -> None:
    made.superuser = _truth(text)


def _truth(text: str) -> bool:
    lowered = text.lower()
    if lowered not in YES | NO:
        raise _Wrong(Fault.NOT_YES_OR_NO)
    return lowered in YES


def _password_hash(made: Entry, text: str) -> None:
    made.password_hash = _hash(made, text)


def _organisation_password_hash(made: Entry, text: str) -> None:
    made.organisation_password_hash = _hash(made, text)


def _hash(made: Entry, text: str) -> str | None:
    if text.startswith(NO_PASSWORD):
        return None
    named = made.given.get("hash_format", "").lower() or None
    if named and named not in foreign_hashes.FORMATS:
        return None  # noted for its own column
    try:
        return foreign_hashes.recognise(text, named)
    except HashRefused as refused:
        raise _Wrong(Fault(refused.problem.value)) from None


def _hash_format(_made: Entry, text: str) -> None:
    if text.lower() not in foreign_hashes.FORMATS:
        raise _Wrong(Fault.UNKNOWN_FORMAT)


def _totp_secret(made: Entry, text: str) -> None:
    made.totp_secret = _read(totp.imported_secret, text, Fault.BAD_SECRET)


def _organisation(made: Entry, text: str) -> None:
    made.organisation = " ".join(text.split())


def _role(made: Entry, text: str) -> None:
    role = Role.of_slug("-".join(text.lower().replace("_", " ").replace("-", " ").split()))
    if role is None or role is Role.SUPERUSER:  # which has a column of its own
        raise _Wrong(Fault.UNKNOWN_ROLE)
    made.role = role


_READERS: dict[str, Callable[[Entry, str], None]] = {
    "id": _id,
    "short_id": _short_id,
    "email": _email,
    "username": _username,
    "name": _name,
    "activated": _activated,
    "suspended": _suspended,
    "superuser": _superuser,
    "hash_format": _hash_format,
    "password_hash": _password_hash,
    "totp_secret": _totp_secret,
    "organisation": _organisation,
    "role": _role,
    "organisation_password_hash": _organisation_password_hash,
}
