"""Settings of the directory that people may sign in with: the variables DOORWARD_LDAP_…."""

import ipaddress
import json
import os
import re
import ssl
import uuid
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from ldap3.core.exceptions import LDAPException
from ldap3.operation.search import parse_filter
from ldap3.utils.dn import parse_dn
from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.config.kinds import Optional, Switch, problem, words

PREFIX = "DOORWARD_LDAP_"
PORTS = {"ldap": 389, "ldaps": 636}
GRANTED = {"Student", "Teacher", "Account Admin"}  # a directory makes nobody superuser
ENTRY_ROLE = 2  # what stands beside each group: organisation and role
HOLDS_IDENTITY, HOLDS_DN, HOLDS_USERNAME = "{identity}", "{dn}", "{username}"

COMPARED_ODDLY = re.compile(r"[:~<>]=[^()]*\{identity\}")  # any value of those cannot be written


def _urls(value: tuple[str, ...]) -> tuple[str, ...]:
    for each in value:
        parts = urlsplit(each)
        try:
            known = parts.scheme in PORTS and parts.hostname and (parts.port or 1)
        except ValueError:
            known = None
        if not known or parts.path.rstrip("/") or parts.query or parts.username is not None:
            raise problem("each server must look like ldaps://directory.example.org")
    return value


def _existing(value: str | None) -> str | None:
    if value is None:
        return None
    try:
        ssl.create_default_context(cafile=value)
    except (OSError, ssl.SSLError):
        raise problem("it must name a file of certificates, in PEM, that can be read") from None
    return value


def _filter_of_identity(value: str) -> str:
    if HOLDS_IDENTITY not in value or not _is_filter(value):
        raise problem("it must be a filter in brackets that has {identity} in it")
    if COMPARED_ODDLY.search(value):
        raise problem("it must compare {identity} with a plain = only")
    return value


def _filter_of_groups(value: str) -> str:
    if not (HOLDS_DN in value or HOLDS_USERNAME in value) or not _is_filter(value):
        raise problem("it must be a filter in brackets that has {dn} or {username} in it")
    return value


def _is_filter(value: str) -> bool:
    """Tell whether it is one (RFC 4515); what it holds stands for itself here."""
    try:
        parse_filter(
            value, None, auto_escape=True, auto_encode=False, validator=None, check_names=False
        )
    except LDAPException:
        return False
    return True


def _dn(value: str | None) -> str | None:
    if value is not None and not _is_dn(value):
        raise problem("it must be a DN, like ou=people,dc=example,dc=org")
    return value


def _is_dn(value: str) -> bool:
    try:
        return bool(parse_dn(value))
    except LDAPException:
        return False


def _template(value: str | None) -> str | None:
    if value is not None and HOLDS_IDENTITY not in value:
        raise problem("it must have {identity} in it")
    return value


def _groups(value: Any) -> Any:
    """Accept a JSON object of the groups' names, each with an organisation and a role."""
    if not isinstance(value, str):
        return value
    try:
        read = json.loads(value or "{}")
        return {_group(dn): _place(place) for dn, place in read.items()}
    except (ValueError, AttributeError, TypeError):
        raise problem(
            "it must be a JSON object: a group's DN, and beside it [organisation UUID, role], "
            f"the role one of {', '.join(sorted(GRANTED))}"
        ) from None


def _group(value: str) -> str:
    if not _is_dn(value):
        raise ValueError(value)
    return value


def _place(value: Any) -> tuple[uuid.UUID, str]:
    if not isinstance(value, list) or len(value) != ENTRY_ROLE or value[1] not in GRANTED:
        raise ValueError(value)
    return uuid.UUID(value[0]), value[1]


Attribute = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]*(;[A-Za-z0-9-]+)*$")]
WebAddress = Annotated[str, Field(pattern=r"^https?://[^\s]+$", max_length=500)]
MaybeText = Annotated[str | None, Optional]


class Directory(BaseSettings):
    """How to ask the directory; see docs/directory.md for each variable's meaning.

    `user_dn` names people directly, without a search by `bind_dn` first.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        extra="ignore",
        validate_default=True,
        hide_input_in_errors=True,
    )

    url: Annotated[tuple[str, ...], NoDecode, BeforeValidator(words), AfterValidator(_urls)]
    starttls: Switch = True
    ca_file: Annotated[str | None, Optional, AfterValidator(_existing)] = None
    bind_dn: MaybeText = None
    bind_password: Annotated[MaybeText, Field(repr=False)] = None
    user_dn: Annotated[str | None, Optional, AfterValidator(_template)] = None
    base_dn: Annotated[str, Field(min_length=1), AfterValidator(_dn)]
    user_filter: Annotated[str, AfterValidator(_filter_of_identity)] = (
        "(|(uid={identity})(mail={identity}))"
    )
    id_attribute: Attribute = "entryUUID"
    email_attribute: Attribute = "mail"
    username_attribute: Attribute = "uid"
    name_attribute: Attribute = "cn"
    groups: Annotated[
        dict[str, tuple[uuid.UUID, Literal["Student", "Teacher", "Account Admin"]]],
        NoDecode,
        BeforeValidator(_groups),
    ] = {}
    group_filter: Annotated[str, AfterValidator(_filter_of_groups)] = (
        "(|(member={dn})(uniqueMember={dn})(memberUid={username}))"
    )
    nested_groups_dn: Annotated[str | None, Optional, AfterValidator(_dn)] = None
    timeout: Annotated[float, Field(ge=0.2, le=30)] = 3
    name: Annotated[str, Field(min_length=1, max_length=80)] = "your organisation's directory"
    password_url: Annotated[WebAddress | None, Optional] = None

    @property
    def filter_of_anybody(self) -> str:
        """Return what is true of whoever is found by some name: who is disabled may be left out."""
        return re.sub(r"\**\{identity\}\**", "*", self.user_filter)

    @model_validator(mode="after")
    def _whole(self) -> "Directory":
        if bool(self.bind_dn) != bool(self.bind_password):
            raise problem("its BIND_DN and BIND_PASSWORD belong together")
        if not self.starttls and any(map(_in_clear, self.url)):
            raise problem(
                "without STARTTLS passwords would cross the network in clear: "
                "use ldaps://, or ldap:// to this machine alone"
            )
        return self


def directory_from_environment() -> Directory | None:
    """Read the settings of the directory; None where there is none. Raises ValidationError."""
    if not os.environ.get(f"{PREFIX}URL"):
        return None
    return Directory.model_validate({})


def _in_clear(url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme == "ldaps":
        return False
    try:
        return not ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.hostname != "localhost"
