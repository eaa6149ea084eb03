"""The organisations of the portal, by name, page by page, or all of them as a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, or_, select

from app import db
from app.models import Membership, Organisation
from app.operations import audit, authority, keyset
from app.operations.authority import Administrator
from app.operations.keyset import Order, Slice
from app.operations.rights import Action
from app.operations.visitor import Visitor

ORDER = Order((Organisation.name, Organisation.id))
SIZE = 25
LIKE = str.maketrans({"%": r"\%", "_": r"\_", "\\": r"\\"})


@dataclass(frozen=True)
class Line:
    """An organisation, and how many memberships it has."""

    organisation: Organisation
    members: int


def find(
    administrator: Administrator, typed: str, after: tuple[Any, ...] | None
) -> Slice[Organisation]:
    """Return a page of organisations whose name, or a word of it, begins with what was typed."""
    authority.require(administrator, Action.SEE_ORGANISATIONS)
    return keyset.cut(_query(typed), ORDER, after, SIZE)


def begin_export(administrator: Administrator, typed: str, visitor: Visitor) -> Iterator[Line]:
    """Record an export, and return each organisation that is found so, read as it is taken.

    What was searched for is not recorded. Raises ProofRequired and NotFound.
    """
    with authority.acting(administrator, Action.EXPORT_ORGANISATIONS):
        by, searched = administrator.account_id, int(bool(typed))
        audit.record("organisations_exported", visitor, by=by, searched=searched)
    return keyset.batches(_query(typed), ORDER, keyset.BATCH, then=_lines)


def member_counts(found: list[Organisation]) -> dict[Any, int]:
    """Return how many memberships each of these organisations has: one statement."""
    row = Membership
    counted = (
        select(row.organisation_id, func.count())
        .where(row.organisation_id.in_([each.id for each in found]))
        .group_by(row.organisation_id)
    )
    return dict(db.session().execute(counted).all())


def _lines(found: list[Organisation]) -> list[Line]:
    counts = member_counts(found)
    return [Line(each, counts.get(each.id, 0)) for each in found]


def _query(typed: str) -> Select[Any]:
    query = select(Organisation)
    if not typed:
        return query
    begins, name = f"{typed.translate(LIKE)}%", Organisation.name
    word = name.ilike(f"% {begins}", escape="\\")
    return query.where(or_(name.ilike(begins, escape="\\"), word))
