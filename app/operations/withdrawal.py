"""Taking back what was granted, once the reason for it is gone.

A session exists only if the policy was met when it was opened and still holds. There is one
exception: an administrator who looks as somebody else answers no factor of theirs. That session
proves nothing, lasts fifteen minutes, and is decided on by operations.impersonation instead, at
each request; so what is withdrawn here for want of a factor leaves it alone.

Each function runs inside the caller's transaction, with statements that do not grow with the
number of members.
"""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, delete, exists, select, update

from app import db
from app.clock import now
from app.models import (
    Account,
    Factor,
    Membership,
    Organisation,
    Password,
    RememberedDevice,
    Role,
    Seat,
    Session,
)
from app.operations.factors import satisfies

_IDS_ONLY = {"synchronize_session": False}


def seats_at(organisation_id: uuid.UUID) -> None:
    """Remove every seat at an organisation, and the sessions that held nothing else."""
    _remove_seats(select(Membership.id).where(Membership.organisation_id == organisation_id))


def seats_of(membership: Membership) -> None:
    """Remove the seats of one membership, and the sessions that held nothing else."""
    _remove_seats(select(Membership.id).where(Membership.id == membership.id))


def seats_of_account_at(account_id: uuid.UUID, organisation_id: uuid.UUID) -> None:
    """Remove one account's seats at one organisation, and the sessions that held nothing else."""
    _remove_seats(
        select(Membership.id).where(
            Membership.account_id == account_id, Membership.organisation_id == organisation_id
        )
    )


def own_password(account_id: uuid.UUID, organisation_id: uuid.UUID) -> None:
    """Remove the password that an account has of its own at one organisation."""
    _delete(
        Password, Password.account_id == account_id, Password.organisation_id == organisation_id
    )


def end_empty(account_id: uuid.UUID) -> None:
    """End an account's sessions that hold no seat and never met the account's own way in."""
    _end_empty(select(Account.id).where(Account.id == account_id))


def what_no_longer_meets(organisation: Organisation, *of_whom: ColumnElement[bool]) -> None:
    """Remove what was opened with less than the organisation now asks of its members.

    Seats there go. The account's own way in asks the strictest of all its organisations, so a
    session that proved it with less has to prove it again; without a seat, it ends. `of_whom`
    names some memberships, rather than all. Where no device may be trusted, none is any more; and
    no session with a seat there outlives, from now on, what the organisation allows.
    """
    if organisation.policy.sessionHours is not None:
        _shorten(organisation, now() + timedelta(hours=organisation.policy.sessionHours))
    if organisation.policy.rememberDeviceDays == 0:
        members = select(Membership.account_id)
        _forget_devices(members.where(Membership.organisation_id == organisation.id, *of_whom))
    for role in Role:
        demand = organisation.demand_on(role)
        too_weak = [factor for factor in Factor if not satisfies(factor, demand)]
        here = (Membership.organisation_id == organisation.id, Membership.role == role)
        if too_weak:
            _withdraw_from([*here, *of_whom], too_weak)


def _withdraw_from(here: list[ColumnElement[bool]], too_weak: list[Factor]) -> None:
    members = select(Membership.account_id).where(*here)
    of_members = Session.account_id.in_(members)
    weak = update(Session).where(of_members, Session.factor.in_(too_weak))
    proved = weak.where(Session.account_proved_at.is_not(None)).values(account_proved_at=None)
    db.session().execute(proved, execution_options=_IDS_ONLY)
    seats = Seat.membership_id.in_(select(Membership.id).where(*here))
    _delete(Seat, seats, Seat.factor.in_(too_weak), ~_looked_at())
    _end_empty(members)


def _shorten(organisation: Organisation, latest: datetime) -> None:
    here = Seat.membership_id.in_(
        select(Membership.id).where(Membership.organisation_id == organisation.id)
    )
    seated = Session.id.in_(select(Seat.session_id).where(here))
    longer = update(Session).where(seated, Session.expires_at > latest)
    db.session().execute(longer.values(expires_at=latest), execution_options=_IDS_ONLY)


def _forget_devices(accounts: Select[uuid.UUID]) -> None:
    trusted = select(RememberedDevice.id).where(RememberedDevice.account_id.in_(accounts))
    _delete(Session, Session.remembered_device_id.in_(trusted))
    _delete(RememberedDevice, RememberedDevice.account_id.in_(accounts))


def _remove_seats(memberships: Select[uuid.UUID]) -> None:
    accounts = select(Membership.account_id).where(Membership.id.in_(memberships))
    _delete(Seat, Seat.membership_id.in_(memberships))
    _end_empty(accounts)


def _end_empty(accounts: Select[uuid.UUID]) -> None:
    """End these accounts' sessions that hold no seat and never met the account's own way in."""
    seated = exists().where(Seat.session_id == Session.id)
    of_these = Session.account_id.in_(accounts)
    own = Session.impersonation_id.is_(None)
    _delete(Session, of_these, own, Session.account_proved_at.is_(None), ~seated)


def _looked_at() -> ColumnElement[bool]:
    """Return the condition for seats in which an administrator acts, not their owner."""
    of_others = select(Session.id).where(Session.impersonation_id.is_not(None))
    return Seat.session_id.in_(of_others)


def _delete(table: type[db.Base], *conditions: ColumnElement[bool]) -> None:
    db.session().execute(delete(table).where(*conditions), execution_options=_IDS_ONLY)
