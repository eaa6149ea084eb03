"""What contract 002 takes, and what it says of its one route."""

from typing import Annotated

from pydantic import AliasChoices, BaseModel, Field, StringConstraints

from app.api import body
from app.api.description import Answer, Operation

TYPES = body.FORM | body.MULTIPART
LATER = {"Retry-After": "60"}
PIN_SENT = "A PIN was sent by e-mail: send it as otp, together with mfa_token"

Filled = Annotated[str, StringConstraints(min_length=1)]
OTP = AliasChoices("otp", "totp", "code")


class Credentials(BaseModel):
    """The form. What OAuth clients send besides (scope, client_id, client_secret) is ignored."""

    username: Filled = Field(description="The username or the e-mail address")
    password: Filled = Field(description="The password")
    otp: str = Field(
        default="", validation_alias=OTP, description="The authenticator app's code, if one is due"
    )


class Answered(BaseModel):
    """The second factor of a sign-in that was answered `mfa_required`; username and password go."""

    mfa_token: Filled = Field(description="What the sign-in was answered with")
    otp: Filled = Field(validation_alias=OTP, description="The code, or the PIN that was mailed")


def _says(status: int, error: str, detail: str, when: str) -> Answer:
    headers = {401: {"WWW-Authenticate": "Bearer"}, 429: LATER, 503: LATER}.get(status, {})
    told = {"detail": detail, "error": error, "error_description": detail}
    return Answer(status, when, told, headers=headers)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "POST",
        "/auth/login",
        "Obtain an access token",
        (
            Answer(
                200,
                "Signed in",
                {"access_token": "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.…", "token_type": "bearer"},
                headers={"Cache-Control": "no-store", "Pragma": "no-cache"},
            ),
            _says(
                400,
                "unsupported_grant_type",
                "Only grant_type=password is supported",
                "Another grant type is asked for",
            ),
            _says(
                401, "invalid_grant", "Incorrect username or password", "One of the two is wrong"
            ),
            _says(
                401,
                "invalid_grant",
                "Too many failed sign-ins. Try again in 60 seconds.",
                "Too many wrong tries",
            ),
            Answer(
                401,
                "The password is right, and a second factor is due",
                {
                    "error": "mfa_required",
                    "detail": PIN_SENT,
                    "mfa_token": "2f1b0e3c-6a51-4c55-9d0f-0f6c2b7d9a10",
                },
                headers={"WWW-Authenticate": "Bearer"},
            ),
            _says(
                401,
                "mfa_required",
                "Set up an authenticator app first, on the sign-in page",
                "The password is right, and no app is set up yet",
            ),
            _says(401, "invalid_grant", "Invalid one-time password", "It is wrong or used"),
            _says(
                401,
                "invalid_grant",
                "Invalid or expired mfa_token",
                "It is unknown, expired or used",
            ),
            _says(
                413, "invalid_request", "Request Entity Too Large", "The body is larger than 16 KiB"
            ),
            Answer(
                422,
                "A field is missing",
                {
                    "detail": [
                        {
                            "type": "missing",
                            "loc": ["body", "password"],
                            "msg": "Field required",
                            "input": None,
                        }
                    ],
                    "error": "invalid_request",
                    "error_description": "Missing or not usable: password",
                },
            ),
            _says(
                429,
                "temporarily_unavailable",
                "Too many requests. Try again in 60 seconds.",
                "Too many calls, tries, wrong codes or mailed PINs",
            ),
            _says(500, "server_error", "Internal Server Error", "Something broke, and was logged"),
            _says(
                503,
                "temporarily_unavailable",
                "Service Unavailable",
                "The portal has too much to do just now",
            ),
        ),
        body=Credentials,
        types=tuple(sorted(TYPES)),
        example={"username": "user@example.com", "password": "secretpassword"},
        description=(
            "The fields of OAuth's password grant (`grant_type=password`, `scope`, `client_id`, "
            "`client_secret`, or a Basic header) may be sent and say nothing. Where a second "
            "factor is due, send `otp` (or `totp`, or `code`): the authenticator app's code beside "
            "the password, or the code or mailed PIN with the `mfa_token` of the first answer in "
            "place of username and password."
        ),
    ),
)
