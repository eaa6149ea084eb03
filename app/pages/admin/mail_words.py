"""What mail is called: its kinds, its states, why it failed, why it cannot be sent again."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.mail import delivery, leases, smtp
from app.mail.subjects import SUBJECTS
from app.models import OutgoingMail
from app.operations import mail_list
from app.operations.mail_again import Obstacle
from app.operations.mail_list import State
from app.pages.admin import exports

STATES = {
    State.WAITING: _l("Waiting"),
    State.FAILED: _l("Failed"),
    State.SENT: _l("Sent"),
}
TONES = {
    State.WAITING: "wanting",
    State.FAILED: "stopped",
    State.SENT: "ready",
}
# Subjects serve, but where two kinds have one.
KINDS = {**SUBJECTS, "membership_locked": _l("An account is locked at an organisation")}
OBSTACLES = {
    Obstacle.NOT_REFUSED: _l("It has not failed: it waits, or was sent meanwhile."),
    Obstacle.TOO_OLD: _l(
        "It cannot be sent again: its time is over. Whoever needs it asks for a new one."
    ),
    Obstacle.UNREADABLE: _l(
        "It cannot be sent again: it was sealed under a secret key that the portal has no more."
    ),
    Obstacle.ELSEWHERE: _l(
        "It cannot be sent again: the account has another address by now, or none."
    ),
    Obstacle.USED_UP: _l(
        "It cannot be sent again: its PIN or link was used, withdrawn, or replaced by a newer one."
    ),
}
REASONS = {
    leases.EXPIRED: _l("Its time was over before it could be sent"),
    delivery.UNREADABLE: _l("Its words could not be read: the portal's secret key has changed"),
    smtp.NOT_INTERNATIONAL: _l("The mail server takes no international addresses"),
    "TimeoutError": _l("The mail server did not answer in time"),
    "SMTPServerDisconnected": _l("The mail server ended the connection"),
    "ConnectionResetError": _l("The mail server ended the connection"),
}
# What an enhanced status code says (RFC 3463): its subject and detail, whatever its class.
MEANINGS = {
    "1.1": _l("There is no such mailbox"),
    "1.2": _l("The address's domain takes no mail"),
    "1.10": _l("The address's domain takes no mail"),
    "2.1": _l("The mailbox is shut"),
    "2.2": _l("The mailbox is full"),
    "4.4": _l("The address's mail server cannot be reached"),
    "7.1": _l("The mail server does not let this mail through"),
}
ENHANCED = re.compile(r" [245]\.([0-9]{1,3}\.[0-9]{1,3})$")


@dataclass(frozen=True)
class Line:
    """A mail as a list shows it; `obstacle` is why a refused one cannot be sent again."""

    mail: OutgoingMail
    state: State
    obstacle: Obstacle | None

    @classmethod
    def of(cls, mail: OutgoingMail, obstacle: Obstacle | None) -> "Line":
        """Return what to show of a mail."""
        return cls(mail, mail_list.state_of(mail), obstacle)

    @property
    def subject(self) -> str:
        """Return what kind of mail it is."""
        return kind(self.mail.kind)

    @property
    def word(self) -> Any:
        """Return what its state is called."""
        return STATES[self.state]

    @property
    def tone(self) -> str:
        """Return how its state is coloured."""
        return TONES[self.state]

    @property
    def why(self) -> str:
        """Return in words why it was not sent, if that is known."""
        return reason(self.mail.last_error or "")

    @property
    def waits(self) -> bool:
        """Tell whether it is still to be sent."""
        return self.state is State.WAITING

    @property
    def has_failed(self) -> bool:
        """Tell whether it was given up."""
        return self.state is State.FAILED

    @property
    def hindrance(self) -> Any:
        """Return why it cannot be sent again, if it was refused and cannot."""
        return OBSTACLES[self.obstacle] if self.has_failed and self.obstacle else None


def kind(name: str) -> str:
    """Return what a kind of mail is called; of one that a newer Doorward wrote, its name."""
    return str(KINDS.get(name, name))


def reason(kept: str) -> str:
    """Return what is kept of a failure in words, if it has any; else nothing."""
    if kept in REASONS:
        return str(REASONS[kept])
    code = ENHANCED.search(kept)
    return str(MEANINGS.get(code.group(1), "")) if code else ""


def header() -> list[str]:
    """Return what the fields of an exported list are called."""
    return [
        _("Address"),
        _("Kind"),
        _("State"),
        _("Queued"),
        _("Tries"),
        _("Next try"),
        _("Good until"),
        _("Sent"),
        _("Failed"),
        _("Reason"),
        _("Message-ID"),
    ]


def fields(mails: Iterable[OutgoingMail]) -> Iterator[list[str]]:
    """Yield the fields of each mail: those that are named here, and no others."""
    for each in mails:
        state = mail_list.state_of(each)
        yield [
            each.recipient,
            kind(each.kind),
            str(STATES[state]),
            exports.moment(each.created_at),
            str(each.attempts),
            exports.moment(each.next_try_at) if state is State.WAITING else "",
            exports.moment(each.expires_at),
            exports.moment(each.sent_at),
            exports.moment(each.failed_at),
            each.last_error or "",
            each.message_id,
        ]
