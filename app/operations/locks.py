"""Which locks failed tries have left: on accounts, on members, on second factors."""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, false, or_, select

from app import db
from app.clock import now
from app.models import Account, Counted, FailedSignIns, Membership
from app.operations.lockout import FOREVER

OF_ACCOUNT = "account:"
AFTER_ACCOUNT = "account;"  # what sorts next after everything that starts with "account:"
MOST_LOOKED_AT = 1_000  # locks, for a list of who is locked; a flood must not make it slow


@dataclass(frozen=True)
class Lock:
    """One lock: what is locked, `membership_id` where it is a member, and until when.

    `known` tells that it is only for a device or a network from which the person signed in before.
    """

    counted: Counted
    account_id: uuid.UUID
    until: datetime
    membership_id: uuid.UUID | None = None
    known: bool = False

    @property
    def for_good(self) -> bool:
        """Tell whether it does not end by itself."""
        return is_for_good(self.until)


def is_for_good(until: datetime) -> bool:
    """Tell whether what is locked until then does not open by itself."""
    return until > now() + FOREVER / 2


def of_accounts(account_ids: Collection[uuid.UUID]) -> list[Lock]:
    """Return the locks on these accounts as a whole, for whoever is no known device of theirs."""
    if not account_ids:
        return []
    names = {f"{OF_ACCOUNT}{each}": each for each in account_ids}
    factors = {str(each): each for each in account_ids}
    found = _locked(
        or_(
            and_(_is(Counted.IDENTITY), FailedSignIns.subject.in_(names)),
            and_(_is(Counted.FACTOR, Counted.FACTOR_EVER), FailedSignIns.subject.in_(factors)),
        )
    )
    return [Lock(c, (names | factors)[subject], until) for c, subject, until in found]


def of_members(memberships: Iterable[Membership]) -> list[Lock]:
    """Return the locks that organisations' own limits left on these members."""
    members = {str(each.id): each for each in memberships}
    if not members:
        return []
    found = _locked(and_(_is(Counted.MEMBERSHIP), FailedSignIns.subject.in_(members)))
    return [
        Lock(c, members[subject].account_id, until, members[subject].id)
        for c, subject, until in found
    ]


def of_known_devices(memberships: Iterable[Membership], whole: Account | None = None) -> list[Lock]:
    """Return the locks on what is known of a person: devices and networks have their own counts.

    Those at these memberships, and those of the `whole` account if it is named.
    """
    counted = {str(each.id): (each.account_id, each.id) for each in memberships}
    places: dict[str, tuple[uuid.UUID, uuid.UUID | None]] = dict(counted)
    if whole is not None:
        places[f"{OF_ACCOUNT}{whole.id}"] = (whole.id, None)
    starts = or_(false(), *(FailedSignIns.subject.startswith(f"{name}:") for name in places))
    found = _locked(and_(_is(Counted.IDENTITY, Counted.MEMBERSHIP), starts))
    named = [(c, _first_named(subject, places), until) for c, subject, until in found]
    return [Lock(c, who, until, member, known=True) for c, (who, member), until in named]


def _first_named(
    subject: str, places: dict[str, tuple[uuid.UUID, uuid.UUID | None]]
) -> tuple[uuid.UUID, uuid.UUID | None]:
    """Return what a subject begins with; a network's own name has colons of its own."""
    return next(named for name, named in places.items() if subject.startswith(f"{name}:"))


def locked_accounts() -> set[uuid.UUID]:
    """Return which accounts are locked as a whole now, MOST_LOOKED_AT of each kind at most."""
    row = FailedSignIns
    identities = _is(Counted.IDENTITY) & (row.subject > OF_ACCOUNT) & (row.subject < AFTER_ACCOUNT)
    by_password = _some(identities)
    by_factor = _some(_is(Counted.FACTOR, Counted.FACTOR_EVER))
    return _uuids(each.removeprefix(OF_ACCOUNT) for each in [*by_password, *by_factor])


def locked_members() -> list[Membership]:
    """Return which memberships are locked now, MOST_LOOKED_AT at most."""
    ids = _uuids(_some(_is(Counted.MEMBERSHIP)))
    named = select(Membership).where(Membership.id.in_(ids))
    return list(db.session().scalars(named)) if ids else []


def _is(*counted: Counted) -> ColumnElement[bool]:
    return FailedSignIns.counted.in_(counted)


def _locked(which: ColumnElement[bool]) -> list[tuple[Counted, str, datetime]]:
    row = FailedSignIns
    columns = select(row.counted, row.subject, row.locked_until)
    found = db.session().execute(columns.where(which, row.locked_until > now()))
    return [(counted, subject, until) for counted, subject, until in found if until]


def _some(which: ColumnElement[bool]) -> list[str]:
    row = FailedSignIns
    found = select(row.subject).where(which, row.locked_until > now()).limit(MOST_LOOKED_AT)
    return list(db.session().scalars(found))


def _uuids(texts: Iterable[str]) -> set[uuid.UUID]:
    """Read account and membership ids; a known device's own count has more behind them."""
    return {uuid.UUID(text) for text in texts if len(text) == len(str(uuid.UUID(int=0)))}
