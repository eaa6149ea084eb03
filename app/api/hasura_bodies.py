"""Contract 004's bodies, and the words of its original's validator (Joi 17) for what is wrong."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from app.api.body import FieldProblem
from app.errors import InvalidAddress
from app.security.identities import address_key

LEAST = 6  # characters of a password, as the document promises
MOST = 128
CODE_LENGTH = 6
GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")

WORDS = {
    "missing": '"{field}" is required',
    "extra_forbidden": '"{field}" is not allowed',
    "string_type": '"{field}" must be a string',
    "bool_type": '"{field}" must be a boolean',
    "address": '"{field}" must be a valid email',
    "guid": '"{field}" must be a valid GUID',
    "length": '"{field}" length must be {length} characters long',
    "string_too_short": '"{field}" length must be at least {min_length} characters long',
    "string_too_long": (
        '"{field}" length must be less than or equal to {max_length} characters long'
    ),
}
EMPTY = '"{field}" is not allowed to be empty'


def sentence(problem: FieldProblem) -> str:
    """Return what the original's validator says of a problem."""
    if problem.value == "" and problem.kind != "extra_forbidden":
        return EMPTY.format(field=problem.field)
    return WORDS[problem.kind].format(field=problem.field, **problem.context)


def guid(text: str) -> str:
    """Return a version 4 UUID in small letters, or raise what Joi would."""
    if not GUID.fullmatch(text.lower()):
        raise PydanticCustomError("guid", "not a version 4 UUID")
    return text.lower()


def _address(text: str) -> str:
    try:
        address_key(text)
    except InvalidAddress:
        raise PydanticCustomError("address", "not an e-mail address") from None
    return text


def _code(text: str) -> str:
    if len(text) != CODE_LENGTH:
        raise PydanticCustomError("length", "not six characters", {"length": CODE_LENGTH})
    return text


Address = Annotated[str, AfterValidator(_address), Field(json_schema_extra={"format": "email"})]
NewOrOld = Annotated[str, Field(min_length=LEAST, max_length=MOST)]
Ticket = Annotated[str, AfterValidator(guid), Field(json_schema_extra={"format": "uuid"})]
Code = Annotated[
    str,
    AfterValidator(_code),
    Field(json_schema_extra={"minLength": CODE_LENGTH, "maxLength": CODE_LENGTH}),
]


class _Body(BaseModel):
    """Knows its keys and takes no others; text is not made of numbers."""

    model_config = ConfigDict(extra="forbid", strict=True)


class AddressBody(_Body):
    """Asks for a ticket to set a password with."""

    email: Address


class LoginBody(_Body):
    """An address and its password. `cookie: false` asks for the refresh token in the answer."""

    email: Address
    password: NewOrOld
    cookie: bool = True


class RegisterBody(_Body):
    """A new account. The last three are later clients', read and ignored."""

    email: Address
    password: NewOrOld
    cookie: Any = None
    user_data: Any = None
    register_options: Any = None


class TicketBody(_Body):
    """A ticket that was mailed."""

    ticket: Ticket


class ForgotBody(_Body):
    """A ticket that was mailed, and the password to set."""

    ticket: Ticket
    new_password: NewOrOld


class ChangeBody(_Body):
    """The password of now, and the one to set."""

    old_password: NewOrOld
    new_password: NewOrOld


class ResetBody(_Body):
    """Either of the two above: with a ticket there is no need of the old password."""

    ticket: Ticket | None = None
    old_password: NewOrOld | None = None
    new_password: NewOrOld


class CodeBody(_Body):
    """A code from the authenticator app."""

    code: Code


class TotpBody(_Body):
    """A code, or a mailed PIN, and the ticket that signing in answered with."""

    code: Code
    ticket: Ticket
    cookie: bool = True


class LogoutBody(_Body):
    """Whether to end all sessions of this interface, or this one."""

    all: bool = False
