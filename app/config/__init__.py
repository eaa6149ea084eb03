"""Settings: what differs between deployments, and nothing else.

They are environment variables named DOORWARD_…, read once when the process starts. A
wrong value stops the start with a sentence that names its variable.
"""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.config import kinds
from app.config.directory import PREFIX as DIRECTORY_PREFIX
from app.config.directory import Directory, directory_from_environment
from app.config.kinds import Optional, Switch

PREFIX = "DOORWARD_"
CHECKOUT = Path(__file__).resolve().parent.parent.parent
INSTANCE = (CHECKOUT if (CHECKOUT / "wsgi.py").is_file() else Path.cwd()) / "instance"

Read = TypeVar("Read")


class WrongSetting(Exception):
    """A DOORWARD_ variable has a value that cannot be meant; says which and why."""


class Settings(BaseSettings):
    """One deployment's settings; see docs/settings.md for each variable's meaning."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        extra="ignore",
        validate_default=True,
        hide_input_in_errors=True,
    )

    secret_key: Annotated[str, AfterValidator(kinds.good_keys)]
    database_url: Annotated[str, AfterValidator(kinds.database_url)] = (
        f"sqlite:///{INSTANCE / 'doorward.sqlite'}"
    )
    redis_url: Annotated[str | None, Optional, AfterValidator(kinds.redis_url)] = None
    smtp_url: Annotated[str | None, Optional, AfterValidator(kinds.smtp_url)] = None
    mail_from: Annotated[str, Field(min_length=3, pattern=r"^[^\r\n]*@[^\r\n]*$")] = (
        "Doorward <no-reply@localhost>"
    )
    base_url: Annotated[str, AfterValidator(kinds.base_url)] = "http://localhost:8000"
    trusted_proxies: Annotated[int, Field(ge=0, le=10)] = 0
    hide_accounts: Switch = False
    password_min_length: Annotated[Annotated[int, Field(ge=6, le=128)] | None, Optional] = None
    registration: Literal["open", "invited"] = "open"
    jwt_algorithm: Literal["ES256", "RS256", "EdDSA"] = "ES256"
    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(kinds.words)] = ()
    outbox: Literal["thread", "worker"] = "thread"
    rate_limits: Switch = True
    impersonation: Switch = True
    audit_days: Annotated[Annotated[int, Field(ge=1, le=36_500)] | None, Optional] = None
    demo: Switch = False
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    directory: Directory | None = None  # DOORWARD_LDAP_…, read by themselves

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
    wrong: list[str] = []
    directory = _read(DIRECTORY_PREFIX, directory_from_environment, wrong)
    known = {**_key_if_none_is_set(), "directory": directory}
    settings = _read(PREFIX, lambda: Settings.model_validate(known), wrong)
    if settings is None or wrong:
        raise WrongSetting("\n".join(wrong))
    if settings.workers > 1 and settings.redis_url is None:
        raise WrongSetting(
            f"{PREFIX}REDIS_URL is missing: more than one worker ({PREFIX}WORKERS="
            f"{settings.workers}) can only share its rate limits through Redis."
        )
    return settings


def _read(prefix: str, reading: Callable[[], Read], wrong: list[str]) -> Read | None:
    try:
        return reading()
    except ValidationError as error:
        wrong += [_sentence(prefix, each) for each in error.errors()]
        return None


def _sentence(prefix: str, error: Any) -> str:
    variable = prefix + (str(error["loc"][0]).upper() if error["loc"] else "…")
    return f"{variable} has a wrong value: {error['msg'][0].lower()}{error['msg'][1:]}."


def _key_if_none_is_set() -> dict[str, Any]:
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
