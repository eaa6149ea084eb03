"""What contract 003 (InteDashboard) is sent, and what it says where that is wrong.

JSON and forms alike, as its original takes them. Where it has two spellings of a complaint ("The
identity field is required.", "The login token is required."), each field has its document's.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, Field, StringConstraints, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from app.api import body
from app.api.body import FORM, JSON, BadBody, FieldProblem

TYPES = JSON | FORM

Filled = Annotated[str, StringConstraints(min_length=1)]
Trimmed = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
M = TypeVar("M", bound=BaseModel)


class Credentials(BaseModel):
    """Of /auth/sign-in-verify."""

    identity: Trimmed = Field(description="Email/identity of the user.")
    password: Filled = Field(description="Password of the user.")


class ChosenRole(BaseModel):
    """Of /auth/sign-in. Whether a factor is due is ours to know: what the client says is unread."""

    is_2fa_enabled: Any = Field(
        default=None,
        alias="is2FAEnabled",
        description="Accepted and ignored: the organisation and the account decide.",
    )
    login_token: Trimmed = Field(
        alias="loginToken", description="Token of the selected account role."
    )


class Answered(BaseModel):
    """Of /auth/sign-in-with-2fa."""

    login_token: Trimmed = Field(
        alias="loginToken", description="Token of the selected account role."
    )
    pin: Filled = Field(description="Pin sent to the email of the user, or the app's code.")


class Waiting(BaseModel):
    """Of /auth/resend-2fa."""

    login_token: Trimmed = Field(
        alias="loginToken", description="Token of the selected account role."
    )


class Forgotten(BaseModel):
    """Of /password/send-token."""

    email: Trimmed = Field(description="Email of the user.")


class NewPassword(BaseModel):
    """Of /password/reset and /password/verify."""

    means: Literal["token", "verify"] = Field(
        description="`token` for one that resets, `verify` for one that activates."
    )
    token: Trimmed = Field(description="Token sent to the email.")
    password: Filled
    password_confirmation: Filled

    @field_validator("password_confirmation")
    @classmethod
    def _is_the_same(cls, value: str, info: ValidationInfo) -> str:
        if value != info.data.get("password", value):
            raise PydanticCustomError("confirmed", "differs from the password")
        return value


REQUIRED = {
    "loginToken": "The login token is required.",
    "pin": "The pin is required.",
    "email": "The email is required.",
}
WRONG = {
    "literal_error": "The selected {name} is invalid.",
    "confirmed": "The password confirmation does not match.",
    "duplicate": "The {name} field has a duplicate value.",
}
NAMES = {"loginToken": "login token", "password_confirmation": "password confirmation"}
SHOWN_AT = {"confirmed": "password"}  # where the original shows what another field has wrong


def read(model: type[M]) -> M:
    """Return the request's body, or raise BadBody; what is no object at all counts as empty."""
    try:
        return body.read(model, TYPES)
    except BadBody as bad:
        raise bad if bad.problems else BadBody(all_missing(model)) from None


def complaints(problems: Iterable[FieldProblem]) -> dict[str, list[str]]:
    """Return what is wrong with each field, in the original's words."""
    found: dict[str, list[str]] = {}
    for problem in problems:
        field = SHOWN_AT.get(problem.kind, problem.field)
        found.setdefault(field, []).append(_complaint(problem))
    return found


def all_missing(model: type[BaseModel]) -> list[FieldProblem]:
    """Return what is wrong with nothing at all."""
    fields = model.model_fields.items()
    needed = [field.alias or name for name, field in fields if field.is_required()]
    return [FieldProblem(name, "missing", {}, None) for name in needed]


def _complaint(problem: FieldProblem) -> str:
    name = NAMES.get(problem.field, problem.field)
    empty = problem.value in (None, "") and problem.kind not in {"duplicate", "confirmed"}
    if empty or problem.kind in {"missing", "string_too_short"}:
        return REQUIRED.get(problem.field, f"The {name} field is required.")
    return WRONG.get(problem.kind, "The {name} must be a string.").format(name=name)
