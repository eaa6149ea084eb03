"""Contract 001 (Rocket.Chat) as its document and its original tell it."""

from typing import Any

from app.api.description import Answer, Operation
from app.api.rocketchat_bodies import CodeRequest, ForgottenPassword, Login

TYPES = ("application/json", "application/x-www-form-urlencoded")
ME: dict[str, Any] = {
    "_id": "aobEdbYhXfu5hkeqG",
    "name": "Rocket Cat",
    "emails": [{"address": "rocket.cat@example.org", "verified": True}],
    "status": "offline",
    "statusConnection": "offline",
    "username": "rocket.cat",
    "utcOffset": 0,
    "active": True,
    "roles": ["admin"],
    "settings": {"preferences": {}},
    "avatarUrl": "http://localhost:8000/avatar/rocket.cat",
}
SIGNED_IN = {
    "status": "success",
    "data": {
        "authToken": "9HqLlyZOugoStsXCUfD_0YdwnNnunAJF8V47U3QHXSq",
        "userId": "aobEdbYhXfu5hkeqG",
        "me": ME,
    },
}
APP_DUE = {"method": "totp", "codeGenerated": False, "availableMethods": ["totp"]}
PIN_DUE = {
    "method": "email",
    "codeGenerated": True,
    "emailOrUsername": "rocket.cat",
    "availableMethods": ["email"],
}
PIN_WAITS = {
    "method": "email",
    "codeGenerated": False,
    "codeExpires": "2026-01-31T12:10:00.000Z",
    "emailOrUsername": "rocket.cat",
    "availableMethods": ["email"],
}
NOWHERE_TO_GO = {"method": "totp", "codeGenerated": False, "availableMethods": []}
BLOCKED = {"function": "Accounts.validateLoginAttempt"}


def _refused(when: str, error: str, message: str, details: dict[str, Any] | None = None) -> Answer:
    extra = {"details": details} if details else {}
    said = {"status": "error", "error": error, **extra, "message": message, "success": False}
    return Answer(401, when, said)


SLOW_DOWN = Answer(
    429,
    "Too many calls, or too many PINs mailed",
    {
        "success": False,
        "error": "Error, too many requests. Please slow down. You must wait 60 seconds before"
        " trying this endpoint again. [error-too-many-requests]",
    },
    headers={"Retry-After": "60"},
)
BUSY = Answer(
    503,
    "The portal has too much to do just now",
    {"success": False, "error": "Service temporarily unavailable"},
    headers={"Retry-After": "1"},
)
TOO_LARGE = Answer(
    413, "The body is too large", {"success": False, "error": "Request body is too large"}
)
BROKEN = Answer(500, "A fault of the portal", {"success": False, "error": "Internal server error"})
NOT_SIGNED_IN = Answer(
    401,
    "No bearer, one that opens nothing, or one of somebody else than X-User-Id names",
    {
        "status": "error",
        "message": "You must be logged in to do this.",
        "success": False,
        "error": "You must be logged in to do this.",
    },
)
PROOF_REQUIRED = Answer(
    400,
    "A fresh proof is due: send the call again with the code in x-2fa-code",
    {
        "success": False,
        "error": "TOTP Required [totp-required]",
        "errorType": "totp-required",
        "details": PIN_DUE,
    },
)
PROOF_WRONG = Answer(
    400,
    "The code in x-2fa-code is wrong, old or used",
    {
        "success": False,
        "error": "TOTP Invalid [totp-invalid]",
        "errorType": "totp-invalid",
        "details": PIN_WAITS,
    },
)
ANYWHERE = (SLOW_DOWN, BROKEN, BUSY)
DONE = {"success": True}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "POST",
        "/api/v1/login",
        "Login with Username and Password",
        (
            Answer(200, "Login successful", SIGNED_IN),
            _refused(
                "Wrong password, no such account, a bad `resume`, or a body without what is needed",
                "Unauthorized",
                "Unauthorized",
            ),
            _refused("The app's code is due", "totp-required", "TOTP Required", APP_DUE),
            _refused("A PIN was mailed", "totp-required", "TOTP Required", PIN_DUE),
            _refused("A mailed PIN waits", "totp-required", "TOTP Required", PIN_WAITS),
            _refused(
                "An app has to be set up first: a mail says where",
                "totp-required",
                "TOTP Required",
                NOWHERE_TO_GO,
            ),
            _refused("The code is wrong, old or used", "totp-invalid", "TOTP Invalid", APP_DUE),
            _refused(
                "Too many wrong codes",
                "totp-max-attempts",
                "TOTP Maximun Failed Attempts Reached",
                APP_DUE,
            ),
            _refused(
                "Too many failures for this account, whatever the password",
                "error-login-blocked-for-user",
                "Login has been temporarily blocked For User",
                BLOCKED,
            ),
            _refused(
                "Too many failures from this network address",
                "error-login-blocked-for-ip",
                "Login has been temporarily blocked For IP",
                BLOCKED,
            ),
            _refused(
                "The password is right, the account suspended",
                "error-user-is-not-activated",
                "User is not activated",
            ),
            _refused(
                "The password is right, the address was never confirmed",
                "error-invalid-email",
                "Invalid email __email__",
            ),
            TOO_LARGE,
            *ANYWHERE,
        ),
        body=Login,
        types=TYPES,
        example={"user": "rocket.cat@example.org", "password": "vanvica32"},
        description="Either `user` and `password`, or `resume` alone. The answer's `authToken` and"
        " `userId` are sent as X-Auth-Token and X-User-Id from then on, for up to 90 days. The"
        " second factor's answer goes into `code`, or into the header x-2fa-code.",
    ),
    Operation(
        "GET",
        "/api/v1/me",
        "Who is signed in",
        (Answer(200, "The profile", {**ME, "success": True}), NOT_SIGNED_IN, *ANYWHERE),
        secured=True,
    ),
    *(
        Operation(
            method,
            "/api/v1/logout",
            "Sign out",
            (
                Answer(
                    200,
                    "This one session ended",
                    {"status": "success", "data": {"message": "You've been logged out!"}},
                ),
                NOT_SIGNED_IN,
                *ANYWHERE,
            ),
            secured=True,
            description="GET is for clients that know no other; HEAD changes nothing.",
        )
        for method in ("POST", "GET")
    ),
    Operation(
        "GET",
        "/api/info",
        "The version that clients go by",
        (Answer(200, "With `info` for who is signed in", {"version": "6.0", **DONE}), *ANYWHERE),
    ),
    Operation(
        "POST",
        "/api/v1/users.2fa.sendEmailCode",
        "Mail another PIN",
        (
            Answer(200, "Always, whether one was mailed or not", DONE),
            Answer(
                400,
                "`emailOrUsername` is missing",
                {
                    "success": False,
                    "error": "emailOrUsername is required [error-parameter-required]",
                    "errorType": "error-parameter-required",
                },
            ),
            TOO_LARGE,
            *ANYWHERE,
        ),
        body=CodeRequest,
        types=TYPES,
        example={"emailOrUsername": "rocket.cat"},
        description="Only for a sign-in from the same network that waits for a PIN.",
    ),
    *(
        Operation(
            "POST",
            f"/api/v1/users.2fa.{name}",
            summary,
            (Answer(200, "Done", DONE), PROOF_REQUIRED, PROOF_WRONG, NOT_SIGNED_IN, *ANYWHERE),
            secured=True,
        )
        for name, summary in (
            ("enableEmail", "Ask an e-mailed PIN at every sign-in"),
            ("disableEmail", "Ask no e-mailed PIN any more"),
        )
    ),
    Operation(
        "POST",
        "/api/v1/users.forgotPassword",
        "Mail a link to set a new password",
        (
            Answer(200, "Always, whether there is such an account or not", DONE),
            Answer(
                400,
                "`email` is missing",
                {"success": False, "error": "The 'email' param is required"},
            ),
            TOO_LARGE,
            *ANYWHERE,
        ),
        body=ForgottenPassword,
        types=TYPES,
        example={"email": "rocket.cat@example.org"},
    ),
    Operation(
        "GET",
        "/avatar/{username}",
        "A picture of initials",
        (Answer(200, "For any name, known or not", media_type="image/svg+xml"),),
    ),
)
