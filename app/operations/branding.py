"""An organisation's colour and logo, for the sign-in pages."""

import re
import uuid

from sqlalchemy import delete, select

from app import db
from app.clock import now
from app.errors import InvalidSetting
from app.models import Organisation, OrganisationLogo
from app.operations import audit, authority
from app.operations.authority import Administrator
from app.operations.rights import Action
from app.operations.visitor import Visitor
from app.security import pictures
from app.security.pictures import BadPicture
from app.security.tokens import digest

COLOUR = re.compile(r"#[0-9a-f]{6}", re.ASCII)


def logo_of(organisation_id: uuid.UUID) -> OrganisationLogo | None:
    """Return an organisation's logo, if it has one."""
    return db.session().get(OrganisationLogo, organisation_id)


def logo_version(organisation_id: uuid.UUID) -> str | None:
    """Return what tells one logo of an organisation from the next; None where there is none."""
    mine = OrganisationLogo.organisation_id == organisation_id
    found: str | None = db.session().scalar(select(OrganisationLogo.digest).where(mine))
    return found and found[:16]


def change_colour(
    administrator: Administrator, organisation_id: uuid.UUID, colour: str, visitor: Visitor
) -> None:
    """Give an organisation a colour, `#rrggbb`, or none where it is empty; raise InvalidSetting."""
    plain = colour.strip().lower()
    if plain and not COLOUR.fullmatch(plain):
        raise InvalidSetting("A colour is written #rrggbb.")
    with authority.acting(administrator, Action.CHANGE_ORGANISATION):
        organisation = authority.organisation(administrator, organisation_id)
        organisation.colour = plain or None
        _record("colour_changed", administrator, organisation, visitor)


def change_logo(
    administrator: Administrator, organisation_id: uuid.UUID, uploaded: bytes, visitor: Visitor
) -> None:
    """Keep an uploaded PNG or JPEG, drawn anew, as the logo; raise InvalidSetting for others."""
    try:
        png = pictures.redrawn(uploaded)
    except BadPicture:
        raise InvalidSetting("A logo is a PNG or JPEG of at most 2 MB.") from None
    with authority.acting(administrator, Action.CHANGE_ORGANISATION) as session:
        organisation = authority.organisation(administrator, organisation_id)
        row = logo_of(organisation.id) or OrganisationLogo(organisation_id=organisation.id)
        row.png, row.digest, row.changed_at = png, digest(png.hex()), now()
        session.add(row)
        _record("logo_changed", administrator, organisation, visitor)


def remove_logo(administrator: Administrator, organisation_id: uuid.UUID, visitor: Visitor) -> None:
    """Take the logo away, if there is one."""
    with authority.acting(administrator, Action.CHANGE_ORGANISATION) as session:
        organisation = authority.organisation(administrator, organisation_id)
        mine = OrganisationLogo.organisation_id == organisation.id
        gone = delete(OrganisationLogo).where(mine).returning(OrganisationLogo.digest)
        if session.scalar(gone) is not None:
            _record("logo_removed", administrator, organisation, visitor)


def _record(
    what: str, administrator: Administrator, organisation: Organisation, visitor: Visitor
) -> None:
    by, place = administrator.account_id, organisation.id
    audit.record(what, visitor, by=by, organisation_id=place)
