"""Who may administer what: one table, and whatever is not in it is refused."""

import enum

from app.models import Role


class Action(enum.StrEnum):
    """What administrators do."""

    SEE_DASHBOARD = "see_dashboard"
    SEE_CONDITION = "see_condition"
    SEE_ACCOUNTS = "see_accounts"
    EXPORT_ACCOUNTS = "export_accounts"
    SEE_WAYS_IN = "see_ways_in"
    CREATE_ACCOUNT = "create_account"
    SEND_ACTIVATION = "send_activation"
    SUSPEND = "suspend"
    REACTIVATE = "reactivate"
    UNLOCK = "unlock"
    UNLOCK_HERE = "unlock_here"
    UNLOCK_NETWORK = "unlock_network"
    SEND_RESET = "send_reset"
    SEND_RESET_HERE = "send_reset_here"
    REMOVE_FACTOR = "remove_factor"
    END_SESSIONS = "end_sessions"
    END_SEATS = "end_seats"
    END_EVERYBODY = "end_everybody"
    ADD_MEMBERSHIP = "add_membership"
    REMOVE_MEMBERSHIP = "remove_membership"
    CHANGE_ROLE = "change_role"
    SEE_ORGANISATIONS = "see_organisations"
    CREATE_ORGANISATION = "create_organisation"
    SEE_ORGANISATION = "see_organisation"
    CHANGE_ORGANISATION = "change_organisation"
    MARK_ORGANISATION = "mark_organisation"
    SUSPEND_ORGANISATION = "suspend_organisation"
    SEE_INVITATIONS = "see_invitations"
    INVITE = "invite"
    WITHDRAW_INVITATION = "withdraw_invitation"
    SEE_DIRECTORY = "see_directory"
    EXPORT_ORGANISATIONS = "export_organisations"
    EXPORT_INVITATIONS = "export_invitations"
    SEE_MAIL = "see_mail"
    EXPORT_MAIL = "export_mail"
    SEND_MAIL_AGAIN = "send_mail_again"
    SEE_AUDIT = "see_audit"
    EXPORT_AUDIT = "export_audit"
    VERIFY_AUDIT = "verify_audit"
    IMPERSONATE = "impersonate"
    SEE_IMPORTS = "see_imports"
    IMPORT = "import"
    UNDO_IMPORT = "undo_import"


class Reach(enum.Enum):
    """How far an action reaches from a seat."""

    PORTAL = "portal"  # everything
    ORGANISATION = "organisation"  # what belongs to the seat's organisation
    ALONE = "alone"  # accounts that belong to the seat's organisation and to nothing else


PORTAL, ORGANISATION, ALONE = Reach.PORTAL, Reach.ORGANISATION, Reach.ALONE

# What is not here is refused. Account administrators do not create accounts: they would learn
# which addresses have one elsewhere. They invite, which looks alike for everybody, and their
# imports do no more (operations.import_inviting).
TABLE: dict[Action, dict[Role, Reach]] = {
    Action.SEE_DASHBOARD: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ORGANISATION},
    Action.SEE_CONDITION: {Role.SUPERUSER: PORTAL},
    Action.SEE_ACCOUNTS: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ORGANISATION},
    Action.EXPORT_ACCOUNTS: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ORGANISATION},
    Action.SEE_WAYS_IN: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ORGANISATION},
    Action.CREATE_ACCOUNT: {Role.SUPERUSER: PORTAL},
    Action.SEND_ACTIVATION: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ALONE},
    Action.SUSPEND: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ALONE},
    Action.REACTIVATE: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ALONE},
    Action.UNLOCK: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ALONE},
    Action.UNLOCK_HERE: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ORGANISATION},
    Action.UNLOCK_NETWORK: {Role.SUPERUSER: PORTAL},
    Action.SEND_RESET: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ALONE},
    Action.SEND_RESET_HERE: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ORGANISATION},
    Action.REMOVE_FACTOR: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ALONE},
    Action.END_SESSIONS: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ALONE},
    Action.END_SEATS: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ORGANISATION},
    Action.END_EVERYBODY: {Role.SUPERUSER: PORTAL},
    Action.ADD_MEMBERSHIP: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ORGANISATION},
    Action.REMOVE_MEMBERSHIP: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ORGANISATION},
    Action.CHANGE_ROLE: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ORGANISATION},
    Action.SEE_ORGANISATIONS: {Role.SUPERUSER: PORTAL},
    Action.CREATE_ORGANISATION: {Role.SUPERUSER: PORTAL},
    Action.SEE_ORGANISATION: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ORGANISATION},
    Action.CHANGE_ORGANISATION: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ORGANISATION},
    Action.MARK_ORGANISATION: {Role.SUPERUSER: PORTAL},
    Action.SUSPEND_ORGANISATION: {Role.SUPERUSER: PORTAL},
    Action.SEE_INVITATIONS: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ORGANISATION},
    Action.INVITE: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ORGANISATION},
    Action.WITHDRAW_INVITATION: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ORGANISATION},
    Action.SEE_DIRECTORY: {Role.SUPERUSER: PORTAL},
    Action.EXPORT_ORGANISATIONS: {Role.SUPERUSER: PORTAL},
    Action.EXPORT_INVITATIONS: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ORGANISATION},
    Action.SEE_MAIL: {Role.SUPERUSER: PORTAL},
    Action.EXPORT_MAIL: {Role.SUPERUSER: PORTAL},
    Action.SEND_MAIL_AGAIN: {Role.SUPERUSER: PORTAL},
    Action.SEE_AUDIT: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ORGANISATION},
    Action.EXPORT_AUDIT: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ORGANISATION},
    Action.VERIFY_AUDIT: {Role.SUPERUSER: PORTAL},
    # And only somebody whose role is below the seat's: see operations.impersonation.
    Action.IMPERSONATE: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ALONE},
    Action.SEE_IMPORTS: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ORGANISATION},
    Action.IMPORT: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ORGANISATION},
    Action.UNDO_IMPORT: {Role.SUPERUSER: PORTAL, Role.ACCOUNT_ADMIN: ORGANISATION},
}
RANKS = {Role.STUDENT: 0, Role.TEACHER: 1, Role.ACCOUNT_ADMIN: 2, Role.SUPERUSER: 3}
