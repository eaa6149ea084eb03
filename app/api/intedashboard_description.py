"""Contract 003's routes, described with the document's examples. See intedashboard."""

from typing import Any

from app.api.description import Answer, Operation
from app.api.intedashboard_bodies import (
    Answered,
    ChosenRole,
    Credentials,
    Forgotten,
    NewPassword,
    Waiting,
    complaints,
)
from app.api.intedashboard_bodies import all_missing as missing

FORMS = ("application/json", "application/x-www-form-urlencoded")
EVERYWHERE = "Stands below /v2 too, as the base URL of the original does."
LOGIN_TOKEN = "T5bUK8KBOmUW301XUMSnPuqGypvdLRBSRiPOcYyZkZhxqWx3NMDp2g4hgCzTunJvQFR0UwaTn6EI5lSz"  # noqa: S105
BEARER = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJmMWVmOWZkMSJ9.Ze-V5OQ_-w8M-TQ6iwbSWr"
SETTINGS = {
    "enableLti": False,
    "mfaForStudents": False,
    "mfaForTeachers": False,
    "allowGenericUsers": False,
    "defaultTratSettings": [5, 3, 1, 0],
    "maxFailedSignInAttempts": 3,
}
UNIVERSITY = {
    "uuid": "08299f88-6223-49aa-84e7-1958d703de6e",
    "accountName": None,
    "organisationName": "Cy's University",
    "isActive": 0,
    "isSuspended": 0,
    "settings": SETTINGS,
    "isPaid": 0,
}
CY = UNIVERSITY | {
    "uuid": "f5018d73-5b20-4cca-87a7-aba9d5fd0f6a",
    "organisationName": "Cy",
    "settings": None,
}
VERIFIED = {
    "status_code": 200,
    "message": "OK",
    "result": [
        [
            {
                "role": "Student",
                "loginToken": LOGIN_TOKEN,
                "is2FAEnabled": False,
                "organisation": UNIVERSITY,
            }
        ],
        [
            {
                "role": "Account Admin",
                "organisation": CY,
                "message": "Identity or Password is invalid.",
            }
        ],
    ],
}
USER = {
    "role": "Student",
    "roleId": 4,
    "isDeletable": 1,
    "avatar": None,
    "firstname": "Jake",
    "lastname": "Harden",
    "uuid": "2149a364-c610-4695-a1e6-5aa76be50206",
    "displayName": "Jake Harden",
    "identity": "jharden@example.com",
    "email": "jharden@example.com",
    "canAddTeacher": 0,
    "canUseExpressSignIn": 0,
    "isMultipleUser": False,
    "dateLtiSignin": None,
    "status": "Active",
    "origin": "Email",
    "paidDate": None,
    "account": {
        "uuid": "08299f88-6223-49aa-84e7-1958d703de6e",
        "paymentMethod": "Institution",
        "type": "Free Trial",
        "organisationName": "Cy's University",
        "settings": SETTINGS,
        "version": "full",
        "paymentPlans": [],
    },
}
DATA = {
    "status_code": 200,
    "message": "OK",
    "user": USER,
    "token": BEARER,
    "required_change_password": 0,
    "currentTime": 1617884849,
    "api_url": "http://localhost:8000/v2",
    "isGeneric": False,
}
DONE = {"data": {"status_code": 200, "message": "OK"}}
NEW_PASSWORD = {
    "means": "token",
    "token": "4b1c0f8e-65f1-4a5d-9f4f-0f6a4d1f9a55",
    "password": "nine green bottles",
    "password_confirmation": "nine green bottles",
}


def _no(status: int, when: str, message: str, **headers: str) -> Answer:
    example = {"status_code": status, "message": message}
    return Answer(status, when, example, headers=headers)


def _unprocessable(errors: dict[str, list[str]]) -> Answer:
    example: dict[str, Any] = {
        "message": "422 Unprocessable Entity",
        "errors": errors,
        "status_code": 422,
    }
    return Answer(422, "A field is missing or wrong, or the body is no JSON object.", example)


WRONG_TOKEN = _no(
    401,
    "The token is unknown, expired or already used.",
    "Provided login token is invalid.",
)
TOO_MANY = _no(
    429,
    "Too many tries or requests of late.",
    "Too many attempts. Please try again after 42 second(s).",
    **{"Retry-After": "42"},
)
BUSY = _no(
    503, "Too many sign-ins wait already.", "503 Service Unavailable", **{"Retry-After": "1"}
)
BROKEN = _no(500, "Something failed on our side.", "500 Internal Server Error")
TOO_LARGE = _no(413, "The body is larger than 16 KiB.", "413 Request Entity Too Large")
NOT_SIGNED_IN = _no(
    401,
    "There is no bearer, or one that opens nothing.",
    "Failed to authenticate because of bad credentials or an invalid authorization header.",
    **{"WWW-Authenticate": "Bearer"},
)
USUAL = (TOO_LARGE, TOO_MANY, BROKEN, BUSY)

OPERATIONS = (
    Operation(
        "POST",
        "/auth/sign-in-verify",
        "Check a password and list the roles that it opens",
        (
            Answer(200, "The password opens at least one role.", VERIFIED),
            _no(401, "It opens none.", "Password is invalid."),
            _no(401, "Nobody has this identity.", "No user(s) found."),
            _no(
                401,
                "Everything is locked after too many failed tries.",
                "Account has been locked. Please try again after 0hr and 15min or contact your "
                "Account Administrator.",
            ),
            _unprocessable(complaints(missing(Credentials))),
            *USUAL,
        ),
        Credentials,
        FORMS,
        {"identity": "jharden@example.com", "password": "correct horse battery"},
        description=f"Roles that stay shut stand in the second list, with the reason. {EVERYWHERE}",
    ),
    Operation(
        "POST",
        "/auth/sign-in",
        "Sign in to the chosen role, or ask for its second factor",
        (
            Answer(
                200,
                "A second factor is due: a PIN was mailed, or the authenticator app has the code.",
                {"is2FAEnabled": True, "loginToken": LOGIN_TOKEN},
            ),
            Answer(
                200,
                "None is due: `loginToken` and `data.token` are the bearer.",
                {"is2FAEnabled": False, "loginToken": BEARER, "data": DATA},
            ),
            WRONG_TOKEN,
            _unprocessable(complaints(missing(ChosenRole))),
            *USUAL,
        ),
        ChosenRole,
        FORMS,
        {"is2FAEnabled": True, "loginToken": LOGIN_TOKEN},
        description=EVERYWHERE,
    ),
    Operation(
        "POST",
        "/auth/sign-in-with-2fa",
        "Answer the second factor and sign in",
        (
            Answer(
                200,
                "Signed in: `data.token` is the bearer.",
                {"loginToken": LOGIN_TOKEN, "pin": "000000", "data": DATA},
            ),
            _no(401, "The PIN is wrong, expired or used.", "Provided pin is invalid."),
            WRONG_TOKEN,
            _unprocessable(complaints(missing(Answered))),
            *USUAL,
        ),
        Answered,
        FORMS,
        {"loginToken": LOGIN_TOKEN, "pin": "000000"},
        description=f"`pin` takes the mailed PIN and the app's code alike. {EVERYWHERE}",
    ),
    Operation(
        "POST",
        "/auth/resend-2fa",
        "Mail another PIN",
        (
            Answer(200, "A new PIN is on its way; the old one is void.", {"success": True}),
            Answer(200, "No PIN is due: the app has the code.", {"success": False}),
            WRONG_TOKEN,
            _unprocessable(complaints(missing(Waiting))),
            *USUAL,
        ),
        Waiting,
        FORMS,
        {"loginToken": LOGIN_TOKEN},
        description=f"Not within a minute of the last, and three times at most. {EVERYWHERE}",
    ),
    Operation(
        "POST",
        "/password/send-token",
        "Mail a token for a new password",
        (
            Answer(200, "Always, whether anybody has the address or not.", {"sent": True}),
            _unprocessable(complaints(missing(Forgotten))),
            *USUAL,
        ),
        Forgotten,
        FORMS,
        {"email": "jharden@example.com"},
        description=EVERYWHERE,
    ),
    Operation(
        "POST",
        "/password/reset",
        "Set a new password with a mailed token",
        (
            Answer(200, "The password is set; nobody is signed in by it.", DONE),
            Answer(
                404,
                "The token is unknown, expired or already used.",
                {"message": "Reset token not found.", "status_code": 404},
            ),
            _unprocessable({"password": ["The password must be at least 8 characters."]}),
            *USUAL,
        ),
        NewPassword,
        FORMS,
        NEW_PASSWORD,
        description=EVERYWHERE,
    ),
    Operation(
        "POST",
        "/password/verify",
        "Activate an account and set its password",
        (
            Answer(200, "The account is active; nobody is signed in by it.", DONE),
            _no(
                401,
                "The token is unknown, expired or used, or the account was active before.",
                "Verification are allowed for first time users only.",
            ),
            _unprocessable({"password": ["The password confirmation does not match."]}),
            *USUAL,
        ),
        NewPassword,
        FORMS,
        NEW_PASSWORD | {"means": "verify"},
        description=EVERYWHERE,
    ),
    Operation(
        "GET",
        "/profile",
        "Show who is signed in",
        (Answer(200, "The user.", {"data": USER}), NOT_SIGNED_IN, *USUAL[1:]),
        secured=True,
        description=f"In the role of the session's newest seat. {EVERYWHERE}",
    ),
    Operation(
        "GET",
        "/profile/sign-out",
        "End the session",
        (Answer(200, "The bearer is void.", {"invalidated": True}), NOT_SIGNED_IN, *USUAL[1:]),
        secured=True,
        description=f"A GET that acts, as the original has it; HEAD does nothing. {EVERYWHERE}",
    ),
)
