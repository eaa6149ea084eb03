"""What the directory says of somebody, read from an entry."""

import contextlib
import unicodedata
from dataclasses import dataclass
from typing import Any

from app.config.directory import Directory

LONGEST_KEY = 256  # bytes; no kind of identifier that never changes is longer


@dataclass(frozen=True)
class Entry:
    """Somebody in the directory.

    `key` is what never changes of an entry (the bytes of entryUUID, objectGUID …, as hexadecimal
    digits). A directory has several addresses and usernames in no order that lasts. `groups` are
    those of the settings' groups that they are in, as the settings spell them.
    """

    key: str
    dn: str
    emails: tuple[str, ...]
    usernames: tuple[str, ...]
    name: str
    groups: frozenset[str] = frozenset()

    @property
    def email(self) -> str | None:
        """The first address, if there is one."""
        return next(iter(self.emails), None)

    @property
    def username(self) -> str | None:
        """The first username, if there is one."""
        return next(iter(self.usernames), None)


def attributes(directory: Directory) -> list[str]:
    """Return the attributes that are asked for: no others leave the directory."""
    wanted = (
        directory.id_attribute,
        directory.email_attribute,
        directory.username_attribute,
        directory.name_attribute,
    )
    return list(dict.fromkeys(wanted))


def entry(directory: Directory, found: dict[str, Any]) -> Entry | None:
    """Return what was found as an entry; None for one that cannot be told from others later."""
    values = {name.lower(): value for name, value in found["raw_attributes"].items()}
    keys = values.get(directory.id_attribute.lower(), [])
    if len(keys) != 1 or not 0 < len(keys[0]) <= LONGEST_KEY:
        return None
    return Entry(
        key=keys[0].hex(),
        dn=found["dn"],
        emails=_texts(values, directory.email_attribute),
        usernames=_texts(values, directory.username_attribute),
        name=next(iter(_texts(values, directory.name_attribute)), ""),
    )


def _texts(values: dict[str, list[bytes]], attribute: str) -> tuple[str, ...]:
    """Return an attribute's values, blanks for controls; those that are no text left out."""
    texts = []
    for value in values.get(attribute.lower(), []):
        with contextlib.suppress(UnicodeDecodeError):
            texts.append("".join(map(_shown, value.decode())))
    return tuple(text for text in texts if text.strip())


def _shown(sign: str) -> str:
    return " " if unicodedata.category(sign) == "Cc" else sign
