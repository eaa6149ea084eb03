"""What clients of contract 001 (Rocket.Chat) send."""

import re
from typing import Annotated, TypeVar

from flask import request
from pydantic import BaseModel, ConfigDict, Field

from app.api import body
from app.api.body import BadBody

TYPES = body.JSON | body.FORM
IN_TWO_GROUPS = re.compile(r"([0-9]{3})[- ]([0-9]{3})", re.ASCII)  # as the original's mail shows it

M = TypeVar("M", bound=BaseModel)


class Named(BaseModel):
    """An account, by one of its names."""

    model_config = ConfigDict(strict=True)

    username: Annotated[str | None, Field(description="A username, or an address")] = None
    email: Annotated[str | None, Field(description="An address")] = None


class HashedPassword(BaseModel):
    """Meteor's form of a password; no password is kept so that it could be compared with it."""

    model_config = ConfigDict(strict=True)

    digest: str
    algorithm: str


class Login(Named):
    """Who signs in: `user` and `password`, or `resume` alone."""

    user: Annotated[str | Named | None, Field(description="Your user name or email.")] = None
    password: Annotated[
        str | HashedPassword | None, Field(description="Your password. Its digest opens nothing.")
    ] = None
    resume: Annotated[str | None, Field(description="Your previously issued authToken.")] = None
    code: Annotated[
        str | int | None,
        Field(description="The 2FA code, if your account has two-factor authentication enabled."),
    ] = None

    @property
    def identity(self) -> str | None:
        """What the client calls the account, in whichever of its spellings."""
        if isinstance(self.user, str) and self.user:
            return self.user
        named = self.user if isinstance(self.user, Named) else self
        return named.username or named.email


class CodeRequest(BaseModel):
    """Whose PIN is to be mailed once more."""

    model_config = ConfigDict(strict=True)

    emailOrUsername: str | None = None  # noqa: N815 (the original's spelling)


class ForgottenPassword(BaseModel):
    """Who forgot the password."""

    model_config = ConfigDict(strict=True)

    email: str | None = None


def read(model: type[M]) -> M:
    """Return the request's body; one that cannot be read counts as empty, as in the original."""
    try:
        return body.read(model, TYPES)
    except BadBody:
        return model()


def code_in_headers() -> str:
    """Return the second factor's answer in the headers that clients send it again with."""
    return request.headers.get("X-2fa-Code", "").strip()


def code_sent(sent: Login) -> str:
    """Return the second factor's answer, "" if there is none. A number lost its leading zeros."""
    if isinstance(sent.code, int):
        return f"{sent.code:06d}"
    return sent.code or code_in_headers()


def digits_of_pin(code: str) -> str:
    """Return a PIN without the one hyphen or blank between its groups."""
    return IN_TWO_GROUPS.sub(r"\1\2", code) if IN_TWO_GROUPS.fullmatch(code) else code
