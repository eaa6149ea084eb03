"""Organisations to choose among, where a superuser says which one is meant."""

import uuid

from sqlalchemy import select

from app import db
from app.models import Organisation

MOST = 200  # of more, somebody types the UUID rather than looking through all


def by_name() -> list[tuple[uuid.UUID, str]]:
    """Return every organisation's id and name, by name; nothing where there are too many."""
    named = select(Organisation.id, Organisation.name)
    rows = db.session().execute(named.order_by(Organisation.name, Organisation.id).limit(MOST + 1))
    found = [(row.id, row.name) for row in rows]
    return found if len(found) <= MOST else []
