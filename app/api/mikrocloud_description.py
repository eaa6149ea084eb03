"""What contract 000 (MikroCloud) takes, and what it says of its routes."""

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from app.api import body
from app.api.description import Answer, Operation

TYPES = body.JSON | body.FORM | body.MULTIPART
SCAN = "Scan the QR code and send its first code"
LOCKED = "Too many login attempts. Please try again in 900 seconds."

Filled = Annotated[str, StringConstraints(min_length=1)]
FilledLine = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class Credentials(BaseModel):
    """Who signs in."""

    email: FilledLine = Field(description="The e-mail address, or the username")
    password: Filled = Field(description="The password")


class Passport(BaseModel):
    """The token of /user/login, and the one-time password where a second factor is due."""

    totp: str | None = Field(
        default=None, description="The code of the authenticator app, or the PIN that was mailed"
    )
    token: FilledLine = Field(description="The token that /user/login answered")


def _says(status: int, when: str, message: str) -> Answer:
    headers = {"Retry-After": "60"} if status in {429, 503} else {}
    return Answer(status, when, {"message": message}, headers=headers)


def _required(field: str) -> Answer:
    sentence = f"The {field} field is required."
    example = {"message": sentence, "errors": {field: [sentence]}}
    return Answer(422, "A field is missing, or is no text", example)


_TOKEN, _BEARER = "eyJp....ifQ==", "RjhVb.......sqGRs="  # the document's own
_ANYWHERE = (
    _says(413, "The body is larger than 16 KiB", "The POST data is too large."),
    _says(500, "Something broke, and was logged", "Server Error"),
    _says(503, "The portal has too much to do just now", "Service Unavailable"),
)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "POST",
        "/user/login",
        "Check an e-mail address and a password",
        (
            Answer(
                200,
                "The password is right",
                {
                    "mfa_enabled": False,
                    "mfa_verified": False,
                    "mfa_svg": None,
                    "message": "Login was successful",
                    "token": _TOKEN,
                },
            ),
            _says(401, "The e-mail address or the password is wrong", "Invalid email or password"),
            _says(401, "Too many wrong tries", LOCKED),
            _required("email"),
            _says(
                429,
                "Too many tries from this network, or too many PINs mailed",
                "Too Many Attempts.",
            ),
            *_ANYWHERE,
        ),
        body=Credentials,
        types=tuple(sorted(TYPES)),
        example={"email": "john@acme.com", "password": "SDf345FCe"},
        description=(
            "`mfa_enabled` says that a second factor is due, `mfa_verified` that the person has "
            "one: an authenticator app, or a PIN that was just mailed. `mfa_svg` is the QR code "
            "for whoever has to set up an app and has no address that a PIN could go to."
        ),
    ),
    Operation(
        "POST",
        "/user/passport",
        "Trade the token for a bearer",
        (
            Answer(200, "Signed in", {"message": "Login Successful", "auth_token": _BEARER}),
            _says(401, "The token is unknown, expired or already exchanged", "Invalid token"),
            _says(
                401, "The one-time password is missing, wrong or used", "Invalid one-time password"
            ),
            Answer(
                401,
                "The PIN is right, and an authenticator app has to be set up",
                {"message": SCAN, "mfa_svg": "<svg…"},
            ),
            _required("token"),
            _says(429, "Too many wrong one-time passwords", "Too Many Attempts."),
            *_ANYWHERE,
        ),
        body=Passport,
        types=tuple(sorted(TYPES)),
        example={"totp": None, "token": _TOKEN},
        description=(
            "`totp` is the code of the authenticator app, or the PIN that /user/login mailed; null "
            "where no second factor is due. The bearer goes into `Authorization: Bearer …`."
        ),
    ),
)
