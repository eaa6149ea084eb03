"""Whom a change of an organisation's rules affects, told before it is made."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, false, func, or_, select

from app import db
from app.models import (
    Account,
    Demand,
    Factor,
    Membership,
    Organisation,
    Passkey,
    RememberedDevice,
    Role,
    Seat,
    TotpDevice,
)
from app.operations import organisation_settings
from app.operations.factors import satisfies

SHOWN = 50  # names; a number tells of the rest


@dataclass(frozen=True)
class Affected:
    """Who has to set up a second factor first, whose seats end, and whose devices are forgotten."""

    enrolling: int
    names: list[Account]
    seats: int
    devices: int

    def __bool__(self) -> bool:
        """Tell whether anybody is."""
        return bool(self.enrolling or self.seats or self.devices)


def affected(organisation: Organisation, assignments: Mapping[str, str]) -> Affected:
    """Return whom these settings would affect; changes nothing. Raises InvalidSetting."""
    changed = _as_changed(organisation, assignments)
    stricter = {
        role: changed.demand_on(role)
        for role in Role
        if changed.demand_on(role) > organisation.demand_on(role)
    }
    lacking = or_(false(), *(_lacks(role, demand) for role, demand in stricter.items()))
    here = (Membership.organisation_id == organisation.id, lacking)
    members = select(Account).join(Membership).where(*here).distinct()
    enrolling = db.session().scalar(select(func.count()).select_from(members.subquery())) or 0
    names = db.session().scalars(members.order_by(Account.name, Account.id).limit(SHOWN))
    forgets = changed.policy.rememberDeviceDays == 0
    devices = _devices(organisation.id) if forgets else 0
    return Affected(enrolling, list(names), _seats(organisation.id, stricter), devices)


def _as_changed(organisation: Organisation, assignments: Mapping[str, str]) -> Organisation:
    """Return an organisation like this one with the settings changed, that no session knows."""
    copy = Organisation(
        name=organisation.name, settings=organisation.settings, policy=organisation.policy
    )
    organisation_settings.assign(copy, assignments)
    return copy


def _lacks(role: Role, demand: Demand) -> ColumnElement[bool]:
    """Return the condition for members in a role who have nothing that answers a demand."""
    app = exists().where(
        TotpDevice.account_id == Membership.account_id, TotpDevice.confirmed_at.is_not(None)
    )
    passkey = exists().where(Passkey.account_id == Membership.account_id)
    lacks = ~(app | passkey)
    if demand is Demand.ANY:
        lacks &= Account.email_key.is_(None)
    return (Membership.role == role) & lacks


def _seats(organisation_id: uuid.UUID, stricter: Mapping[Role, Demand]) -> int:
    weak = or_(
        false(),
        *(
            (Membership.role == role)
            & Seat.factor.in_([each for each in Factor if not satisfies(each, demand)])
            for role, demand in stricter.items()
        ),
    )
    counted = select(func.count()).select_from(Seat).join(Membership)
    return (
        db.session().scalar(counted.where(Membership.organisation_id == organisation_id, weak)) or 0
    )


def _devices(organisation_id: uuid.UUID) -> int:
    members = select(Membership.account_id).where(Membership.organisation_id == organisation_id)
    counted = select(func.count()).where(RememberedDevice.account_id.in_(members))
    return db.session().scalar(counted) or 0
