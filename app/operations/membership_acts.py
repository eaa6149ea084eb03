"""What administrators do to roles: giving, changing and taking them, each a transaction."""

import uuid

from app import db
from app.errors import NotFound, OutOfReach
from app.models import Membership, Organisation, Role
from app.operations import appointments, audit, authority, last_administrators
from app.operations.authority import Administrator
from app.operations.rights import Action
from app.operations.visitor import Visitor


def add(
    administrator: Administrator,
    account_id: uuid.UUID,
    role: Role,
    visitor: Visitor,
    at: uuid.UUID | None = None,
) -> None:
    """Give an account a role: at the seat's own organisation, or where a superuser says.

    Raises ProofRequired, NotFound, OutOfReach, and AlreadyExists.
    """
    action = Action.ADD_MEMBERSHIP
    with appointments.nothing_twice(), authority.acting(administrator, action):
        account = authority.touch(administrator, action, account_id)
        place = organisation_for(administrator, role, at)
        membership = appointments.appoint(account, place, role)
        _record("membership_added", membership, administrator, visitor)


def change_role(
    administrator: Administrator,
    account_id: uuid.UUID,
    membership_id: uuid.UUID,
    role: Role,
    visitor: Visitor,
) -> None:
    """Give a member another role in the place of the one they have; what they hold there ends.

    Raises ProofRequired, NotFound, OutOfReach, AlreadyExists, and LastAdministrator.
    """
    action = Action.CHANGE_ROLE
    with appointments.nothing_twice(), authority.acting(administrator, action):
        _keep_another(administrator, action, account_id, membership_id)
        account = authority.touch(administrator, action, account_id)
        old = seen(administrator, account_id, membership_id)
        _require_grant(administrator, old.role, role)
        if old.role is role:
            return
        before, place = old.role.value, old.organisation
        new = appointments.appoint(account, place, role)  # first: the own password there stays
        appointments.dismiss(old)
        _record("role_changed", new, administrator, visitor, before=before)


def remove(
    administrator: Administrator,
    account_id: uuid.UUID,
    membership_id: uuid.UUID,
    visitor: Visitor,
) -> None:
    """Take a role away, and what was opened with it.

    Raises ProofRequired, NotFound, OutOfReach, LastSuperuser, and LastAdministrator.
    """
    action = Action.REMOVE_MEMBERSHIP
    with authority.acting(administrator, action):
        _keep_another(administrator, action, account_id, membership_id)
        authority.touch(administrator, action, account_id)
        membership = seen(administrator, account_id, membership_id)
        _require_grant(administrator, membership.role)
        _record("membership_removed", membership, administrator, visitor)
        appointments.dismiss(membership)


def seen(
    administrator: Administrator, account_id: uuid.UUID, membership_id: uuid.UUID
) -> Membership:
    """Return one of an account's memberships that an administrator may see; raise NotFound."""
    theirs = authority.memberships_seen(administrator, [account_id])
    found = next((each for each in theirs if each.id == membership_id), None)
    if found is None:
        raise NotFound
    return found


def organisation_for(
    administrator: Administrator, role: Role, at: uuid.UUID | None
) -> Organisation | None:
    """Return where a role is to be given, None for the portal's own; NotFound, OutOfReach."""
    _require_grant(administrator, role)
    place = administrator.organisation_id or at
    if role is Role.SUPERUSER or place is None:
        if role is Role.SUPERUSER and place is None:
            return None
        raise NotFound
    found = db.session().get(Organisation, place)
    if found is None:
        raise NotFound
    return found


def _keep_another(
    administrator: Administrator, action: Action, account_id: uuid.UUID, membership_id: uuid.UUID
) -> None:
    """Hold whoever else administers the place, before the account itself is held."""
    authority.check(administrator, action, account_id)
    membership = seen(administrator, account_id, membership_id)
    last_administrators.keep_another(membership.role, membership.organisation_id, account_id)


def _require_grant(administrator: Administrator, *roles: Role) -> None:
    if not all(authority.may_grant(administrator, role) for role in roles):
        raise OutOfReach


def _record(
    what: str,
    membership: Membership,
    administrator: Administrator,
    visitor: Visitor,
    **details: str,
) -> None:
    audit.record(
        what,
        visitor,
        account_id=membership.account_id,
        by=administrator.account_id,
        organisation_id=membership.organisation_id,
        role=membership.role.value,
        **details,
    )
