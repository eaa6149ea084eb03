"""How many passwords accounts have, so that an identity nobody has costs as much as a real one."""

import random
from datetime import datetime, timedelta

from sqlalchemy import func, select

from app import db
from app.clock import now
from app.models import Password

FRESH_FOR = timedelta(hours=1)

_taken_at: list[datetime] = []
_weights: dict[int, int] = {}


def draw(source: random.Random) -> int:
    """Return how many passwords an account might have, as often as accounts really do."""
    if not _taken_at or _taken_at[0] < now() - FRESH_FOR:
        _take()
    return source.choices([*_weights], weights=[*_weights.values()])[0]


def forget() -> None:
    """Count anew at the next draw."""
    _taken_at.clear()


def _take() -> None:
    """Count in one look: those with a password of their own somewhere are few."""
    own = (
        select(func.count().label("own"))
        .where(Password.organisation_id.is_not(None))
        .group_by(Password.account_id)
        .subquery()
    )
    several = db.session().execute(select(own.c.own, func.count()).group_by(own.c.own)).all()
    everybody = db.session().scalar(
        select(func.count()).select_from(Password).where(Password.organisation_id.is_(None))
    )
    counted = {own_count + 1: accounts for own_count, accounts in several}
    counted[1] = max(1, (everybody or 0) - sum(counted.values()))
    _weights.clear()
    _weights.update(counted)
    _taken_at[:] = [now()]
