"""The tables. One file per idea; every table's docstring says who writes it."""

from app.models.account import Account
from app.models.audit_chain import AuditCheckpoint, AuditHead, AuditStart
from app.models.audit_event import AuditEvent
from app.models.daily_count import CountedUpTo, DailyCount, DailyFactors
from app.models.directory_entry import DirectoryEntry
from app.models.impersonation import Impersonation
from app.models.imports import Import, ImportChunk, ImportRow, Outcome, Stage
from app.models.interface import Interface
from app.models.invitation import Invitation
from app.models.lockout import Counted, FailedSignIns, KnownNetwork
from app.models.membership import Membership
from app.models.organisation import (
    Demand,
    Organisation,
    OrganisationPolicy,
    OrganisationSettings,
    Role,
)
from app.models.organisation_logo import OrganisationLogo
from app.models.outgoing_mail import OutgoingMail
from app.models.passkey import ChallengeFor, Passkey, PasskeyChallenge
from app.models.password import Password
from app.models.pending_sign_in import EmailedPin, Factor, PendingSignIn, Verification
from app.models.recovery_code import RecoveryCode, RecoverySheet
from app.models.refresh_token import RefreshToken
from app.models.remembered_device import RememberedDevice
from app.models.request_count import RequestCount
from app.models.session import Seat, Session
from app.models.signing_key import SigningKey
from app.models.tickets import (
    ActivationTicket,
    AddressTicket,
    NotMeTicket,
    ResetTicket,
    Ticket,
    UnlockTicket,
)
from app.models.totp_device import TotpDevice

__all__ = [
    "Account",
    "ActivationTicket",
    "AddressTicket",
    "AuditCheckpoint",
    "AuditEvent",
    "AuditHead",
    "AuditStart",
    "ChallengeFor",
    "Counted",
    "CountedUpTo",
    "DailyCount",
    "DailyFactors",
    "Demand",
    "DirectoryEntry",
    "EmailedPin",
    "Factor",
    "FailedSignIns",
    "Impersonation",
    "Import",
    "ImportChunk",
    "ImportRow",
    "Interface",
    "Invitation",
    "KnownNetwork",
    "Membership",
    "NotMeTicket",
    "Organisation",
    "OrganisationLogo",
    "OrganisationPolicy",
    "OrganisationSettings",
    "Outcome",
    "OutgoingMail",
    "Passkey",
    "PasskeyChallenge",
    "Password",
    "PendingSignIn",
    "RecoveryCode",
    "RecoverySheet",
    "RefreshToken",
    "RememberedDevice",
    "RequestCount",
    "ResetTicket",
    "Role",
    "Seat",
    "Session",
    "SigningKey",
    "Stage",
    "Ticket",
    "TotpDevice",
    "UnlockTicket",
    "Verification",
]
