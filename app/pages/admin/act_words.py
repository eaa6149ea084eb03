"""What each act on an account is called: on its button, before it is done, and after."""

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from app.operations.rights import Action


@dataclass(frozen=True)
class Words:
    """The address of an act, its button, what it will do, and what is told of it afterwards."""

    slug: str
    button: Any
    about: Any
    done: Any
    kind: str = "secondary"


WORDS = {
    Action.SEND_ACTIVATION: Words(
        "send-activation",
        _l("Send the activation mail again"),
        _l("A new mail confirms the address. The link in the mail that went before stops working."),
        _l("The activation mail is on its way."),
    ),
    Action.SUSPEND: Words(
        "suspend",
        _l("Suspend"),
        _l("Nobody signs in with this account from now on, and all that it has open ends at once."),
        _l("The account is suspended."),
        "danger",
    ),
    Action.REACTIVATE: Words(
        "reactivate",
        _l("Reactivate"),
        _l("The person can sign in again, as before."),
        _l("The account is active again."),
    ),
    Action.UNLOCK: Words(
        "unlock",
        _l("Open all locks"),
        _l(
            "What wrong passwords and wrong codes have locked is open again. Make sure that it "
            "was the person who mistyped, not somebody who guesses."
        ),
        _l("The locks are open."),
    ),
    Action.UNLOCK_HERE: Words(
        "unlock-here",
        _l("Open the lock here"),
        _l(
            "What wrong passwords have locked at this organisation is open again. A lock of the "
            "account as a whole ends by itself."
        ),
        _l("The lock at this organisation is open."),
    ),
    Action.SEND_RESET: Words(
        "send-reset",
        _l("Send a reset mail"),
        _l(
            "A mail lets the person choose a new password for the account. Nobody else sees or "
            "sets it, and the old one works until then."
        ),
        _l("The reset mail is on its way."),
    ),
    Action.SEND_RESET_HERE: Words(
        "send-reset-here",
        _l("Send a reset mail for the password there"),
        _l("A mail lets the person choose a new password for this organisation only."),
        _l("The reset mail is on its way."),
    ),
    Action.REMOVE_FACTOR: Words(
        "remove-factor",
        _l("Remove the second step"),
        _l(
            "For somebody who lost the phone with the app. All sessions end; the person is told "
            "by mail, and sets up a new one where it is demanded. Make sure who asks you for this."
        ),
        _l("The second step is removed."),
        "danger",
    ),
    Action.END_SESSIONS: Words(
        "end-sessions",
        _l("End all sessions"),
        _l("The person is signed out everywhere, on the pages and through every API."),
        _l("All sessions of the account are ended."),
        "danger",
    ),
    Action.END_SEATS: Words(
        "end-seats",
        _l("Sign the person out here"),
        _l("What the person has open at this organisation ends; other places are left alone."),
        _l("The person is signed out of this organisation."),
        "danger",
    ),
}
LOOK_AS = Words(
    "look-as",
    _l("Look as this person"),
    _l("You see the portal as this person sees it, for fifteen minutes; they are told."),
    _l("You look as this person."),
)
BULK = [Action.SUSPEND, Action.REACTIVATE, Action.END_SESSIONS, Action.SEND_ACTIVATION]
