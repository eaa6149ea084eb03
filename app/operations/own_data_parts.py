"""What an account's owner takes along: each list with its columns, by name.

A column that is not named here is not written. No secret is, and nothing that stands for one:
hashes, digests, sealed words, keys.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from app.models import (
    Account,
    AddressTicket,
    AuditEvent,
    DirectoryEntry,
    Impersonation,
    Invitation,
    KnownNetwork,
    Membership,
    Organisation,
    OutgoingMail,
    Passkey,
    Password,
    RecoveryCode,
    RememberedDevice,
    Seat,
    Session,
    TotpDevice,
)
from app.operations.history import BY_ADMINISTRATOR


@dataclass(frozen=True)
class Part:
    """A list in the document: what it shows, whose it is, and the order of its rows."""

    name: str
    shown: Select[*tuple[Any, ...]]
    owner: InstrumentedAttribute[Any]
    keys: tuple[InstrumentedAttribute[Any], ...]


ACCOUNT = select(
    Account.id,
    Account.short_id,
    Account.email,
    Account.username,
    Account.name,
    Account.created_at,
    Account.registered_at,
    Account.activated_at,
    Account.suspended_at,
    Account.pin_chosen_at,
    Account.removal_due_at,
)

_PLACE = Organisation.name.label("organisation")

_MEMBERSHIPS = (
    select(_PLACE, Membership.role, Membership.created_at)
    .select_from(Membership)
    .outerjoin(Organisation, Organisation.id == Membership.organisation_id)
)
_PASSWORDS = (
    select(_PLACE, Password.changed_at)
    .select_from(Password)
    .outerjoin(Organisation, Organisation.id == Password.organisation_id)
)
_PASSKEYS = select(
    Passkey.name,
    Passkey.transports,
    Passkey.backed_up,
    Passkey.created_at,
    Passkey.last_used_at,
)
_REMEMBERED_DEVICES = select(
    RememberedDevice.address,
    RememberedDevice.user_agent,
    RememberedDevice.factor,
    RememberedDevice.proved_at,
    RememberedDevice.last_used_at,
    RememberedDevice.expires_at,
)
_SESSIONS = select(
    Session.interface,
    Session.address,
    Session.user_agent,
    Session.opened_at,
    Session.last_seen_at,
    Session.expires_at,
    Session.account_proved_at,
    Session.factor,
    Session.factor_proved_at,
).where(Session.impersonation_id.is_(None))
_SEATS = (
    select(
        _PLACE,
        Membership.role,
        Seat.opened_at,
        Session.opened_at.label("session_opened_at"),
    )
    .select_from(Seat)
    .join(Session, and_(Session.id == Seat.session_id, Session.impersonation_id.is_(None)))
    .join(Membership, Membership.id == Seat.membership_id)
    .outerjoin(Organisation, Organisation.id == Membership.organisation_id)
)
_ADMINISTRATOR = aliased(Account)
_IMPERSONATIONS = (
    select(
        _ADMINISTRATOR.name.label("administrator"),
        Impersonation.reason,
        Impersonation.started_at,
        Impersonation.expires_at,
        Impersonation.ended_at,
    )
    .select_from(Impersonation)
    .outerjoin(_ADMINISTRATOR, _ADMINISTRATOR.id == Impersonation.administrator_id)
)
_SENDER = aliased(Account)
_INVITATIONS = (
    select(
        _PLACE,
        Invitation.role,
        Invitation.email,
        Invitation.name,
        _SENDER.name.label("invited_by"),
        Invitation.created_at,
        Invitation.sent_at,
        Invitation.expires_at,
        Invitation.accepted_at,
        Invitation.withdrawn_at,
    )
    .select_from(Invitation)
    .join(
        Account,
        or_(Account.id == Invitation.accepted_by_id, Account.email_key == Invitation.email_key),
    )
    .join(Organisation, Organisation.id == Invitation.organisation_id)
    .outerjoin(_SENDER, _SENDER.id == Invitation.invited_by_id)
)
_ADDRESS_CHANGES = select(
    AddressTicket.new_email, AddressTicket.created_at, AddressTicket.expires_at
)
_STATE: ColumnElement[str] = case(
    (OutgoingMail.sent_at.is_not(None), "sent"),
    (OutgoingMail.failed_at.is_not(None), "failed"),
    else_="waiting",
)
_MAILS = select(
    OutgoingMail.kind,
    OutgoingMail.recipient,
    OutgoingMail.created_at,
    _STATE.label("state"),
    OutgoingMail.sent_at,
    OutgoingMail.failed_at,
)
_HISTORY = (
    select(
        AuditEvent.at,
        AuditEvent.what,
        BY_ADMINISTRATOR.label("by_administrator"),
        _PLACE,
        AuditEvent.interface,
        AuditEvent.address,
        AuditEvent.details,
    )
    .select_from(AuditEvent)
    .join(Account, and_(Account.id == AuditEvent.account_id, AuditEvent.at >= Account.created_at))
    .outerjoin(Organisation, Organisation.id == AuditEvent.organisation_id)
)

PARTS = (
    Part(
        "memberships",
        _MEMBERSHIPS,
        Membership.account_id,
        (Membership.created_at, Membership.id),
    ),
    Part("passwords", _PASSWORDS, Password.account_id, (Password.changed_at, Password.id)),
    Part(
        "authenticator_apps",
        select(TotpDevice.created_at, TotpDevice.confirmed_at),
        TotpDevice.account_id,
        (TotpDevice.created_at, TotpDevice.id),
    ),
    Part("passkeys", _PASSKEYS, Passkey.account_id, (Passkey.created_at, Passkey.id)),
    Part(
        "recovery_codes",
        select(RecoveryCode.created_at),
        RecoveryCode.account_id,
        (RecoveryCode.created_at, RecoveryCode.id),
    ),
    Part(
        "remembered_devices",
        _REMEMBERED_DEVICES,
        RememberedDevice.account_id,
        (RememberedDevice.proved_at, RememberedDevice.id),
    ),
    Part(
        "known_networks",
        select(KnownNetwork.network, KnownNetwork.seen_at),
        KnownNetwork.account_id,
        (KnownNetwork.network,),
    ),
    Part("sessions", _SESSIONS, Session.account_id, (Session.opened_at, Session.id)),
    Part("seats", _SEATS, Session.account_id, (Seat.opened_at, Seat.id)),
    Part(
        "impersonations",
        _IMPERSONATIONS,
        Impersonation.account_id,
        (Impersonation.started_at, Impersonation.id),
    ),
    Part("invitations", _INVITATIONS, Account.id, (Invitation.created_at, Invitation.id)),
    Part(
        "directory_entries",
        select(DirectoryEntry.key, DirectoryEntry.seen_at, DirectoryEntry.gone_at),
        DirectoryEntry.account_id,
        (DirectoryEntry.account_id,),
    ),
    Part(
        "address_changes",
        _ADDRESS_CHANGES,
        AddressTicket.account_id,
        (AddressTicket.created_at, AddressTicket.id),
    ),
    Part("mails", _MAILS, OutgoingMail.account_id, (OutgoingMail.created_at, OutgoingMail.id)),
    Part("history", _HISTORY, AuditEvent.account_id, (AuditEvent.position,)),
)
