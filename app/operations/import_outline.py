"""What a file looks like before anybody has said what its columns mean.

A few values of each column are shown, so that people can tell them apart; what may be a secret
never is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO

from app.operations import import_reading
from app.operations.import_faults import FileFault, FileRefused
from app.operations.import_mappings import COLUMNS, OURS
from app.operations.import_reading import Record, tidy

LOOKED_AT = 50  # rows, to find what columns JSON has
SAMPLES = 3  # of each column
LONGEST_SAMPLE = 40  # characters
LONGEST_NAME = 200  # characters of a path; what is longer is no name of a column
DEEPEST = 4  # names in a path
MOST_COLUMNS = 200
BEGINNING = 1 << 12  # bytes

SECRET_NAME = re.compile(
    "pass|pwd|hash|bcrypt|scrypt|argon|secret|token|ticket|otp|salt|credential|key|backup|recovery"
)
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
RUN = re.compile(r"[A-Za-z0-9+/=]{16,}")  # of letters and digits, as in hashes and in secrets
MARKS = ("$", "pbkdf2", "scrypt", "bcrypt", "argon2", "{", "[")

# Whose export has which columns, and by what names others call ours.
SIGNS = {
    "rocketchat": {"services.password.bcrypt", "emails.0.address"},
    "hasura": {"password_hash", "mfa_enabled", "email"},
    "keycloak": {"credentials", "emailverified"},
}
OTHER_NAMES = {
    "email": ("e_mail", "mail", "e_mail_address", "email_address", "address"),
    "username": ("user_name", "login", "user"),
    "name": ("full_name", "display_name", "fullname"),
    "password_hash": ("password", "passwd", "hash", "encrypted_password"),
    "hash_format": ("format", "algorithm"),
    "totp_secret": ("otp_secret", "mfa_secret", "totp"),
    "organisation": ("organization", "school", "organisation_id"),
    "role": ("roles",),
}


@dataclass
class Column:
    """One of a file's columns: its name, or in JSON the path to it, and what stands there first.

    A sample of None is one that is not shown.
    """

    name: str
    samples: list[str | None] = field(default_factory=list)

    @property
    def is_secret(self) -> bool:
        """Tell whether something is not shown."""
        return None in self.samples


@dataclass(frozen=True)
class Outline:
    """A file's columns, and whose file it looks like."""

    columns: list[Column]
    system: str
    guessed: dict[str, str]  # ours to theirs


def check(stream: BinaryIO) -> int:
    """Read a file through and return how many rows it has; raise FileRefused.

    Refused is what nobody can be imported from whatever its columns mean.
    """
    _require_text(stream)
    header = import_reading.columns(stream)
    if header is not None:
        _require_header(header)
    rows = 0
    only = None
    for record in import_reading.read(stream):
        rows, only = rows + 1, record
    if not rows or only is None:
        raise FileRefused(FileFault.EMPTY)
    if header is None and rows == 1 and _holds_the_list(only):
        raise FileRefused(FileFault.NOT_A_LIST)
    return rows


def of(stream: BinaryIO) -> Outline:
    """Return what a file's first rows tell of its columns."""
    header = import_reading.columns(stream)
    some = list(islice(import_reading.read(stream), LOOKED_AT))
    found: dict[str, Column] = {name: Column(name) for name in header or [] if name}
    for record in some:
        for path, value in _leaves(record.cells, ""):
            if path in found or (header is None and len(found) < MOST_COLUMNS):
                _note(found.setdefault(path, Column(path)), value)
    names = [*found, *{name for record in some for name in record.cells}]
    system = _system(names)
    return Outline(list(found.values()), system, _guessed(list(found)) if system == OURS else {})


def _require_text(stream: BinaryIO) -> None:
    """Refuse what is no text in UTF-8, as far as its beginning shows."""
    stream.seek(0)
    beginning = stream.read(BEGINNING)
    if beginning[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise FileRefused(FileFault.NOT_UTF8)
    if b"\0" in beginning:
        raise FileRefused(FileFault.NOT_TEXT)


def _require_header(header: list[str]) -> None:
    if any("\ud800" <= sign <= "\udfff" for name in header for sign in name):
        raise FileRefused(FileFault.NOT_UTF8)
    named = all(len(name) <= LONGEST_NAME for name in header) and any(header)
    if not named or any("@" in name for name in header):
        raise FileRefused(FileFault.NO_HEADER, 1)


def _holds_the_list(record: Record) -> bool:
    """Tell whether a file's only object is nobody, but holds what may be the people."""
    lists = [each for each in record.cells.values() if isinstance(each, list)]
    return any(isinstance(each, dict) for found in lists for each in found) and not (
        record.cells.keys() & {"email", "username", "emails", "_id"}
    )


def _leaves(value: Any, path: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield what stands at the end of each path, as mappings name it."""
    if depth < DEEPEST and isinstance(value, dict):
        for name, inner in value.items():
            if _is_shown(longer := f"{path}.{name}" if path else str(name)):
                yield from _leaves(inner, longer, depth + 1)
    elif depth < DEEPEST and isinstance(value, list) and value:
        yield from _leaves(value[0], f"{path}.0", depth + 1)
    elif path:
        yield path, value


def _is_shown(path: str) -> bool:
    """Tell whether a path is one that a page can hold, and people can read."""
    return len(path) <= LONGEST_NAME and path.isprintable()


def _note(column: Column, value: Any) -> None:
    text = "" if value is None else " ".join(str(value).split())
    if text and len(column.samples) < SAMPLES:
        column.samples.append(None if _may_be_secret(column.name, text) else _short(text))


def _may_be_secret(name: str, text: str) -> bool:
    if SECRET_NAME.search(name.casefold()) and text.lower() not in {"true", "false"}:
        return True
    if "@" in text or UUID.fullmatch(text):
        return text.startswith(MARKS)
    return text.lower().startswith(MARKS) or RUN.search(text) is not None


def _short(text: str) -> str:
    shown = "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
    return shown if len(shown) <= LONGEST_SAMPLE else f"{shown[:LONGEST_SAMPLE]}…"


def _system(names: list[str]) -> str:
    there = {name.casefold() for name in names}
    return next((system for system, signs in SIGNS.items() if signs <= there), OURS)


def _guessed(names: list[str]) -> dict[str, str]:
    """Return which column each of ours seems to be."""
    by_tidy = {tidy(name): name for name in reversed(names)}
    guessed: dict[str, str] = {}
    for ours in COLUMNS:
        for candidate in (ours, *OTHER_NAMES.get(ours, ())):
            if candidate in by_tidy and by_tidy[candidate] not in guessed.values():
                guessed[ours] = by_tidy[candidate]
                break
    return guessed
