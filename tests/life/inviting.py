"""Invitations: sent by whoever administers, accepted by whoever has the address by then."""

import pytest

from app.db import db
from app.errors import Refusal
from app.models import Interface, Invitation, Membership, Role
from app.operations import joining
from app.operations.visitor import Visitor
from app.security.identities import address_key
from tests.life import rows
from tests.life.machine import Acts, Machine
from tests.life.people import Invited, Member, Person, Place

GUEST = Visitor(Interface.PAGES, "192.0.2.78")
ROLES = ["Student", "Teacher", "Account Admin"]


class Inviting(Machine):
    """By operations: the pages of both are no part of anybody's session."""

    def acts(self) -> Acts:
        hosts = any(self.may_invite(person, None) for person in self.world.people)
        return super().acts() | {
            "invite": 2 * hosts,
            "accept_invitation": 4 * bool(self.world.invited),
        }

    def invite(self) -> None:
        """Invite somebody who has an account; twice to the same is once."""
        people = [each for each in self.world.people if not each.removed]
        host = self.pick([p for p in people if self.may_invite(p, None)], "host")
        places = [p for p in self.world.life.places if self.may_invite(host, p)]
        place, role = self.pick(places, "where"), self.pick(ROLES, "role")
        email, number = self.pick(people, "guest").email, next(self.world.number)
        if any((e.place, e.role, e.email) == (place, role, email) for e in self.world.invited):
            return
        sent = Invited(
            f"an invitation {number}",
            host,
            place,
            role,
            email,
            self.world.now + Invitation.LIFETIME,
        )
        self.world.secrets.add(sent.secret)
        self.world.invited.append(sent)
        db.session.add(row_of(sent))
        db.session.commit()

    def accept_invitation(self) -> None:
        """Become a member by the link alone: it opens no session, and ends what is too weak."""
        sent = self.pick(self.world.invited, "invitation")
        if not self.is_good(sent):
            with pytest.raises(Refusal):
                joining.accept_existing(sent.secret, GUEST)
            return
        joining.accept_existing(sent.secret, GUEST)
        self.world.invited.remove(sent)
        [guest] = self.named(sent.email)
        if not any(each.role == sent.role for each in guest.at(sent.place)):
            named = {"account_id": guest.id, "organisation_id": sent.place.id}
            found = db.session.query(Membership.id).filter_by(role=Role(sent.role), **named)
            guest.members.append(Member(found.scalar(), guest, sent.place, sent.role))
        self.world.life.enforce(sent.place)
        with pytest.raises(Refusal):
            joining.accept_existing(sent.secret, GUEST)

    def is_good(self, sent: Invited) -> bool:
        """Tell whether it holds, and whether its address is that of somebody who may join."""
        backed = self.may_invite(sent.host, sent.place) and not sent.place.suspended
        return backed and self.world.now < sent.ends and any(p.open for p in self.named(sent.email))

    def may_invite(self, host: Person, place: Place | None) -> bool:
        """Tell whether somebody administers a place, or the portal; or anything at all."""
        if not host.open:
            return False
        offices = [m for m in host.members if m.role in {"Superuser", "Account Admin"}]
        return any(place is None or m.place in {None, place} for m in offices)

    def named(self, email: str) -> list[Person]:
        return [p for p in self.world.people if p.email == email and not p.removed]


def row_of(sent: Invited) -> Invitation:
    """Return what is kept of it: as a mail from an administrator's page leaves it."""
    return Invitation(
        digest=rows.digest(sent.secret),
        organisation_id=sent.place.id,
        role=Role(sent.role),
        email=sent.email,
        email_key=address_key(sent.email),
        invited_by_id=sent.host.id,
        expires_at=sent.ends,
    )
