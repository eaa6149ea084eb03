"""Roles that follow a directory's groups, in the caller's transaction.

What a group gave is taken when somebody leaves it, whoever they are: the directory decides, and a
superuser can appoint another administrator. What people gave by hand stays as it is.
"""

import uuid

from sqlalchemy import select

from app import db
from app.directory import reader
from app.models import Account, Membership, Organisation, Role
from app.operations import appointments, audit, memberships
from app.operations.visitor import Visitor

Place = tuple[uuid.UUID, Role]


def follow(account: Account, groups: frozenset[str], visitor: Visitor) -> None:
    """Give the roles of these groups, and take those that another group had given."""
    wanted = _of(groups)
    held = {(m.organisation_id, m.role): m for m in memberships.of(account.id)}
    for place, membership in held.items():
        if membership.from_directory and place not in wanted:
            _record("membership_removed", membership, visitor)
            appointments.dismiss(membership)
    for place in wanted:
        if place not in held:
            organisation = db.session().get_one(Organisation, place[0])
            membership = appointments.appoint(account, organisation, place[1])
            membership.from_directory = True
            _record("membership_added", membership, visitor)


def places(groups: frozenset[str]) -> list[Organisation]:
    """Return the organisations that these groups lead to."""
    theirs = {place for place, _ in _of(groups)}
    return list(db.session().scalars(select(Organisation).where(Organisation.id.in_(theirs))))


def _of(groups: frozenset[str]) -> list[Place]:
    """Return the roles that groups stand for, at organisations that there are."""
    mapped = {dn: (place, Role(role)) for dn, (place, role) in reader.settings().groups.items()}
    wanted = {mapped[group] for group in groups}
    there = select(Organisation.id).where(Organisation.id.in_([place for place, _ in wanted]))
    known = set(db.session().scalars(there))
    return sorted(each for each in wanted if each[0] in known)


def _record(what: str, membership: Membership, visitor: Visitor) -> None:
    audit.record(
        what,
        visitor,
        account_id=membership.account_id,
        organisation_id=membership.organisation_id,
        role=membership.role.value,
        from_directory=1,
    )
