"""What the audit trail says, in words for people: one table from each event to a sentence."""

from typing import Any, Protocol

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.models import Factor, Role
from app.pages import roles

SENTENCES = {
    # Signing in and out
    "signed_in": _l("Signed in"),
    "sign_in_failed": _l("A sign-in failed"),
    "wrong_code": _l("The second step was answered wrongly"),
    "pin_resent": _l("A PIN was mailed again"),
    "seat_taken": _l("Switched to a role"),
    "confirmed": _l("Confirmed who it is"),
    "confirmation_failed": _l("A wrong password was typed to confirm who it is"),
    "signed_out": _l("Signed out"),
    "session_ended": _l("A session was ended"),
    "sessions_ended": _l("All other sessions were ended"),
    "tokens_revoked": _l("The sessions of one programming interface were ended"),
    "refresh_token_reused": _l("A used token was shown again, so its session was ended"),
    # Joining
    "registered": _l("The account was registered"),
    "registered_again": _l("Somebody wanted to register your address again"),
    "activated": _l("The address was confirmed"),
    "activation_failed": _l("A wrong password was given to confirm the address"),
    "account_created": _l("The account was made"),
    # The directory
    "directory_changed": _l("The directory changed the name, the address or the username"),
    "directory_entry_gone": _l("The directory no longer has this person, so every session ended"),
    "directory_entry_back": _l("The directory has this person again"),
    "directory_tried": _l("A superuser looked this person up in the directory"),
    "directory_conflict": _l(
        "Somebody signed in with the directory, whose address there is this account's"
    ),
    # Passwords and locks
    "password_changed": _l("The password was changed"),
    "reset_asked": _l("A mail to set a new password was asked for"),
    "password_reset": _l("A new password was set by mail"),
    "not_me": _l("It was said by mail that something was somebody else's doing"),
    "account_locked": _l("The account was locked for a while after too many wrong tries"),
    "membership_locked": _l("A role was locked for a while after too many wrong tries"),
    "second_step_locked": _l("The second step was locked after too many wrong answers"),
    "unlock_asked": _l("A mail to open a lock was asked for"),
    "unlocked": _l("The locks that wrong passwords left were opened"),
    "network_unlocked": _l("The lock of a network was opened, for everybody behind it"),
    # Second factors
    "app_enabled": _l("An authenticator app was added"),
    "app_disabled": _l("The authenticator app was removed"),
    "app_replaced": _l("The authenticator app was replaced by another"),
    "passkey_added": _l("A passkey was added"),
    "passkey_renamed": _l("A passkey was given another name"),
    "passkey_removed": _l("A passkey was removed"),
    "passkey_copied": _l("A passkey was refused: it may have been copied"),
    "pin_chosen": _l("PINs by e-mail were turned on"),
    "pin_left": _l("PINs by e-mail were turned off"),
    "another_factor_chosen": _l("Another second step was chosen"),
    "recovery_codes_made": _l("New recovery codes were made"),
    "recovery_code_used": _l("A recovery code was used"),
    "device_remembered": _l("A device was trusted for some days"),
    "device_forgotten": _l("A device is trusted no longer"),
    # The account itself
    "name_changed": _l("The name was changed"),
    "username_changed": _l("The username was changed"),
    "address_change_asked": _l("A mail to confirm a new address was asked for"),
    "address_change_withdrawn": _l("The change of address was withdrawn"),
    "address_changed": _l("The address was changed"),
    "data_exported": _l("All data of the account was downloaded"),
    "removal_scheduled": _l("The account was asked to be removed in a week"),
    "removal_withdrawn": _l("The account was kept after all"),
    "removal_refused": _l("The account was not removed: nobody else administers what it does"),
    "account_removed": _l("The account was removed"),
    "account_suspended": _l("The account was suspended"),
    "account_reactivated": _l("The account may sign in again"),
    # Roles and organisations
    "membership_added": _l("A role was given"),
    "membership_removed": _l("A role was taken away"),
    "invited": _l("Somebody was invited"),
    "invitation_sent_again": _l("An invitation was sent again"),
    "invitation_withdrawn": _l("An invitation was withdrawn"),
    "invitation_accepted": _l("An invitation was accepted"),
    "organisation_created": _l("An organisation was added"),
    "organisation_suspended": _l("An organisation was suspended"),
    "organisation_reactivated": _l("An organisation was opened again"),
    "settings_changed": _l("An organisation's settings were changed"),
    # People brought in and lists taken out
    "import_uploaded": _l("A file was uploaded, to import people from"),
    "import_stopped": _l("An import was stopped"),
    "import_result_taken": _l("What became of each row of an import was downloaded"),
    "import_checked": _l("An import was checked without keeping anything"),
    "import_started": _l("An import was begun"),
    "import_finished": _l("An import was finished"),
    "import_undone": _l("What an import had added was taken back"),
    "import_undo_finished": _l("Taking back an import was finished"),
    "accounts_exported": _l("A list of accounts was downloaded"),
    "audit_exported": _l("The audit log was downloaded"),
    "audit_verified": _l("The audit log was verified"),
    "organisations_exported": _l("A list of organisations was downloaded"),
    "invitations_exported": _l("A list of invitations was downloaded"),
    "mail_exported": _l("A list of mail was downloaded"),
    # What administrators do
    "mail_sent_again": _l("A mail that had been refused was sent again"),
    "activation_sent": _l("The activation mail was sent again"),
    "reset_sent": _l("A mail to set a new password was sent"),
    "factor_removed": _l("The second step was taken away"),
    "role_changed": _l("A role was changed"),
    "seats_ended": _l("What was open at an organisation was ended"),
    "impersonation_started": _l("An administrator began to look as this person"),
    "impersonation_ended": _l("Looking as this person ended"),
    "everybody_signed_out": _l("Everybody was signed out"),
    "organisation_renamed": _l("An organisation was given another name"),
    "colour_changed": _l("An organisation's colour was changed"),
    "logo_changed": _l("An organisation's logo was changed"),
    "logo_removed": _l("An organisation's logo was removed"),
}


class Told(Protocol):
    """What there is to say something about: an event, as it is kept or as it was read."""

    @property
    def what(self) -> str:
        """The word for what happened."""

    @property
    def details(self) -> dict[str, Any]:
        """The short facts about it."""


UNKNOWN = _l("Something else was written down: %(what)s")
REASONS = {
    "unknown_account": _l("No such account"),
    "wrong_password": _l("Wrong password"),
    "not_activated": _l("The address was not confirmed yet"),
    "account_suspended": _l("The account was suspended"),
    "no_way_in": _l("The password was right, but every way in was shut"),
    "membership_locked": _l("Locked after too many wrong tries"),
    "locked": _l("Locked after too many wrong tries"),
    "too_many_tries": _l("Too many wrong tries from one network"),
    "organisation_suspended": _l("The organisation was suspended"),
    "generic_not_allowed": _l("The organisation admits no accounts without an address"),
    "ticket_refused": _l("It took too long"),
    "last_superuser": _l("The portal would be left without a superuser"),
    "last_administrator": _l("An organisation would be left without an administrator"),
    "stopped": _l("The administrator stopped"),
    "expired": _l("Its fifteen minutes were over"),
    "withdrawn": _l("The administrator signed out, or was not to look any longer"),
    "ended_by_person": _l("The person ended it"),
}
FACTORS = {
    Factor.NONE: _l("By the password alone"),
    Factor.PIN: _l("With a PIN from a mail"),
    Factor.CODE: _l("With a code from the app"),
    Factor.PASSKEY: _l("With a passkey"),
    Factor.RECOVERY: _l("With a recovery code"),
    Factor.ENROLMENT: _l("While an app was set up"),
}


def sentence(event: Told) -> str:
    """Return what happened; of an event that a newer Doorward wrote, what it is called."""
    known = SENTENCES.get(event.what)
    return str(UNKNOWN) % {"what": event.what} if known is None else str(known)


def facts(event: Told, organisation: str | None) -> list[str]:
    """Return what else is known of an event: why, how, where, as what."""
    details = event.details
    told = [
        _of(REASONS, details.get("reason")),
        _of({each.value: words for each, words in FACTORS.items()}, details.get("factor")),
        _role(details.get("role")),
        _("At %(organisation)s", organisation=organisation) if organisation else "",
    ]
    return [each for each in told if each]


def _of(table: dict[str, Any], word: object) -> str:
    return str(table.get(str(word), ""))


def _role(value: object) -> str:
    known = {role.value for role in Role}
    return _("As %(role)s", role=roles.name(Role(value))) if value in known else ""
