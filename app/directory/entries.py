"""What the directory says of somebody, read from an entry."""

from dataclasses import dataclass
from typing import Any

from ldap3.utils.dn import parse_dn

from app.config.directory import Directory


@dataclass(frozen=True)
class Entry:
    """Somebody in the directory.

    `key` is what never changes of an entry (the bytes of entryUUID, objectGUID …, as hexadecimal
    digits), `groups` those of the settings' groups that they are in, as the settings spell them.
    """

    key: str
    dn: str
    email: str | None
    username: str | None
    name: str
    groups: frozenset[str] = frozenset()


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
    [key] = values.get(directory.id_attribute.lower()) or [b""]
    if not key:
        return None
    return Entry(
        key=key.hex(),
        dn=found["dn"],
        email=_text(values, directory.email_attribute),
        username=_text(values, directory.username_attribute),
        name=_text(values, directory.name_attribute) or "",
    )


def same_dn(one: str, other: str) -> bool:
    """Tell whether two names name one entry, however they are spelled."""
    return _folded(one) == _folded(other)


def _folded(dn: str) -> list[tuple[str, str]]:
    return [(kind.lower(), value.casefold()) for kind, value, _ in parse_dn(dn, strip=True)]


def _text(values: dict[str, list[bytes]], attribute: str) -> str | None:
    """Return an attribute's first value; None where there is none, or none that is text."""
    for value in values.get(attribute.lower(), []):
        try:
            return value.decode()
        except UnicodeDecodeError:
            continue
    return None
