"""The organisations of the portal, by name, page by page."""

from typing import Any

from sqlalchemy import func, or_, select

from app import db
from app.models import Membership, Organisation
from app.operations import authority, keyset
from app.operations.authority import Action, Administrator
from app.operations.keyset import Order, Slice

ORDER = Order((Organisation.name, Organisation.id))
SIZE = 25
LIKE = str.maketrans({"%": r"\%", "_": r"\_", "\\": r"\\"})


def find(
    administrator: Administrator, typed: str, after: tuple[Any, ...] | None
) -> Slice[Organisation]:
    """Return a page of organisations whose name, or a word of it, begins with what was typed."""
    authority.require(administrator, Action.SEE_ORGANISATIONS)
    query = select(Organisation)
    if typed:
        begins = f"{typed.translate(LIKE)}%"
        name = Organisation.name
        word = name.ilike(f"% {begins}", escape="\\")
        query = query.where(or_(name.ilike(begins, escape="\\"), word))
    return keyset.cut(query, ORDER, after, SIZE)


def member_counts(found: list[Organisation]) -> dict[Any, int]:
    """Return how many memberships each of these organisations has: one statement."""
    row = Membership
    counted = (
        select(row.organisation_id, func.count())
        .where(row.organisation_id.in_([each.id for each in found]))
        .group_by(row.organisation_id)
    )
    return dict(db.session().execute(counted).all())
