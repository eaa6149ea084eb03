"""What happened to an account, in words."""

from flask_babel import lazy_gettext as _l

EVENTS = {
    "account_created": _l("Account added"),
    "account_reactivated": _l("Account reactivated"),
    "account_removed": _l("Account removed by its owner"),
    "account_suspended": _l("Account suspended"),
    "activated": _l("Address confirmed, account activated"),
    "activation_failed": _l("Wrong password while activating"),
    "activation_sent": _l("Activation mail sent"),
    "app_disabled": _l("Authenticator app removed by the person"),
    "app_enabled": _l("Authenticator app set up"),
    "confirmation_failed": _l("Wrong password before something dangerous"),
    "confirmed": _l("Proved again who it is"),
    "factor_removed": _l("Second factor removed by an administrator"),
    "invitation_accepted": _l("Invitation accepted"),
    "invitation_sent_again": _l("Invitation sent again"),
    "invitation_withdrawn": _l("Invitation withdrawn"),
    "invited": _l("Invited"),
    "membership_added": _l("Role given"),
    "membership_removed": _l("Role taken away"),
    "password_changed": _l("Password changed"),
    "password_reset": _l("Password set anew by mail"),
    "pin_resent": _l("Another PIN sent"),
    "refresh_token_reused": _l("A used refresh token came back: session ended"),
    "registered": _l("Registered"),
    "registered_again": _l("Somebody registered this address again"),
    "reset_asked": _l("Reset mail asked for"),
    "reset_sent": _l("Reset mail sent by an administrator"),
    "role_changed": _l("Role changed"),
    "seat_taken": _l("Another seat taken"),
    "seats_ended": _l("Signed out of the organisation by an administrator"),
    "session_ended": _l("A session ended"),
    "sessions_ended": _l("Sessions ended"),
    "sign_in_failed": _l("A sign-in failed"),
    "signed_in": _l("Signed in"),
    "signed_out": _l("Signed out"),
    "tokens_revoked": _l("Tokens revoked"),
    "unlock_asked": _l("Unlock mail asked for"),
    "unlocked": _l("Locks opened"),
    "wrong_code": _l("A wrong code"),
}


def name(what: str) -> str:
    """Return an event in words; one that has none of its own keeps its name."""
    return str(EVENTS.get(what, what.replace("_", " ").capitalize()))
