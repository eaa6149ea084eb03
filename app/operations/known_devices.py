"""Knowing a device, or a network, from which somebody signed in before.

Strangers' failures lock strangers out, not the owner: a known device has a counter of its own
(a signed cookie says which accounts know it), and so has, for programs that keep no cookies, a
network address from which the account signed in within thirty days.
"""

import secrets
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import delete, select

from app import config, db
from app.clock import now
from app.models import Account, Interface, KnownNetwork, RememberedDevice
from app.operations.visitor import Visitor

COOKIE_LIFETIME = timedelta(days=365)
NETWORK_LIFETIME = timedelta(days=30)
NETWORK_REFRESH = timedelta(days=1)
ACCOUNTS_IN_A_COOKIE = 8
PLACES_OF_A_DEVICE = 5


@dataclass(frozen=True)
class _Entry:
    device: str
    known_since: int  # seconds since the Unix epoch
    places: tuple[str, ...]  # whose passwords were typed here; "" is the account's own


@dataclass(frozen=True)
class Known:
    """What a visitor is known as, and by which passwords; a stranger has no name."""

    name: str | None
    places: frozenset[str] | None = frozenset()  # None: by all of them

    def by(self, place: uuid.UUID | None) -> str | None:
        """Return the name for tries at the password that is good at `place`."""
        return self.name if self.places is None or _place(place) in self.places else None


def known_as(account: Account, visitor: Visitor) -> Known:
    """Return what the visitor is known to the account as."""
    if visitor.interface is Interface.PAGES:
        entry = _entry_of(account, visitor.device)
        return Known(f"device:{entry.device}", frozenset(entry.places)) if entry else Known(None)
    seen = db.session().get(KnownNetwork, (account.id, visitor.network))
    lately = seen is not None and seen.seen_at > now() - NETWORK_LIFETIME
    return Known(f"network:{visitor.network}", None) if lately else Known(None)


def name_in(cookie: str | None, account: Account) -> str | None:
    """Return the name of the device that a known-device cookie belongs to: a secret of its own."""
    entry = _entry_of(account, cookie)
    return entry.device if entry else None


def remember(account: Account, visitor: Visitor, place: uuid.UUID | None) -> str:
    """Note that the password of `place` was typed here; return the cookie's new value."""
    _remember_network(account, visitor)
    entries = _entries(visitor.device)
    fresh = _Entry(secrets.token_hex(16), int(now().timestamp()), ())
    known = _entry_of(account, visitor.device) or fresh
    places = tuple(dict.fromkeys([_place(place), *known.places]))[:PLACES_OF_A_DEVICE]
    others = {name: each for name, each in entries.items() if name != account.id.hex}
    kept = dict(list(others.items())[: ACCOUNTS_IN_A_COOKIE - 1])
    kept = {account.id.hex: _Entry(known.device, known.known_since, places), **kept}
    plain = {name: [e.device, e.known_since, *e.places] for name, e in kept.items()}
    return _serializer().dumps(plain)


def _remember_network(account: Account, visitor: Visitor) -> None:
    row, moment = KnownNetwork, now()
    seen = {"account_id": account.id, "network": visitor.network, "seen_at": moment}
    db.session().execute(
        db.upsert(KnownNetwork)
        .values(**seen)
        .on_conflict_do_update(
            index_elements=[row.account_id, row.network],
            set_={"seen_at": moment},
            where=row.seen_at < moment - NETWORK_REFRESH,
        )
    )


def forget_all(account: Account) -> None:
    """Make every device and network a stranger to the account again; trust none of them."""
    db.session().execute(delete(RememberedDevice).where(RememberedDevice.account_id == account.id))
    account.devices_valid_from = now() + timedelta(seconds=1)  # cookies keep whole seconds
    for known in db.session().scalars(
        select(KnownNetwork).where(KnownNetwork.account_id == account.id)
    ):
        db.session().delete(known)


def _place(organisation_id: uuid.UUID | None) -> str:
    return organisation_id.hex if organisation_id else ""


def _entry_of(account: Account, cookie: str | None) -> _Entry | None:
    entry = _entries(cookie).get(account.id.hex)
    if entry is None:
        return None
    since = datetime.fromtimestamp(entry.known_since, UTC)
    valid_from = account.devices_valid_from.replace(microsecond=0)
    return entry if since >= valid_from else None


def _entries(cookie: str | None) -> dict[str, _Entry]:
    if not cookie:
        return {}
    try:
        found = _serializer().loads(cookie, max_age=int(COOKIE_LIFETIME.total_seconds()))
        return {
            uuid.UUID(name).hex: _Entry(str(d), int(t), tuple(map(str, places)))
            for name, (d, t, *places) in found.items()
        }
    except (BadData, ValueError, TypeError, AttributeError):
        return {}  # forged, expired or of another key: a stranger


def _serializer() -> URLSafeTimedSerializer:
    newest_last = list(reversed(config.current().secret_keys))
    return URLSafeTimedSerializer(newest_last, salt="doorward-known-device")
