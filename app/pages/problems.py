"""How the pages say no: one table from a refusal's reason to a sentence, one to a status."""

import math
from datetime import datetime, timedelta
from typing import Any

from flask.typing import ResponseReturnValue
from flask_babel import format_timedelta
from flask_babel import lazy_gettext as _l

from app.clock import now
from app.errors import PasswordRefused, Refusal, TooManyCodes, WrongCode
from app.operations import locks
from app.security.password_rules import Problem

MINUTE_S = 60
_NO_MATCH = _l(
    "That e-mail or username and password do not match. Check both for slips. If you registered "
    "lately, open the mail that confirms your address first."
)
_WAIT = _l("Too many wrong tries, so signing in is locked for now: try again %(when)s.")

_SLOW_CLOCK = _l(
    "That code is %(span)s old. If the app shows it now, its clock is slow: set the phone's time "
    "to automatic, then use the newest code."
)
_FAST_CLOCK = _l(
    "That code is %(span)s ahead of its time: the app's clock is fast. Set the phone's time to "
    "automatic, then use the newest code."
)

_LOCKED_FOR_GOOD = _l(
    "Too many wrong tries in a row: no answer is taken any more, not even a right one. Set a new "
    "password by mail; if that does not help, ask an administrator."
)

SENTENCES = {
    "refused": _l("That cannot be done."),
    "unknown_account": _NO_MATCH,
    "wrong_password": _l("That is not the right password."),
    "not_activated": _l(
        "This account's address is not confirmed yet. Open the link in the mail that went there."
    ),
    "account_suspended": _l("This account is suspended. Ask your organisation's administrators."),
    "no_way_in": _l("There is no way in for you just now. Ask your organisation's administrators."),
    "locked": _WAIT,
    "membership_locked": _WAIT,
    "too_many_tries": _l("Too many wrong tries came from your network. Try again %(when)s."),
    "busy": _l("The portal is very busy. Try again in a moment."),
    "directory_away": _l(
        "Your organisation's directory does not answer just now, so nobody can check your "
        "password. Try again in a minute."
    ),
    "kept_in_directory": _l(
        "Your organisation's directory has this. It is changed there, not here."
    ),
    "organisation_suspended": _l("This organisation is suspended. Ask its administrators."),
    "generic_not_allowed": _l(
        "This organisation admits no accounts without an e-mail address. Ask its administrators."
    ),
    "second_factor_required": _l("A second step is needed here."),
    "ticket_refused": _l("That is used up or too old."),
    "wrong_code": _l("Those digits are not right. Use the newest ones."),
    "too_many_codes": _l("Too many wrong tries. Try again %(when)s."),
    "resend_too_soon": _l("A mail was sent a moment ago. Another can be sent %(when)s."),
    "already_enabled": _l("You have an authenticator app already."),
    "not_enabled": _l("You have no authenticator app."),
    "factor_demanded": _l(
        "An organisation of yours demands this. You can replace it, but not go without."
    ),
    "secret_not_set": _l("No authenticator app waits to be confirmed. Start again."),
    "password_refused": _l("This password cannot be used."),
    "invalid_address": _l("This is not an e-mail address that mail can be sent to."),
    "invalid_username": _l("A username has 2 to 64 characters, no blanks and no @."),
    "invalid_setting": _l("This setting cannot have this value."),
    "already_exists": _l("That is there already."),
    "not_found": _l("There is nothing like that here."),
    "last_superuser": _l(
        "The portal would be left without a superuser. Make somebody else one first."
    ),
    "last_administrator": _l(
        "An organisation would be left without an administrator. Ask for another one there first."
    ),
    "out_of_reach": _l("Only the portal's superusers can do this to this account. Ask them."),
    "registration_closed": _l("People join this portal by invitation only."),
    "proof_required": _l("Confirm first that it is you."),
    "not_signed_in": _l("Sign in first."),
}

STATUSES = {
    "unknown_account": 401,
    "wrong_password": 401,
    "not_activated": 401,
    "account_suspended": 401,
    "no_way_in": 401,
    "wrong_code": 401,
    "not_signed_in": 401,
    "organisation_suspended": 403,
    "generic_not_allowed": 403,
    "second_factor_required": 403,
    "registration_closed": 403,
    "proof_required": 403,
    "not_found": 404,
    "already_exists": 409,
    "already_enabled": 409,
    "last_superuser": 409,
    "last_administrator": 409,
    "out_of_reach": 403,
    "not_enabled": 409,
    "factor_demanded": 409,
    "secret_not_set": 409,
    "ticket_refused": 410,
    "locked": 429,
    "membership_locked": 429,
    "too_many_tries": 429,
    "too_many_codes": 429,
    "resend_too_soon": 429,
    "busy": 503,
    "directory_away": 503,
    "kept_in_directory": 409,
}

PASSWORD_PROBLEMS = {
    Problem.TOO_SHORT: _l("Use at least %(minimum)s characters."),
    Problem.TOO_LONG: _l("Use at most 128 characters."),
    Problem.NOT_ALLOWED: _l("There is a character in it that cannot be used."),
    Problem.COMMON: _l("Too many people use this password. It is among the first to be tried."),
    Problem.MADE_OF_CONTEXT: _l("It is made of your name, your address or the portal's name."),
    Problem.GUESSABLE: _l(
        "It is guessed at once. Three or four words that do not belong together are better."
    ),
}


def sentence(refusal: Refusal) -> str:
    """Return what to tell a person about a refusal."""
    if isinstance(refusal, WrongCode) and refusal.clock_offset is not None:
        return _of_another_time(refusal.clock_offset)
    if isinstance(refusal, TooManyCodes) and locks.is_for_good(refusal.until):
        return str(_LOCKED_FOR_GOOD)
    return _filled(SENTENCES[refusal.reason], when=_when(refusal))


def status(refusal: Refusal) -> int:
    """Return the HTTP status that a refusal is answered with."""
    return STATUSES.get(refusal.reason, 400)


def retry_after(refusal: Refusal) -> int | None:
    """Return after how many seconds to try again, where waiting helps."""
    until: datetime | None = getattr(refusal, "until", None)
    if until is not None:
        return max(1, round((until - now()).total_seconds()))
    seconds: int | None = getattr(refusal, "retry_after", None)
    return seconds


def answer(page: str, refusal: Refusal) -> ResponseReturnValue:
    """Return a page that was refused, with the refusal's status and when to try again."""
    seconds = retry_after(refusal)
    return page, status(refusal), {} if seconds is None else {"Retry-After": str(seconds)}


def password_sentences(refusal: PasswordRefused) -> list[str]:
    """Return each reason why a new password was refused."""
    return [password_sentence(Problem(each), refusal.minimum) for each in refusal.problems]


def password_sentence(problem: Problem, minimum: int) -> str:
    """Return one reason why a new password cannot be used; `minimum` is in characters."""
    return _filled(PASSWORD_PROBLEMS[problem], minimum=minimum)


def _of_another_time(offset: timedelta) -> str:
    """Tell by how much the clock of whoever made the code is off; the code may just be old."""
    slow = offset < timedelta(0)
    text = _SLOW_CLOCK if slow else _FAST_CLOCK
    return _filled(text, span=format_timedelta(abs(offset), threshold=1))


def _filled(text: Any, **words: object) -> str:
    return str(text) % words


def _when(refusal: Refusal) -> str:
    seconds = retry_after(refusal)
    if seconds is None:
        return ""
    unit = 1 if seconds < MINUTE_S else MINUTE_S
    rounded = math.ceil(seconds / unit) * unit  # never promise too early
    return str(format_timedelta(rounded, add_direction=True, threshold=1))
