"""Refusals and the database's faults, in the words of a terminal."""

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.errors import InvalidSetting, Locked, PasswordRefused, Refusal, TooManyCodes

UNPREPARED = "The database has not been prepared: run flask --app wsgi db upgrade."
UNREACHABLE = (
    "The database cannot be reached: see that it runs, and what DOORWARD_DATABASE_URL says."
)
BUSY = "The database is busy: something else is writing to it. Try again in a moment."
READ_ONLY = "The database cannot be written to: see who owns its file and its directory."
FULL = "The database cannot be written to: its disk is full."

REFUSALS = {
    "unknown_account": "No account has this address or username.",
    "wrong_password": "The password is wrong.",
    "not_activated": "The account is not activated yet.",
    "account_suspended": "The account is suspended.",
    "no_way_in": "The password is right, but nothing can be opened with it just now.",
    "too_many_tries": "Too many tries. Try again later.",
    "busy": "The portal is busy. Try again in a moment.",
    "directory_away": "The directory does not answer. Try again in a moment.",
    "organisation_suspended": "The organisation is suspended.",
    "generic_not_allowed": "The organisation admits no accounts without an e-mail address.",
    "second_factor_required": "A second factor is needed.",
    "ticket_refused": "The link or code is unknown, expired or used.",
    "wrong_code": "The code is wrong.",
    "already_enabled": "The account has an authenticator app already.",
    "not_enabled": "The account has no authenticator app.",
    "secret_not_set": "No authenticator app waits to be confirmed.",
    "resend_too_soon": "A mail was sent a moment ago. Try again later.",
    "invalid_address": "This is not an e-mail address that mail can be sent to.",
    "invalid_username": "A username has 2 to 64 characters, no blanks and no @.",
    "already_exists": "That is there already.",
    "not_found": "There is no such thing here.",
    "factor_demanded": "An organisation demands this factor.",
    "last_superuser": "The portal would be left without a superuser.",
    "last_administrator": "An organisation would be left without an account administrator.",
    "out_of_reach": "Only superusers can do this to this account.",
    "kept_in_directory": "The directory has this: change it there.",
    "registration_closed": "People join this portal by invitation only.",
    "proof_required": "This needs a recent sign-in.",
    "not_signed_in": "This needs a sign-in.",
}
PROBLEMS = {
    "too_short": "it needs at least {minimum} characters",
    "too_long": "it is longer than 128 characters",
    "not_allowed": "it has a character that cannot be stored",
    "common": "it is one of the passwords that everybody tries first",
    "made_of_context": "it is made of the account's own names",
    "guessable": "it is guessed at once",
}

_BY_SQLSTATE = {
    "42P01": UNPREPARED,  # undefined_table
    "42703": UNPREPARED,  # undefined_column
    "55P03": BUSY,  # lock_not_available
    "57014": BUSY,  # query_canceled: the statement's time was up
    "40P01": BUSY,  # deadlock_detected
    "25006": READ_ONLY,  # read_only_sql_transaction
    "53100": FULL,  # disk_full
}
_BY_WORDS = {
    "no such table": UNPREPARED,
    "no such column": UNPREPARED,
    "has no column": UNPREPARED,
    "is locked": BUSY,
    "readonly database": READ_ONLY,
    "disk is full": FULL,
    "unable to open": UNREACHABLE,
    "file is not a database": "The file in DOORWARD_DATABASE_URL is no SQLite database.",
    "disk image is malformed": "The database's file is damaged: restore a backup.",
}


def of_refusal(refusal: Refusal) -> str:
    """Return one sentence for any refusal."""
    match refusal:
        case InvalidSetting(sentence=sentence):
            return sentence
        case PasswordRefused(problems=problems, minimum=minimum):
            reasons = ", and ".join(PROBLEMS[each].format(minimum=minimum) for each in problems)
            return f"This password is refused: {reasons}."
        case Locked(until=until) | TooManyCodes(until=until):
            return f"There were too many wrong tries: locked until {until:%Y-%m-%d %H:%M} UTC."
    return REFUSALS[refusal.reason]


def of_database(error: SQLAlchemyError) -> str | None:
    """Return one sentence for a fault that anyone may meet; None for what is our own mistake."""
    if isinstance(error, PoolTimeoutError):
        return BUSY
    if not isinstance(error, DBAPIError):
        return None
    by_state = _BY_SQLSTATE.get(getattr(error.orig, "sqlstate", None) or "")
    return by_state or _by_words(error)


def _by_words(error: DBAPIError) -> str | None:
    said = str(error.orig)
    for words, sentence in _BY_WORDS.items():
        if words in said:
            return sentence
    lost = error.connection_invalidated or "connection" in said.lower()
    return UNREACHABLE if lost else None
