"""What each kind of mail is called. A subject is shown on locked screens: it has no secrets."""

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

LONGEST_NAME = 100  # characters of an organisation's name that a subject has room for

SUBJECTS: dict[str, LazyString] = {
    "activation": _l("Confirm your address for Doorward"),
    "already_registered": _l("You already have a Doorward account"),
    "pin": _l("Your PIN for Doorward"),
    "reset": _l("Set a new password for Doorward"),
    "password_in_directory": _l("Where you change your password"),
    "unlock": _l("Unlock your Doorward account"),
    "locked": _l("Your Doorward account is locked for a while"),
    "membership_locked": _l("Your Doorward account is locked for a while"),
    "second_step_locked": _l("Too many wrong answers to the second step of your Doorward account"),
    "new_device": _l("New sign-in to your Doorward account"),
    "password_changed": _l("Your Doorward password was changed"),
    "app_added": _l("An authenticator app was added to your Doorward account"),
    "app_removed": _l("The authenticator app was removed from your Doorward account"),
    "app_replaced": _l("The authenticator app of your Doorward account was replaced"),
    "factors_removed": _l("The second step was removed from your Doorward account"),
    "impersonated": _l("An administrator looks at Doorward as you"),
    "recovery_codes_made": _l("New recovery codes for your Doorward account"),
    "recovery_code_used": _l("A recovery code was used for your Doorward account"),
    "passkey_added": _l("A passkey was added to your Doorward account"),
    "passkey_removed": _l("A passkey was removed from your Doorward account"),
    "passkey_copied": _l("A passkey of your Doorward account may have been copied"),
    "set_up": _l("Set up an authenticator app for Doorward"),
    "pin_chosen": _l("PINs by e-mail were turned on for your Doorward account"),
    "pin_left": _l("PINs by e-mail were turned off for your Doorward account"),
    "address_changed": _l("Your Doorward account has a new address"),
    "sessions_ended": _l("Somebody else may have used your Doorward account"),
    "address_put_back": _l("Your Doorward account has its former address again"),
    "not_me_reported": _l("Somebody reported a misuse of their Doorward account"),
    "new_address": _l("Confirm the new address of a Doorward account"),
    "removal_scheduled": _l("Your Doorward account will be removed"),
    "removal_refused": _l("Your Doorward account was not removed"),
    "account_removed": _l("Your Doorward account is removed"),
    "invitation": _l("You are invited to Doorward"),
}

SUBJECTS_OF_AN_ORGANISATION: dict[str, LazyString] = {
    "pin": _l("Your PIN for %(organisation)s"),
    "reset": _l("Set a new password for %(organisation)s"),
    "password_changed": _l("Your password for %(organisation)s was changed"),
    "membership_locked": _l("Your account at %(organisation)s is locked for a while"),
    "new_device": _l("New sign-in to your account at %(organisation)s"),
    "invitation": _l("You are invited to %(organisation)s"),
}


def subject(kind: str, words: Mapping[str, str]) -> str:
    """Return the subject of a mail of this kind; it names the organisation, if there is one."""
    organisation = words.get("organisation", "")
    if organisation and kind in SUBJECTS_OF_AN_ORGANISATION:
        shown = {"organisation": organisation[:LONGEST_NAME]}
        return str(SUBJECTS_OF_AN_ORGANISATION[kind]) % shown
    return str(SUBJECTS[kind])
