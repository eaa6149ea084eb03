"""Whose columns mean what: our names, others' names for them, and whole systems' exports."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.operations.import_reading import tidy

COLUMNS = (
    "id",
    "short_id",
    "email",
    "username",
    "name",
    "activated",
    "suspended",
    "superuser",
    "password_hash",
    "hash_format",
    "totp_secret",
    "organisation",
    "role",
    "organisation_password_hash",
)
OURS = "ours"

Cells = Mapping[str, Any]


class UnknownName(ValueError):
    """No ready-made mapping, or no column of ours, has this name."""


@dataclass(frozen=True)
class ColumnMapping:
    """Which of a file's columns is which of ours.

    `system` names who wrote the file; `columns` says by our names which of the file's to take
    instead, in JSON also by a path such as `profile.mail` or `emails.0.address`; one that is
    nothing is left out. `everybody` has what is taken where a row says nothing.
    """

    system: str = OURS
    columns: dict[str, str] = field(default_factory=dict)
    everybody: dict[str, str] = field(default_factory=dict)

    def cells(self, theirs: Cells) -> dict[str, Any]:
        """Return a row's cells by our names; those that the file has none of are missing."""
        ours = SYSTEMS[self.system](theirs)
        ours |= {ours_: _at(theirs, path) for ours_, path in self.columns.items()}
        said = {name: cell for name, cell in ours.items() if cell is not None}
        return {**said, **{n: each for n, each in self.everybody.items() if _blank(said.get(n))}}

    def names(self) -> set[str]:
        """Return the file's names that are asked for by hand: a file without them is another."""
        return {path for path in self.columns.values() if path}

    def kept(self) -> dict[str, Any]:
        """Return it as plain data, alike for alike mappings."""
        kept = {"system": self.system, "columns": dict(sorted(self.columns.items()))}
        return kept | (
            {"everybody": dict(sorted(self.everybody.items()))} if self.everybody else {}
        )


def of_kept(kept: Mapping[str, Any]) -> ColumnMapping:
    """Return the mapping that `kept` made plain data of."""
    return ColumnMapping(kept["system"], dict(kept["columns"]), dict(kept.get("everybody", {})))


def _blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def from_words(words: Sequence[str]) -> ColumnMapping:
    """Return the mapping that words such as `rocketchat` or `email=mail` ask for; UnknownName."""
    system, columns = OURS, {}
    for word in words:
        name, is_column, path = word.partition("=")
        if is_column and name.strip() in COLUMNS:
            columns[name.strip()] = path.strip()
        elif not is_column and name.strip() in SYSTEMS:
            system = name.strip()
        else:
            raise UnknownName(name.strip())
    return ColumnMapping(system, columns)


def _at(theirs: Cells, path: str) -> Any:
    """Return what stands under a name, or at the end of a path of names and numbers."""
    for name in (path, tidy(path)):
        if name in theirs:
            return theirs[name]
    found: Any = theirs
    for step in path.split("."):
        if isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        else:
            found = found.get(step) if isinstance(found, dict) else None
    return found


def _ours(theirs: Cells) -> dict[str, Any]:
    return {name: theirs[name] for name in COLUMNS if name in theirs}


def _rocketchat(theirs: Cells) -> dict[str, Any]:
    """Read a document of `mongoexport --collection users`."""
    has_app = _at(theirs, "services.totp.enabled") is True
    return {
        "short_id": theirs.get("_id"),
        "email": _at(theirs, "emails.0.address"),
        "username": theirs.get("username"),
        "name": theirs.get("name"),
        "activated": _at(theirs, "emails.0.verified"),
        "suspended": theirs.get("active") is False,
        "password_hash": _at(theirs, "services.password.bcrypt"),
        "hash_format": "rocketchat",
        "totp_secret": _at(theirs, "services.totp.secret") if has_app else None,
    }


def _hasura(theirs: Cells) -> dict[str, Any]:
    """Read a row of `auth.accounts`. Programs know people by `user_id`, so that is who they are."""
    has_app = str(theirs.get("mfa_enabled")).lower() in {"true", "t"}
    return {
        "id": theirs.get("user_id") or theirs.get("id"),
        "email": theirs.get("email"),
        "activated": theirs.get("active"),
        "password_hash": theirs.get("password_hash"),
        "totp_secret": theirs.get("otp_secret") if has_app else None,
    }


def _keycloak(theirs: Cells) -> dict[str, Any]:
    """Read one of the `users` of a realm's export."""
    names = [theirs.get("firstName"), theirs.get("lastName")]
    credentials = theirs.get("credentials")
    by_type = {str(each.get("type")): each for each in credentials or [] if isinstance(each, dict)}
    password, app = by_type.get("password"), by_type.get("otp")
    return {
        "id": theirs.get("id"),
        "email": theirs.get("email"),
        "username": theirs.get("username"),
        "name": " ".join(name for name in names if isinstance(name, str)),
        "activated": theirs.get("emailVerified") if theirs.get("email") else None,
        "suspended": theirs.get("enabled") is False,
        "password_hash": json.dumps(password) if password else None,
        "hash_format": "keycloak",
        "totp_secret": _keycloak_secret(app) if app else None,
    }


def _keycloak_secret(app: dict[str, Any]) -> str:
    """Return an app's secret in base32; where its codes are none of ours, what is no secret."""
    try:
        secret, made = json.loads(app["secretData"]), json.loads(app["credentialData"])
        kind = (made["subType"], made["digits"], made["period"], made["algorithm"])
        value = str(secret["value"])
    except (KeyError, TypeError, ValueError):
        return "-"
    if kind != ("totp", 6, 30, "HmacSHA1"):
        return "-"
    in_base32 = made.get("secretEncoding") == "BASE32"
    return value if in_base32 else base64.b32encode(value.encode()).decode()


SYSTEMS: dict[str, Callable[[Cells], dict[str, Any]]] = {
    OURS: _ours,
    "rocketchat": _rocketchat,
    "hasura": _hasura,
    "keycloak": _keycloak,
}
