"""What administrators do to organisations from their seats."""

import uuid
from collections.abc import Mapping

from sqlalchemy import func, select

from app import db
from app.clock import now
from app.models import Membership, Organisation, OrganisationPolicy, Role
from app.operations import administration, audit, authority, organisation_settings
from app.operations.authority import Administrator
from app.operations.rights import Action
from app.operations.visitor import Visitor


def create(administrator: Administrator, name: str, visitor: Visitor) -> Organisation:
    """Add an organisation with the portal's usual rules; raises InvalidSetting."""
    organisation = Organisation(id=uuid.uuid4(), policy=OrganisationPolicy())
    organisation_settings.rename(organisation, name)
    with authority.acting(administrator, Action.CREATE_ORGANISATION) as session:
        session.add(organisation)
        _record("organisation_created", administrator, organisation, visitor)
    return organisation


def rename(
    administrator: Administrator, organisation_id: uuid.UUID, name: str, visitor: Visitor
) -> None:
    """Give an organisation another name; raises InvalidSetting and NotFound."""
    with authority.acting(administrator, Action.CHANGE_ORGANISATION):
        organisation = authority.organisation(administrator, organisation_id)
        organisation_settings.rename(organisation, name)
        _record("organisation_renamed", administrator, organisation, visitor)


def change_settings(
    administrator: Administrator,
    organisation_id: uuid.UUID,
    assignments: Mapping[str, str],
    visitor: Visitor,
) -> None:
    """Change settings, and end what they no longer allow; raises InvalidSetting and NotFound.

    What contract 003 says of an organisation itself (isPaid and its like) is the portal's to say.
    """
    with authority.acting(administrator, Action.CHANGE_ORGANISATION):
        organisation = authority.organisation(administrator, organisation_id)
        if set(assignments) & organisation_settings.OF_THE_PORTAL:
            authority.require(administrator, Action.MARK_ORGANISATION)
        organisation_settings.assign(organisation, assignments)
        administration.enforce(organisation)
        keys = ", ".join(sorted(assignments))
        _record("settings_changed", administrator, organisation, visitor, keys)


def suspend(administrator: Administrator, organisation_id: uuid.UUID, visitor: Visitor) -> None:
    """Let nobody in at an organisation from now on, nor leave anybody in."""
    with authority.acting(administrator, Action.SUSPEND_ORGANISATION):
        organisation = authority.organisation(administrator, organisation_id)
        organisation.suspended_at = organisation.suspended_at or now()
        administration.enforce(organisation)
        _record("organisation_suspended", administrator, organisation, visitor)


def reactivate(administrator: Administrator, organisation_id: uuid.UUID, visitor: Visitor) -> None:
    """Let members of a suspended organisation in again."""
    with authority.acting(administrator, Action.SUSPEND_ORGANISATION):
        organisation = authority.organisation(administrator, organisation_id)
        organisation.suspended_at = None
        administration.enforce(organisation)
        _record("organisation_reactivated", administrator, organisation, visitor)


def members_by_role(organisation_id: uuid.UUID) -> dict[Role, int]:
    """Return how many members an organisation has in each role."""
    row = Membership
    counted = select(row.role, func.count()).where(row.organisation_id == organisation_id)
    found = dict(db.session().execute(counted.group_by(row.role)).all())
    return {role: found.get(role, 0) for role in Role if role is not Role.SUPERUSER}


def _record(
    what: str,
    administrator: Administrator,
    organisation: Organisation,
    visitor: Visitor,
    settings: str | None = None,
) -> None:
    by, place = administrator.account_id, organisation.id
    if settings is None:
        audit.record(what, visitor, by=by, organisation_id=place)
    else:
        audit.record(what, visitor, by=by, organisation_id=place, settings=settings)
