"""Which second factors people have: looked at once a day, and never when a page is shown.

Accounts are counted some thousands at a time, each in one short read, for the portal and for the
organisations that they belong to at once. The portal's own row is written last: while it is
missing, somebody has to look again.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, exists, func, null, select, true

from app import db
from app.clock import now
from app.models import Account, Counted, DailyFactors, Membership, Passkey, TotpDevice
from app.operations import lockout

BATCH = 5_000  # accounts; some 20 ms
ROWS = 500  # of organisations, written at once
EVERY = timedelta(hours=1)  # whoever took the turn and died: then somebody else may
TURN = lockout.Limit(Counted.PURGING, 1, EVERY, EVERY)
PASSKEY, APP, PIN, NONE = FACTORS = ("passkey", "app", "pin", "none")
KEPT = timedelta(days=400)

Census = dict[uuid.UUID | None, dict[str, int]]


def take_if_due() -> bool:
    """Take today's census if there is none and it is our turn; tell whether it was taken."""
    if _is_taken() or not _is_our_turn():
        return False
    _keep(take())
    return True


def take() -> Census:
    """Return how many active accounts have which factor: at each organisation, and in all."""
    census: Census = defaultdict(lambda: dict.fromkeys(FACTORS, 0))
    census[None]  # the portal's row is there, though nobody is
    for some in _batches():
        for row in [*_of_portal(some), *_of_places(some)]:
            census[row.place][row.factor] += row.accounts
    return census


def _is_taken() -> bool:
    row, today = DailyFactors, now().date()
    taken = exists().where(row.organisation_id.is_(None), row.day == today)
    return bool(db.session().scalar(select(taken)))


def _is_our_turn() -> bool:
    with db.transaction():
        return lockout.charge(TURN, "factor census") is None


def _batches() -> Iterator[ColumnElement[bool]]:
    """Yield one condition after the other, that together name every account once."""
    after: uuid.UUID | None = None
    while True:
        beyond = Account.id > after if after else true()
        last = select(Account.id).where(beyond).order_by(Account.id).offset(BATCH - 1).limit(1)
        after = db.session().scalar(last)
        yield and_(beyond, Account.id <= after) if after else beyond
        db.session().rollback()  # nothing stays open for long
        if after is None:
            return


def _of_portal(some: ColumnElement[bool]) -> list[Row[Any]]:
    held = _held(some).subquery()
    factor, accounts = held.c.factor, func.count().label("accounts")
    counted = select(null().label("place"), factor, accounts).group_by(factor)
    return list(db.session().execute(counted))


def _of_places(some: ColumnElement[bool]) -> list[Row[Any]]:
    """Count at each organisation; somebody in two roles there counts once."""
    held = _held(some).add_columns(Membership.organisation_id)
    here = Membership.account_id == Account.id, Membership.organisation_id.is_not(None)
    once = held.join(Membership, and_(*here)).distinct().subquery()
    place, factor = once.c.organisation_id.label("place"), once.c.factor
    counted = select(place, factor, func.count().label("accounts")).group_by(place, factor)
    return list(db.session().execute(counted))


def _held(some: ColumnElement[bool]) -> Any:
    """Return active accounts, each with its strongest factor."""
    key = exists().where(Passkey.account_id == Account.id)
    app = exists().where(TotpDevice.account_id == Account.id, TotpDevice.confirmed_at.is_not(None))
    strongest = case((key, PASSKEY), (app, APP), (Account.pin_chosen_at.is_not(None), PIN))
    factor = func.coalesce(strongest, NONE).label("factor")
    active = Account.activated_at.is_not(None), Account.suspended_at.is_(None)
    return select(Account.id, factor).where(some, *active)


def _keep(census: Census) -> None:
    """Write today's rows, some at a time, the portal's last; those that are there give way."""
    today = now().date()
    rows = [
        {"day": today, "organisation_id": place, **counts}
        for place, counts in sorted(census.items(), key=lambda each: str(each[0]))
        if place is not None
    ]
    for begin in range(0, len(rows), ROWS):
        _write(rows[begin : begin + ROWS], at_one=True)
    _write([{"day": today, "organisation_id": None, **census[None]}], at_one=False)


def _write(rows: list[dict[str, Any]], *, at_one: bool) -> None:
    row = DailyFactors.__table__.c
    adding = db.upsert(DailyFactors)
    place = row.organisation_id
    statement = adding.on_conflict_do_update(
        index_elements=[place, row.day] if at_one else [row.day],
        index_where=place.is_not(None) if at_one else place.is_(None),
        set_={factor: adding.excluded[factor] for factor in FACTORS},
    )
    with db.transaction() as session:
        session.connection().execute(statement, rows)
