"""What invitations are called: their states, what became of somebody on a list, their fields."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.models import Invitation
from app.operations import invitation_list
from app.operations.invitation_list import State
from app.operations.invitations import Verdict
from app.pages import roles
from app.pages.admin import exports

STATES = {
    State.OPEN: _l("Open"),
    State.EXPIRED: _l("Expired"),
    State.ACCEPTED: _l("Accepted"),
    State.WITHDRAWN: _l("Withdrawn"),
}
TONES = {
    State.OPEN: "wanting",
    State.EXPIRED: "stopped",
    State.ACCEPTED: "ready",
    State.WITHDRAWN: "quiet",
}
VERDICTS = {
    Verdict.INVITED: _l("Invited."),
    Verdict.MEMBER: _l("Has this role here already."),
    Verdict.WAITING: _l("Is invited already. Send the invitation again, if the mail is lost."),
    Verdict.NO_ADDRESS: _l("This is not an e-mail address that mail can be sent to."),
    Verdict.TOO_MANY_MAILS: _l("Was sent too many invitations of late. Try again in an hour."),
    Verdict.BEYOND: _l("The list was too long for one go. Send this line with the next."),
}
VERDICT_TONES = {
    Verdict.INVITED: "ready",
    Verdict.MEMBER: "quiet",
    Verdict.WAITING: "quiet",
    Verdict.NO_ADDRESS: "stopped",
    Verdict.TOO_MANY_MAILS: "wanting",
    Verdict.BEYOND: "wanting",
}
# What trying again, put right or later, may change; the others are what they should be.
WORTH_ANOTHER_TRY = {Verdict.NO_ADDRESS, Verdict.TOO_MANY_MAILS, Verdict.BEYOND}


@dataclass(frozen=True)
class Line:
    """An invitation as a list shows it. `backed`: whoever sent it may still give that role."""

    invitation: Invitation
    state: State
    backed: bool

    @classmethod
    def of(cls, invitation: Invitation, *, backed: bool) -> "Line":
        """Return what to show of an invitation."""
        return cls(invitation, invitation_list.state_of(invitation), backed)

    @property
    def word(self) -> Any:
        """Return what its state is called."""
        return STATES[self.state]

    @property
    def tone(self) -> str:
        """Return how its state is coloured."""
        return TONES[self.state]

    @property
    def waits(self) -> bool:
        """Tell whether its link opens something."""
        return self.state is State.OPEN

    @property
    def can_go_again(self) -> bool:
        """Tell whether it can be sent again."""
        return self.state in {State.OPEN, State.EXPIRED}


def header() -> list[str]:
    """Return what the fields of an exported list are called."""
    return [
        _("E-mail address"),
        _("Name"),
        _("Role"),
        _("State"),
        _("Invited by"),
        _("Times sent"),
        _("Last sent"),
        _("Good until"),
        _("Accepted"),
        _("Withdrawn"),
        _("Identifier"),
    ]


def fields(invitations: Iterable[Invitation]) -> Iterator[list[str]]:
    """Yield the fields of each invitation: those that are named here, and no others."""
    for each in invitations:
        yield [
            each.email,
            each.name,
            roles.name(each.role),
            str(STATES[invitation_list.state_of(each)]),
            each.invited_by.shown_name if each.invited_by else "",
            str(each.sends),
            exports.moment(each.sent_at),
            exports.moment(each.expires_at),
            exports.moment(each.accepted_at),
            exports.moment(each.withdrawn_at),
            str(each.id),
        ]
