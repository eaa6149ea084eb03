"""What can go wrong, in the portal's own words.

Nothing here knows about HTTP. Each interface decides how to say it: the pages in
``app/pages/problems.py``, each contract in the table at the top of its own file.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class ShutBy:
    """Which count of failures turned a try away: for operations.turned_away, and for no answer."""

    counted: str
    subject: str
    account_id: uuid.UUID | None = None


class Refusal(Exception):
    """A request that the portal understood and will not grant."""

    reason = "refused"


class UnknownAccount(Refusal):
    """No account answers to this identity."""

    reason = "unknown_account"


class WrongPassword(Refusal):
    """The identity exists; the password opens none of its ways in."""

    reason = "wrong_password"


class NotActivated(Refusal):
    """The account's address was never confirmed; `password_matched` tells of the try."""

    reason = "not_activated"

    def __init__(self, *, password_matched: bool = False) -> None:
        super().__init__(self.reason)
        self.password_matched = password_matched


class AccountSuspended(Refusal):
    """An administrator suspended the account; `password_matched` tells of the try."""

    reason = "account_suspended"

    def __init__(self, *, password_matched: bool = False) -> None:
        super().__init__(self.reason)
        self.password_matched = password_matched


class NoWayIn(Refusal):
    """The password is right, but every way in it opens is refused just now."""

    reason = "no_way_in"


class Locked(Refusal):
    """Too many failed tries: nothing is compared before `until`."""

    reason = "locked"

    def __init__(self, until: datetime, by: ShutBy | None = None) -> None:
        super().__init__(self.reason)
        self.until = until
        self.by = by


class MembershipLocked(Locked):
    """An organisation's own limit of failed sign-ins is reached for this member."""

    reason = "membership_locked"


class TooManyTries(Refusal):
    """This network address failed too often; `retry_after` is in seconds."""

    reason = "too_many_tries"

    def __init__(self, retry_after: int, by: ShutBy | None = None) -> None:
        super().__init__(self.reason)
        self.retry_after = retry_after
        self.by = by


class Busy(Refusal):
    """The portal has too much to do just now; `retry_after` is in seconds."""

    reason = "busy"

    def __init__(self, retry_after: int) -> None:
        super().__init__(self.reason)
        self.retry_after = retry_after


class DirectoryAway(Busy):
    """The directory that has the password cannot be asked: that is no wrong password."""

    reason = "directory_away"

    def __init__(self, retry_after: int = 5) -> None:
        super().__init__(retry_after)


class KeptInDirectory(Refusal):
    """The directory has this person's password, address or username: it is changed there."""

    reason = "kept_in_directory"


class OrganisationSuspended(Refusal):
    """The organisation is suspended; nobody signs in there."""

    reason = "organisation_suspended"


class GenericNotAllowed(Refusal):
    """The account has no address, and the organisation admits no such accounts."""

    reason = "generic_not_allowed"


class SecondFactorRequired(Refusal):
    """The password was right, and this interface cannot ask for more."""

    reason = "second_factor_required"


class TicketRefused(Refusal):
    """The ticket or handle is unknown, expired or already spent: we never say which."""

    reason = "ticket_refused"


class WrongCode(Refusal):
    """The second factor's answer is wrong, old or already used.

    `clock_offset` is how far the app's clock seems to be off, where the code would have been right
    at another time: negative where it is slow. For people, never for programs to correct by.
    """

    reason = "wrong_code"

    def __init__(self, clock_offset: timedelta | None = None) -> None:
        super().__init__(self.reason)
        self.clock_offset = clock_offset


class TooManyCodes(Refusal):
    """Too many wrong second-factor answers for this account; wait until `until`."""

    reason = "too_many_codes"

    def __init__(self, until: datetime, by: ShutBy | None = None) -> None:
        super().__init__(self.reason)
        self.until = until
        self.by = by


class ResendTooSoon(Refusal):
    """A PIN was mailed a moment ago, or too many were; `retry_after` is in seconds."""

    reason = "resend_too_soon"

    def __init__(self, retry_after: int) -> None:
        super().__init__(self.reason)
        self.retry_after = retry_after


class AlreadyEnabled(Refusal):
    """The account has an authenticator app already."""

    reason = "already_enabled"


class NotEnabled(Refusal):
    """The account has no authenticator app."""

    reason = "not_enabled"


class FactorDemanded(Refusal):
    """An organisation demands this factor: it can be replaced, not given up."""

    reason = "factor_demanded"


class SecretNotSet(Refusal):
    """No authenticator app waits to be confirmed."""

    reason = "secret_not_set"


class PasswordRefused(Refusal):
    """The new password breaks the rules named in `problems`."""

    reason = "password_refused"

    def __init__(self, problems: list[str], minimum: int) -> None:
        super().__init__(self.reason)
        self.problems = problems
        self.minimum = minimum


class InvalidAddress(Refusal):
    """This is not an e-mail address that mail can be sent to."""

    reason = "invalid_address"


class InvalidUsername(Refusal):
    """A username has 2 to 64 characters, no blanks and no @."""

    reason = "invalid_username"


class InvalidSetting(Refusal):
    """An organisation's setting is unknown or has a value it cannot have."""

    reason = "invalid_setting"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class AlreadyExists(Refusal):
    """An account, organisation or membership like this is there already."""

    reason = "already_exists"


class NotFound(Refusal):
    """There is no such account, organisation, membership or session."""

    reason = "not_found"


class LastSuperuser(Refusal):
    """Nobody would be left to administer the portal."""

    reason = "last_superuser"


class LastAdministrator(Refusal):
    """Nobody would be left to administer an organisation."""

    reason = "last_administrator"


class OutOfReach(Refusal):
    """The account is seen from this seat, but what was asked is for superusers to do."""

    reason = "out_of_reach"


class RegistrationClosed(Refusal):
    """People join this portal by invitation only."""

    reason = "registration_closed"


class ProofRequired(Refusal):
    """The session has not met the account's own way in, or not lately enough.

    `by_mail` asks for an e-mailed PIN besides the password: the account has no factor yet.
    """

    reason = "proof_required"

    def __init__(self, *, by_mail: bool = False) -> None:
        super().__init__(self.reason)
        self.by_mail = by_mail


class NotSignedIn(Refusal):
    """The request carries no bearer, or one that opens nothing."""

    reason = "not_signed_in"
