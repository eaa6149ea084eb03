"""What contract 003 (InteDashboard) shows of people, organisations and sessions.

Its flags of organisations are the integers 0 and 1. What the portal has no word for (payment,
avatars, learning tools) has the value that the document's own samples show.
"""

from datetime import datetime
from typing import Any

from app import config
from app.clock import now
from app.models import Account, Factor, Membership, Organisation, Role, Session
from app.operations import memberships, sessions
from app.operations.ways_in import Offer, RefusedWay

Shape = dict[str, Any]

ROLE_IDS = {role: number for number, role in enumerate(Role, start=1)}  # 1 Superuser … 4 Student
SUPERUSERS = {"organisationName": "Superusers"}
TIME = "%Y-%m-%dT%H:%M:%SZ"


def offered(offer: Offer) -> Shape:
    """Return one role that can be signed in to.

    Who belongs to no organisation has one way in all the same: role and organisation are null,
    since any value would send the client to a place that is not there.
    """
    membership = offer.membership
    return {
        "role": membership.role.value if membership else None,
        "loginToken": offer.handle,
        "is2FAEnabled": offer.factor is not Factor.NONE,
        "organisation": _organisation_of(membership) if membership else None,
    }


def refused(way: RefusedWay, message: str) -> Shape:
    """Return one role that cannot be signed in to, and why."""
    return {
        "role": way.membership.role.value,
        "organisation": _organisation_of(way.membership),
        "message": message,
    }


def signed_in(session: Session, token: str) -> Shape:
    """Return what a client learns with its bearer."""
    return {
        "status_code": 200,
        "message": "OK",
        "user": user(session),
        "token": token,
        "required_change_password": 0,
        "currentTime": int(now().timestamp()),
        "api_url": f"{config.current().base_url}/v2",
        "isGeneric": session.account.email is None,
    }


def user(session: Session) -> Shape:
    """Return who is signed in, in the role of the session's newest seat.

    A session of another interface may hold no seat: then role and account are null.
    """
    membership = _newest_seat(session)
    place = membership.organisation if membership else None
    return {
        "role": membership.role.value if membership else None,
        "roleId": ROLE_IDS[membership.role] if membership else None,
        "isDeletable": 1,
        "avatar": None,
        **_person(session.account),
        "canAddTeacher": 0,
        "canUseExpressSignIn": 0,
        "isMultipleUser": len(memberships.of(session.account_id)) > 1,
        "dateLtiSignin": None,
        "status": "Active",  # who is not has no session
        "origin": "Email",
        "paidDate": _time(place.paid_at) if place else None,
        "account": _account_at(membership) if membership else None,
    }


def _person(account: Account) -> Shape:
    *first, last = account.shown_name.split() or [""]
    names = (" ".join(first), last) if first else (last, "")
    return {
        "firstname": names[0],
        "lastname": names[1],
        "uuid": str(account.id),
        "displayName": account.shown_name,
        "identity": account.email or account.username,
        "email": account.email,
    }


def _organisation_of(membership: Membership) -> Shape:
    place = membership.organisation
    if place is None:
        return SUPERUSERS
    return {
        "uuid": str(place.id),
        "accountName": place.account_name,
        "organisationName": place.name,
        "isActive": int(place.activated_at is not None),
        "isSuspended": int(place.suspended_at is not None),
        "settings": _settings_of(place),
        "isPaid": int(place.paid_at is not None),
    }


def _account_at(membership: Membership) -> Shape:
    place = membership.organisation
    if place is None:
        return SUPERUSERS
    return {
        "uuid": str(place.id),
        "paymentMethod": "Institution",
        "type": "Paid" if place.paid_at else "Free Trial",
        "organisationName": place.name,
        "settings": _settings_of(place),
        "version": "full",
        "paymentPlans": [],
    }


def _settings_of(place: Organisation) -> Shape | None:
    return place.settings.model_dump() if place.settings else None


def _newest_seat(session: Session) -> Membership | None:
    held = sorted(sessions.seats_of(session), key=lambda seat: seat.opened_at)
    return held[-1].membership if held else None


def _time(moment: datetime | None) -> str | None:
    return moment.strftime(TIME) if moment else None
