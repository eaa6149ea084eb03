"""What contract 004 says of its routes: the document's examples, and every error."""

from typing import Any

from app.api.description import Answer, Operation
from app.api.hasura_answers import PHRASES
from app.api.hasura_bodies import (
    AddressBody,
    ChangeBody,
    CodeBody,
    ForgotBody,
    LoginBody,
    LogoutBody,
    RegisterBody,
    ResetBody,
    TicketBody,
    TotpBody,
)

ACCOUNT = {"email": "hello@example.com", "password": "between 6-128 characters"}
TICKET = {"ticket": "0175b2e2-b6b5-4d3f-a5db-5b2d4bfc2ce7"}
FORGOT = {
    "ticket": "6a135423-85c8-4c99-b9ca-3a0108202255",
    "new_password": "between 6-128 characters",
}
TOTP = {"code": "364124", "ticket": "259878d6-87be-4729-a3cc-53548f7ff72c"}
JSON = "application/json; charset=utf-8"
COOKIE = "refresh_token=<uuid>; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax"


def _no(status: int, message: str, when: str) -> Answer:
    body: dict[str, Any] = {"statusCode": status, "error": PHRASES[status], "message": message}
    waits = {"Retry-After": "900"} if status in {429, 503} else {}
    return Answer(status, when, body, JSON, waits)


DONE = Answer(204, "Done; no body.")
TOKENS = Answer(
    200,
    "Signed in. With `cookie: false` there is no cookie, and `refresh_token` and `user` stand in "
    "the answer.",
    {"jwt_token": "...", "jwt_expires_in": 900000},
    JSON,
    {"Set-Cookie": COOKIE},
)
RENEWED = Answer(
    200,
    "The next refresh token; the old one is answered alike for ten seconds more.",
    {"jwt_token": "...", "jwt_expires_in": 900000},
    JSON,
    {"Set-Cookie": COOKIE},
)
MFA = Answer(
    200,
    "A second factor is due: take the ticket to /auth/mfa/totp.",
    {"mfa": True, "ticket": "259878d6-87be-4729-a3cc-53548f7ff72c"},
    JSON,
)
BAD = _no(400, '"email" is required', "The body is not as documented; names the first problem.")
MALFORMED = Answer(
    400, "The body is no JSON object.", {"statusCode": 400, "error": "Bad Request"}, JSON
)
WEAK = _no(400, "Password is too weak.", "The password is common, or made of the address.")
TAKEN = _no(400, "account already exists", "The address has an account.")
UNKNOWN = _no(400, "Account does not exist.", "No account has this address.")
INACTIVE = _no(400, "Account is not activated.", "The address is not confirmed yet.")
NO_MATCH = _no(401, "Password does not match.", "The password is wrong.")
NO_TICKET = _no(401, "Invalid or expired ticket.", "The ticket is unknown, used or too old.")
NO_JWT = _no(401, "Invalid or expired JWT token.", "No bearer, or one that opens nothing.")
NO_REFRESH = _no(401, "Invalid or expired refresh token.", "No token, or one that is used up.")
AGAIN = _no(401, "Recent sign-in required.", "The sign-in is more than ten minutes ago.")
WRONG_CODE = _no(401, "Invalid two-factor code.", "The code is wrong, old or used.")
WRONG_OLD = _no(401, "Incorrect current password.", "The old password is wrong.")
MFA_ON = _no(400, "MFA is already enabled.", "The account has an authenticator app.")
MFA_OFF = _no(400, "MFA is already disabled.", "The account has no authenticator app.")
NO_MFA = _no(400, "MFA is not enabled.", "An authenticator app has to be set up on a page.")
NO_SECRET = _no(400, "OTP secret is not set.", "No secret was generated.")
CLOSED = _no(403, "Registration is closed.", "People join by invitation only.")
LAST = _no(403, "The last superuser cannot be removed.", "Nobody else is a superuser.")
LAST_THERE = _no(
    403,
    "The last administrator of an organisation cannot be removed.",
    "Nobody else administers an organisation that the account does.",
)
LIMITED = _no(429, "You are being rate limited.", "Too many calls, or too many wrong tries.")
BUSY = _no(503, "Service Unavailable", "Too much to do just now.")

SETS_PASSWORD = (DONE, BAD, MALFORMED, WEAK, LIMITED, BUSY)
CHANGES = (AGAIN, LIMITED, BUSY)

OPERATIONS = (
    Operation(
        "POST",
        "/auth/register",
        "Account registration",
        (DONE, BAD, MALFORMED, TAKEN, WEAK, CLOSED, LIMITED, BUSY),
        RegisterBody,
        example=ACCOUNT,
    ),
    Operation(
        "POST",
        "/auth/login",
        "Account login",
        (TOKENS, MFA, BAD, MALFORMED, UNKNOWN, INACTIVE, NO_MATCH, LIMITED, BUSY),
        LoginBody,
        example=ACCOUNT,
    ),
    Operation(
        "POST",
        "/auth/account/activate",
        "Account activation",
        (DONE, BAD, MALFORMED, NO_TICKET, LIMITED, BUSY),
        TicketBody,
        example=TICKET,
    ),
    Operation(
        "POST",
        "/auth/account/forgot",
        "Forgotten password",
        (*SETS_PASSWORD, NO_TICKET),
        ForgotBody,
        example=FORGOT,
    ),
    Operation(
        "POST",
        "/auth/account/remove",
        "Remove account",
        (DONE, NO_JWT, LAST, LAST_THERE, *CHANGES),
        secured=True,
    ),
    Operation(
        "POST",
        "/auth/token/refresh",
        "Refresh token",
        (RENEWED, NO_REFRESH, LIMITED, BUSY),
        description="The refresh token stands in the cookie `refresh_token`.",
    ),
    Operation(
        "POST",
        "/auth/token/revoke",
        "Revoke token",
        (DONE, NO_JWT, AGAIN, LIMITED, BUSY),
        secured=True,
        description="Ends every session that was opened through this contract.",
    ),
    Operation(
        "POST",
        "/auth/mfa/generate",
        "Generate MFA QR code",
        (
            Answer(200, "A new secret.", {"image_url": "...", "otp_secret": "..."}, JSON),
            NO_JWT,
            MFA_ON,
            *CHANGES,
        ),
        secured=True,
    ),
    Operation(
        "POST",
        "/auth/mfa/enable",
        "Enable MFA",
        (DONE, BAD, MALFORMED, NO_JWT, AGAIN, MFA_ON, NO_SECRET, WRONG_CODE, LIMITED, BUSY),
        CodeBody,
        example={"code": "892723"},
        secured=True,
    ),
    Operation(
        "POST",
        "/auth/mfa/disable",
        "Disable MFA",
        (DONE, BAD, MALFORMED, NO_JWT, MFA_OFF, WRONG_CODE, *CHANGES),
        CodeBody,
        example={"code": "109509"},
        secured=True,
    ),
    Operation(
        "POST",
        "/auth/mfa/totp",
        "TOTP",
        (TOKENS, BAD, MALFORMED, NO_TICKET, NO_MFA, NO_SECRET, WRONG_CODE, LIMITED, BUSY),
        TotpBody,
        example=TOTP,
    ),
    Operation("GET", "/healthz", "Health Check", (Answer(200, "It answers.", "OK", "text/html"),)),
    Operation(
        "GET",
        "/auth/jwks",
        "The public keys that the tokens are verified with",
        (Answer(200, "A JSON Web Key Set.", {"keys": []}, JSON),),
    ),
    Operation(
        "GET",
        "/auth/token/refresh",
        "Refresh token, as later clients ask for it",
        (RENEWED, NO_REFRESH, LIMITED, BUSY),
        description="With `?refresh_token=` the next token stands in the answer, without a cookie.",
    ),
    Operation(
        "POST",
        "/auth/logout",
        "End the session of a refresh token",
        (DONE, BAD, MALFORMED, AGAIN, LIMITED, BUSY),
        LogoutBody,
        example={"all": False},
        description="The token stands in the cookie or in `?refresh_token=`.",
    ),
    *(
        Operation(
            "GET",
            path,
            "Account activation, as later clients ask for it",
            (DONE, BAD, NO_TICKET, LIMITED, BUSY),
            description="The ticket stands in `?ticket=`. HEAD only looks.",
        )
        for path in ("/auth/activate", "/auth/account/activate")
    ),
    Operation(
        "POST",
        "/auth/password/forgot",
        "Ask for a ticket to set a password with",
        (DONE, BAD, MALFORMED, LIMITED, BUSY),
        AddressBody,
        example={"email": "hello@example.com"},
        description="The answer is the same whether the address has an account.",
    ),
    Operation(
        "POST",
        "/auth/password/reset",
        "Set a password with a ticket, or with the old one",
        (*SETS_PASSWORD, NO_TICKET, NO_JWT, AGAIN, WRONG_OLD),
        ResetBody,
        example=FORGOT,
    ),
    Operation(
        "POST",
        "/auth/change-password",
        "Change a password that is known",
        (*SETS_PASSWORD, NO_JWT, AGAIN, WRONG_OLD),
        ChangeBody,
        example={"old_password": "the one of now", "new_password": "between 6-128 characters"},
        secured=True,
    ),
)
