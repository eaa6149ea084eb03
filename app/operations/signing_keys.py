"""The keys that tokens are signed with: shared by all workers, rotated without a sign-out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc.jwk import Key, KeySet
from sqlalchemy import delete, select, update

from app import config, db
from app.clock import now
from app.models import SigningKey
from app.security import jwt, sealing

LONGEST_TOKEN = timedelta(hours=24)
LOOK_AGAIN_AFTER = timedelta(seconds=5)  # how long another worker's rotation may go unnoticed


@dataclass(frozen=True)
class Keys:
    """What signs now, and all that verifies."""

    signing: Key
    algorithm: str
    verifying: KeySet
    algorithms: list[str]
    public: list[dict[str, Any]]
    read_at: datetime


_known: list[Keys] = []


def current() -> Keys:
    """Return the keys in force; makes the first where there is none for the chosen algorithm."""
    if not _known or not now() - LOOK_AGAIN_AFTER < _known[0].read_at <= now():
        _known[:] = [_read() or _first()]
    return _known[0]


def forget() -> None:
    """Look into the database at the next use."""
    _known.clear()


def newest(known: Keys) -> Keys:
    """Return the keys as they are now, for a token that `known` cannot verify.

    Another worker may have made a key within the last seconds, and signed with it.
    """
    if current() is known:
        forget()
    return current()


def rotate() -> str:
    """Make a new key that signs from now on; return its id.

    The old ones verify until the last token that they signed has expired; keys beyond that are
    deleted.
    """
    moment = now()
    with db.transaction() as session:
        over = SigningKey.retired_at <= moment - LONGEST_TOKEN - LOOK_AGAIN_AFTER
        session.execute(delete(SigningKey).where(over))
        in_force = update(SigningKey).where(SigningKey.retired_at.is_(None))
        session.execute(in_force.values(retired_at=moment))
        made = _make()
    forget()
    return made


def _first() -> Keys:
    with db.transaction():
        if _read() is None:
            _make()
    found = _read()
    if found is None:
        raise LookupError("a signing key that was just made is not there")
    return found


def _make() -> str:
    pair = jwt.new_key(config.current().jwt_algorithm)
    sealed = sealing.seal(config.current().secret_keys, pair.private, f"signing:{pair.id}")
    row = SigningKey(
        id=pair.id,
        algorithm=config.current().jwt_algorithm,
        sealed_private=sealed,
        public=pair.public,
        created_at=now(),
    )
    db.session().add(row)
    return pair.id


def _read() -> Keys | None:
    rows = list(db.session().scalars(select(SigningKey).order_by(SigningKey.created_at.desc())))
    chosen = config.current().jwt_algorithm
    signing = [row for row in rows if row.algorithm == chosen and row.retired_at is None]
    opened = (key for row in signing if (key := _opened(row)) is not None)
    private = next(opened, None)
    if private is None:
        return None
    public = [row.public for row in rows]
    algorithms = sorted({row.algorithm for row in rows})
    return Keys(private, chosen, jwt.key_set(public), algorithms, public, now())


def _opened(row: SigningKey) -> Key | None:
    """Return the private half; None where it is sealed by a secret key that is gone."""
    keys = config.current().secret_keys
    try:
        return jwt.read_key(sealing.unseal(keys, row.sealed_private, f"signing:{row.id}"))
    except sealing.Unsealable:
        return None
