"""Settings: what differs between deployments, and nothing else.

They are environment variables named DOORWARD_…, read once when the process starts. A
wrong value stops the start with a sentence that names its variable.
"""

import os
import secrets
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "DOORWARD_"
CHECKOUT = Path(__file__).resolve().parent.parent
INSTANCE = (CHECKOUT if (CHECKOUT / "wsgi.py").is_file() else Path.cwd()) / "instance"
SHORTEST_KEY = 32  # characters; RFC 7518 section 3.2 asks for 256 bits
FEWEST_CHARACTERS = 8  # different ones; less is a pattern, not a key
SMTP_OPTIONS = {"starttls", "ca_file"}  # a mistyped one must not mean "no TLS"
KNOWN_SAMPLES = {"change-me", "secret", "dev", "development", "password"}


class WrongSetting(Exception):
    """A DOORWARD_ variable has a value that cannot be meant; says which and why."""


def _problem(sentence: str) -> PydanticCustomError:
    return PydanticCustomError("setting", "{sentence}", {"sentence": sentence})


def _good_keys(value: str) -> str:
    for key in value.split(","):
        if (
            len(key) < SHORTEST_KEY
            or key.lower() in KNOWN_SAMPLES
            or len(set(key)) < FEWEST_CHARACTERS
        ):
            raise _problem(f"each key needs at least {SHORTEST_KEY} random characters")
    return value


def _base_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
        raise _problem("it must look like https://accounts.example.org")
    if parts.path.rstrip("/") or parts.fragment:
        raise _problem("it must be an address without a path")
    return value.rstrip("/")


def _smtp_url(value: str | None) -> str | None:
    if value is None:
        return None
    parts = urlsplit(value)
    try:
        known = parts.scheme in {"smtp", "smtps"} and parts.hostname and (parts.port or 1)
    except ValueError:
        known = None
    unknown_options = parse_qs(parts.query).keys() - SMTP_OPTIONS
    if not known or unknown_options:
        raise _problem("it must look like smtp://user:password@host:587?starttls=1")
    return value


def _database_url(value: str) -> str:
    if not value.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise _problem("it must start with sqlite:/// or postgresql+psycopg://")
    return value


def _redis_url(value: str | None) -> str | None:
    if value is not None and not value.startswith(("redis://", "rediss://", "unix://")):
        raise _problem("it must start with redis:// or rediss://")
    return value


def _switch(value: Any) -> Any:
    if isinstance(value, str) and value.lower() in {"on", "off", "1", "0"}:
        return value.lower() in {"on", "1"}
    if isinstance(value, bool):
        return value
    raise _problem("it must be on or off")


def _blank_is_none(value: Any) -> Any:
    return None if value == "" else value


def _words(value: Any) -> Any:
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


Switch = Annotated[bool, BeforeValidator(_switch)]
Optional = BeforeValidator(_blank_is_none)


class Settings(BaseSettings):
    """One deployment's settings; see docs/settings.md for each variable's meaning."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        extra="ignore",
        validate_default=True,
        hide_input_in_errors=True,
    )

    secret_key: Annotated[str, AfterValidator(_good_keys)]
    database_url: Annotated[str, AfterValidator(_database_url)] = (
        f"sqlite:///{INSTANCE / 'doorward.sqlite'}"
    )
    redis_url: Annotated[str | None, Optional, AfterValidator(_redis_url)] = None
    smtp_url: Annotated[str | None, Optional, AfterValidator(_smtp_url)] = None
    mail_from: Annotated[str, Field(min_length=3, pattern=r"^[^\r\n]*@[^\r\n]*$")] = (
        "Doorward <no-reply@localhost>"
    )
    base_url: Annotated[str, AfterValidator(_base_url)] = "http://localhost:8000"
    trusted_proxies: Annotated[int, Field(ge=0, le=10)] = 0
    hide_accounts: Switch = False
    password_min_length: Annotated[Annotated[int, Field(ge=6, le=128)] | None, Optional] = None
    registration: Literal["open", "invited"] = "open"
    jwt_algorithm: Literal["ES256", "RS256", "EdDSA"] = "ES256"
    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)] = ()
    outbox: Literal["thread", "worker"] = "thread"
    rate_limits: Switch = True
    audit_days: Annotated[Annotated[int, Field(ge=1, le=36_500)] | None, Optional] = None
    demo: Switch = False
    workers: Annotated[int, Field(ge=1, le=64)] = 1

    @property
    def secret_keys(self) -> tuple[bytes, ...]:
        """The first signs and seals; every one verifies and opens."""
        return tuple(key.encode() for key in self.secret_key.split(","))

    @property
    def https(self) -> bool:
        """Tell whether people reach the portal over TLS (cookies are Secure then)."""
        return self.base_url.startswith("https://")


def from_environment() -> Settings:
    """Read the settings; raise WrongSetting with one sentence for each wrong one."""
    try:
        settings = Settings.model_validate(_key_if_none_is_set())
    except ValidationError as error:
        raise WrongSetting("\n".join(_sentence(each) for each in error.errors())) from None
    if settings.workers > 1 and settings.redis_url is None:
        raise WrongSetting(
            f"{PREFIX}REDIS_URL is missing: more than one worker ({PREFIX}WORKERS="
            f"{settings.workers}) can only share its rate limits through Redis."
        )
    return settings


def _sentence(error: Any) -> str:
    variable = PREFIX + str(error["loc"][0]).upper()
    return f"{variable} has a wrong value: {error['msg'][0].lower()}{error['msg'][1:]}."


def _key_if_none_is_set() -> dict[str, str]:
    """Keep a key of our own in `instance/` where the environment names none."""
    return {} if os.environ.get(PREFIX + "SECRET_KEY") else {"secret_key": _kept_key()}


def _kept_key() -> str:
    kept = INSTANCE / "secret_key"
    if not kept.exists():
        INSTANCE.mkdir(mode=0o700, exist_ok=True)
        _write_once(kept, secrets.token_urlsafe(48))
    if kept.stat().st_mode & 0o077:
        raise WrongSetting(f"{kept} can be read by others: chmod 600 it, then start again.")
    return kept.read_text().strip()


def _write_once(path: Path, text: str) -> None:
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        return  # another process was first; its key is as good
    path.write_text(text)


_settings: list[Settings] = []


def use(settings: Settings) -> None:
    """Make `settings` this process's; the factory calls it before all else."""
    _settings[:] = [settings]


def current() -> Settings:
    """Return this process's settings."""
    return _settings[0]
