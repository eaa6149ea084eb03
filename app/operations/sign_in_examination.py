"""Why somebody cannot sign in, as far as an administrator may know.

They are found as the sign-in finds them. From an organisation, whoever does not belong there is
not found, whether or not the portal knows them; and of those who do, only what is the
organisation's business is told.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app import db
from app.errors import InvalidAddress
from app.models import Account, AuditEvent, Invitation, Membership
from app.operations import (
    account_rules,
    account_view,
    accounts,
    authority,
    invitation_list,
    locks,
    recovery_codes,
    sign_in_facts,
    sign_in_verdicts,
)
from app.operations.account_rules import InReach
from app.operations.account_view import Factor
from app.operations.authority import Administrator
from app.operations.locks import Lock
from app.operations.rights import Action
from app.operations.sign_in_facts import Mail, NetworkLock
from app.operations.sign_in_verdicts import Verdicts, Way
from app.security.identities import address_key

MOST_WAYS = 50  # that are shown, those that are shut first
MOST_INVITATIONS = 5


@dataclass(frozen=True)
class Facts:
    """What is known besides, of somebody whose account is the administrator's business as a whole.

    `clock_offset` is how far their app's clock seems off; negative where it is slow. `turned_away`
    is how many tries met a lock of the account that lasts.
    """

    factors: list[Factor]
    recovery_codes: int
    clock_offset: timedelta | None
    tries: list[AuditEvent]
    turned_away: int
    mails: list[Mail]
    networks: list[NetworkLock]
    rules: list[InReach]
    removal_due_at: datetime | None
    activation_until: datetime | None


@dataclass(frozen=True)
class Examination:
    """All that an administrator may know of why an account is kept out.

    `ways` are those to show, `left_out` how many more there are. `facts` is None where the account
    as a whole is not this administrator's business. `offers` are the acts that they may do.
    """

    account: Account
    verdicts: Verdicts
    ways: list[Way]
    left_out: int
    known_devices: list[Lock]
    invitations: list[Invitation]
    facts: Facts | None
    offers: set[Action]


def find(administrator: Administrator, identity: str) -> uuid.UUID | None:
    """Return the account that an identity names, if the administrator may see it; one statement."""
    authority.require(administrator, Action.SEE_WAYS_IN)
    named = accounts.is_named(identity)
    if named is None:
        return None
    return db.session().scalar(select(Account.id).where(named, authority.within(administrator)))


def invitations_to(administrator: Administrator, identity: str) -> list[Invitation]:
    """Return what waits to be accepted at an address, as far as an administrator may know.

    It tells nothing of whether there is an account.
    """
    authority.require(administrator, Action.SEE_WAYS_IN)
    try:
        return _invitations(administrator, address_key(identity))
    except InvalidAddress:
        return []


def of(administrator: Administrator, account_id: uuid.UUID) -> Examination:
    """Return what an administrator may know of why an account is kept out; raise NotFound."""
    authority.require(administrator, Action.SEE_WAYS_IN)
    account = authority.see(administrator, account_id)
    ours = authority.memberships_seen(administrator, [account_id])
    whole = authority.belongs_here_alone(administrator, account_id)
    if whole:
        verdicts = sign_in_verdicts.of_whole(account, ours)
    else:
        verdicts = sign_in_verdicts.of_part(account, ours, administrator.organisation_id)
    ways = sorted(verdicts.ways, key=lambda way: not way.refusals)
    return Examination(
        account,
        verdicts,
        ways[:MOST_WAYS],
        max(0, len(ways) - MOST_WAYS),
        _known_devices(account, ways[:MOST_WAYS], whole=whole),
        _invitations(administrator, account.email_key),
        _facts(account, ours) if whole else None,
        account_view.offers_of(administrator, account),
    )


def _facts(account: Account, ours: list[Membership]) -> Facts:
    tries = sign_in_facts.tries_of(account)
    return Facts(
        account_view.factors_of(account),
        recovery_codes.left(account),
        sign_in_facts.clock_offset(tries),
        tries,
        sign_in_facts.turned_away(account),
        sign_in_facts.mails_to(account),
        sign_in_facts.network_locks(account, tries),
        account_rules.of(account, ours),
        account.removal_due_at,
        sign_in_facts.activation_until(account),
    )


def _known_devices(account: Account, shown: list[Way], *, whole: bool) -> list[Lock]:
    ours = [way.membership for way in shown if way.membership]
    return locks.of_known_devices(ours, account if whole else None)


def _invitations(administrator: Administrator, key: str | None) -> list[Invitation]:
    if key is None or authority.reach(administrator, Action.SEE_INVITATIONS) is None:
        return []
    waiting = select(Invitation).where(Invitation.email_key == key, invitation_list.not_settled())
    if not administrator.of_portal:
        waiting = waiting.where(Invitation.organisation_id == administrator.organisation_id)
    newest = waiting.order_by(Invitation.created_at.desc(), Invitation.id).limit(MOST_INVITATIONS)
    return list(db.session().scalars(newest.options(joinedload(Invitation.organisation))))
