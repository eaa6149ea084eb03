"""What settings can be.

Each function returns a value in the form to keep, or raises `problem` with what is wrong with it.
"""

from typing import Annotated, Any
from urllib.parse import SplitResult, parse_qs, urlsplit

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

SHORTEST_KEY = 32  # characters; RFC 7518 section 3.2 asks for 256 bits
FEWEST_CHARACTERS = 8  # different ones; less is a pattern, not a key
SMTP_OPTIONS = {"starttls", "ca_file"}  # a mistyped one must not mean "no TLS"
DEFAULT_PORTS = {"http": 80, "https": 443}
KNOWN_SAMPLES = {"change-me", "secret", "dev", "development", "password"}


def problem(sentence: str) -> PydanticCustomError:
    """Return what to raise for a value that cannot be meant."""
    return PydanticCustomError("setting", "{sentence}", {"sentence": sentence})


def good_keys(value: str) -> str:
    """Accept keys that nobody guesses, separated by commas."""
    for key in value.split(","):
        if (
            len(key) < SHORTEST_KEY
            or key.lower() in KNOWN_SAMPLES
            or len(set(key)) < FEWEST_CHARACTERS
        ):
            raise problem(f"each key needs at least {SHORTEST_KEY} random characters")
    return value


def base_url(value: str) -> str:
    """Accept the portal's address; return it as browsers write it, who compare it with theirs."""
    parts = urlsplit(value)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or parts.query:
        raise problem("it must look like https://accounts.example.org")
    if parts.path.rstrip("/") or parts.fragment or parts.username is not None:
        raise problem("it must be an address without a path")
    return f"{parts.scheme}://{_host(parts)}"


def _host(parts: SplitResult) -> str:
    try:
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError:
        raise problem("it must have a host and a port that can be") from None
    host = f"[{host}]" if ":" in host else host
    return host if port in {None, DEFAULT_PORTS[parts.scheme]} else f"{host}:{port}"


def smtp_url(value: str | None) -> str | None:
    """Accept the address of a mail server."""
    if value is None:
        return None
    parts = urlsplit(value)
    try:
        known = parts.scheme in {"smtp", "smtps"} and parts.hostname and (parts.port or 1)
    except ValueError:
        known = None
    unknown_options = parse_qs(parts.query).keys() - SMTP_OPTIONS
    if not known or unknown_options:
        raise problem("it must look like smtp://user:password@host:587?starttls=1")
    return value


def database_url(value: str) -> str:
    """Accept the address of a database that the portal knows."""
    if not value.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise problem("it must start with sqlite:/// or postgresql+psycopg://")
    return value


def redis_url(value: str | None) -> str | None:
    """Accept the address of a Redis."""
    if value is not None and not value.startswith(("redis://", "rediss://", "unix://")):
        raise problem("it must start with redis:// or rediss://")
    return value


def switch(value: Any) -> Any:
    """Accept on and off."""
    if isinstance(value, str) and value.lower() in {"on", "off", "1", "0"}:
        return value.lower() in {"on", "1"}
    if isinstance(value, bool):
        return value
    raise problem("it must be on or off")


def blank_is_none(value: Any) -> Any:
    """Take an empty variable for one that is not set."""
    return None if value == "" else value


def words(value: Any) -> Any:
    """Accept words between blanks or commas."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


Switch = Annotated[bool, BeforeValidator(switch)]
Optional = BeforeValidator(blank_is_none)
