"""Inviting people to an organisation: what administrators do; see operations.joining.

Whoever invites is told about their own organisation and about nothing else: whether the portal
knows an address changes neither the answer, nor the mail, nor anything in the list.
"""

import enum
import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, delete, exists, select, update
from sqlalchemy.exc import IntegrityError

from app import config, db
from app.clock import now
from app.errors import (
    AlreadyExists,
    InvalidAddress,
    NotFound,
    OrganisationSuspended,
    OutOfReach,
    ResendTooSoon,
    TicketRefused,
)
from app.mail import outbox
from app.models import Account, Counted, Invitation, Membership, Organisation, Role
from app.operations import audit, authority, invitation_list, invitees, lockout
from app.operations.authority import Administrator
from app.operations.invitation_list import State
from app.operations.invitees import Invitee
from app.operations.rights import Action
from app.operations.visitor import Visitor
from app.security.identities import address_key, mailing_address
from app.security.tokens import digest, new_secret

MOST_LINES = 500  # of one list
LONGEST_IN_A_MAIL = 100  # characters of what somebody or a place is called
HOUR = timedelta(hours=1)
# Of one organisation to one address. It stays below what one address gets from all of them
# (mail.limits), so that nobody finds out by trying what others have sent.
SENT = lockout.Limit(Counted.ASKING, 3, HOUR, HOUR)


class Verdict(enum.StrEnum):
    """What became of somebody who was to be invited."""

    INVITED = "invited"
    MEMBER = "member"  # has that role here already
    WAITING = "waiting"  # was invited to it already
    NO_ADDRESS = "no_address"
    TOO_MANY_MAILS = "too_many_mails"
    BEYOND = "beyond"  # of what one list may hold


@dataclass(frozen=True)
class Told:
    """One line of a list, and what became of it."""

    invitee: Invitee
    verdict: Verdict


def invite(
    administrator: Administrator,
    organisation_id: uuid.UUID,
    role: Role,
    invitee: Invitee,
    visitor: Visitor,
) -> Verdict:
    """Mail somebody a link that makes them a member, and tell what became of it.

    One that has expired makes room. Raises ProofRequired, NotFound (also for the superusers' role,
    which belongs to no organisation), OutOfReach, and OrganisationSuspended.
    """
    try:
        with authority.acting(administrator, Action.INVITE):
            place = _place(administrator, organisation_id, role)
            invitation = _prepared(place, role, invitee)
            verdict = _obstacle(invitation)
            if verdict is None:
                _send(invitation, administrator.account_id)
                db.session().add(invitation)
                _record("invited", invitation, administrator.account_id, visitor)
            return verdict or Verdict.INVITED
    except InvalidAddress:
        return Verdict.NO_ADDRESS
    except IntegrityError:
        return Verdict.WAITING  # somebody was quicker


def invite_many(
    administrator: Administrator,
    organisation_id: uuid.UUID,
    role: Role,
    text: str,
    visitor: Visitor,
) -> list[Told]:
    """Invite everybody on a list (invitees.read), each in a transaction of their own.

    Tells what became of each line, in their order. Raises what `invite` does.
    """
    authority.require_fresh(administrator, Action.INVITE)
    listed = invitees.read(text)
    told = [
        Told(each, invite(administrator, organisation_id, role, each, visitor))
        for each in listed[:MOST_LINES]
    ]
    return [*told, *(Told(each, Verdict.BEYOND) for each in listed[MOST_LINES:])]


def send_again(
    administrator: Administrator,
    organisation_id: uuid.UUID,
    invitation_id: uuid.UUID,
    visitor: Visitor,
) -> None:
    """Mail an invitation anew, open or expired, for another week; the link before it dies.

    Raises ProofRequired, NotFound, OutOfReach, OrganisationSuspended, TicketRefused for one that is
    accepted or withdrawn, AlreadyExists for somebody who has the role meanwhile, and ResendTooSoon.
    """
    with authority.acting(administrator, Action.INVITE):
        invitation = _held(administrator, organisation_id, invitation_id)
        _place(administrator, organisation_id, invitation.role)
        if invitation.accepted_at is not None or invitation.withdrawn_at is not None:
            raise TicketRefused
        if _is_member(invitation):
            raise AlreadyExists
        if not _takes(invitation):
            raise ResendTooSoon(int(HOUR.total_seconds()))
        invitation.sends += 1
        _send(invitation, administrator.account_id)
        _record("invitation_sent_again", invitation, administrator.account_id, visitor)


def withdraw(
    administrator: Administrator,
    organisation_id: uuid.UUID,
    invitation_id: uuid.UUID,
    visitor: Visitor,
) -> None:
    """Let an invitation's link open nothing any more.

    Raises ProofRequired, NotFound, OutOfReach, and TicketRefused for one that is accepted, or
    withdrawn already.
    """
    with authority.acting(administrator, Action.WITHDRAW_INVITATION) as session:
        invitation = _held(administrator, organisation_id, invitation_id)
        _require_grant(administrator, invitation.role)
        waits = update(Invitation).where(
            Invitation.id == invitation.id, invitation_list.not_settled()
        )
        gone = waits.values(withdrawn_at=now(), password_hash=None).returning(Invitation.id)
        if session.scalar(gone) is None:
            raise TicketRefused
        _record("invitation_withdrawn", invitation, administrator.account_id, visitor)


def send_for_import(invitation: Invitation, by: uuid.UUID, visitor: Visitor) -> bool:
    """Mail an invitation that an import makes, in its transaction; False for too many mails."""
    if not _takes(invitation):
        return False
    _send(invitation, by)
    db.session().add(invitation)
    _record("invited", invitation, by, visitor)
    return True


def withdraw_for_import(invitation: Invitation, by: uuid.UUID | None, visitor: Visitor) -> None:
    """Let an invitation that nobody accepted open nothing, in the caller's transaction."""
    invitation.withdrawn_at, invitation.password_hash = now(), None
    _record("invitation_withdrawn", invitation, by, visitor)


def _place(administrator: Administrator, organisation_id: uuid.UUID, role: Role) -> Organisation:
    place = authority.organisation(administrator, organisation_id)
    _require_grant(administrator, role)
    if role is Role.SUPERUSER:
        raise NotFound
    if place.suspended_at is not None:
        raise OrganisationSuspended
    return place


def _require_grant(administrator: Administrator, role: Role) -> None:
    if not authority.may_grant(administrator, role):
        raise OutOfReach


def _prepared(place: Organisation, role: Role, invitee: Invitee) -> Invitation:
    return Invitation(
        id=uuid.uuid4(),
        organisation_id=place.id,
        role=role,
        email=mailing_address(invitee.address),
        email_key=address_key(invitee.address),
        name=invitees.named(invitee.name),
        created_at=now(),
    )


def _obstacle(invitation: Invitation) -> Verdict | None:
    """Return why somebody is not invited; what has expired is no reason, and goes."""
    if _is_member(invitation):
        return Verdict.MEMBER
    same = and_(
        Invitation.organisation_id == invitation.organisation_id,
        Invitation.role == invitation.role,
        Invitation.email_key == invitation.email_key,
    )
    expired = delete(Invitation).where(same, invitation_list.is_in(State.EXPIRED))
    db.session().execute(expired.execution_options(synchronize_session=False))
    if db.session().scalar(select(exists().where(same, invitation_list.not_settled()))):
        return Verdict.WAITING
    return None if _takes(invitation) else Verdict.TOO_MANY_MAILS


def _is_member(invitation: Invitation) -> bool:
    here = exists().where(
        Membership.organisation_id == invitation.organisation_id,
        Membership.role == invitation.role,
        Membership.account_id == Account.id,
        Account.email_key == invitation.email_key,
    )
    return bool(db.session().scalar(select(here)))


def _takes(invitation: Invitation) -> bool:
    """Count one more mail from this organisation to this address; tell whether it may be sent."""
    whom = f"invitation:{invitation.organisation_id}:{digest(invitation.email_key)}"
    if config.current().rate_limits and lockout.charge(SENT, whom) is not None:
        return False
    return outbox.takes_to_stranger("invitation", invitation.email)


def _send(invitation: Invitation, by: uuid.UUID) -> None:
    """Give an invitation a new link, and mail it in the name of whoever sends it."""
    secret, sender = new_secret(), db.session().get_one(Account, by)
    place = db.session().get_one(Organisation, invitation.organisation_id)
    invitation.digest, invitation.sent_at = digest(secret), now()
    invitation.expires_at = now() + Invitation.LIFETIME
    invitation.invited_by_id = by
    words = {
        "organisation": place.name[:LONGEST_IN_A_MAIL],
        "by": sender.shown_name[:LONGEST_IN_A_MAIL],
        "role": invitation.role.value,
        "link": f"{config.current().base_url}/invitation?ticket={secret}",
    }
    until = invitation.expires_at
    outbox.put_to_stranger("invitation", invitation.email, words, expires_at=until)


def _held(
    administrator: Administrator, organisation_id: uuid.UUID, invitation_id: uuid.UUID
) -> Invitation:
    """Return an invitation as it is now, held until the transaction ends; raise NotFound."""
    place = authority.organisation(administrator, organisation_id)
    named = Invitation.id == invitation_id, Invitation.organisation_id == place.id
    held = select(Invitation).where(*named).with_for_update(of=Invitation)
    found = db.session().scalar(held.execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return found


def _record(what: str, invitation: Invitation, by: uuid.UUID | None, visitor: Visitor) -> None:
    """Write down what was done; the address is left out: it may be of nobody here."""
    audit.record(
        what,
        visitor,
        by=by,
        organisation_id=invitation.organisation_id,
        role=invitation.role.value,
        invitation=str(invitation.id),
    )
