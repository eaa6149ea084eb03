"""Who has an account, and what they are where, row by row in the columns that an import reads.

No secret leaves: no hash, no authenticator app's secret. A row for each membership; whoever has
none has one row. Read in pages, so that neither memory nor a transaction grows with the people.
"""

import uuid
from collections.abc import Iterator

from sqlalchemy import select, true

from app import db
from app.models import Account, Membership, Role
from app.operations import audit
from app.operations.visitor import Visitor

PAGE = 500  # accounts
COLUMNS = (
    "id",
    "short_id",
    "email",
    "username",
    "name",
    "activated",
    "suspended",
    "superuser",
    "organisation",
    "organisation_name",
    "role",
    "created_at",
)

Row = dict[str, object]


def export(
    visitor: Visitor, organisation_id: uuid.UUID | None = None, *, by: uuid.UUID | None = None
) -> Iterator[Row]:
    """Yield everybody, or the members of one organisation with what they are there and no more.

    Who is a superuser is told of everybody only. The event is recorded before the first row leaves.
    """
    with db.transaction():
        audit.record("accounts_exported", visitor, by=by, organisation_id=organisation_id)
    return _rows(organisation_id)


def _rows(organisation_id: uuid.UUID | None) -> Iterator[Row]:
    last: uuid.UUID | None = None
    while page := _page(last, organisation_id):
        memberships = _memberships([account.id for account in page], organisation_id)
        for account in page:
            theirs = memberships.get(account.id, [])
            yield from _rows_of(account, theirs, scoped=organisation_id is not None)
        last = page[-1].id
        db.session().rollback()  # ends what only read; the next page may wait long for its reader


def _page(last: uuid.UUID | None, organisation_id: uuid.UUID | None) -> list[Account]:
    following = select(Account).where(Account.id > last if last else true())
    if organisation_id is not None:
        members = select(Membership.account_id)
        following = following.where(
            Account.id.in_(members.where(Membership.organisation_id == organisation_id))
        )
    return list(db.session().scalars(following.order_by(Account.id).limit(PAGE)))


def _memberships(
    accounts: list[uuid.UUID], organisation_id: uuid.UUID | None
) -> dict[uuid.UUID, list[Membership]]:
    held = select(Membership).where(Membership.account_id.in_(accounts))
    if organisation_id is not None:
        held = held.where(Membership.organisation_id == organisation_id)
    found: dict[uuid.UUID, list[Membership]] = {}
    for each in db.session().scalars(held.order_by(Membership.organisation_id, Membership.role)):
        found.setdefault(each.account_id, []).append(each)
    return found


def _rows_of(account: Account, memberships: list[Membership], *, scoped: bool) -> Iterator[Row]:
    held = [each for each in memberships if each.role is not Role.SUPERUSER]
    superuser = None if scoped else len(held) < len(memberships)
    for each in (*held,) or (None,):
        place = each.organisation if each else None
        yield {
            "id": account.id,
            "short_id": account.short_id,
            "email": account.email,
            "username": account.username,
            "name": account.name,
            "activated": account.activated_at is not None,
            "suspended": account.suspended_at is not None,
            "superuser": superuser,
            "organisation": place.id if place else None,
            "organisation_name": place.name if place else None,
            "role": each.role.slug if each else None,
            "created_at": account.created_at,
        }
