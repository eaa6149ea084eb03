"""Who somebody is, as contract 001 (Rocket.Chat) tells it."""

from typing import Any
from urllib.parse import quote

from app import config
from app.models import Role, Session
from app.operations import memberships


def profile(session: Session) -> dict[str, Any]:
    """Return the document's `me`."""
    account = session.account
    username = account.username or (account.email or "").rpartition("@")[0]
    verified = account.activated_at is not None
    return {
        "_id": account.short_id,
        "name": account.shown_name,
        "emails": [{"address": account.email, "verified": verified}] if account.email else [],
        "status": "offline",
        "statusConnection": "offline",
        "username": username,
        "utcOffset": 0,
        "active": True,
        "roles": ["admin" if _is_superuser(session) else "user"],
        "settings": {"preferences": {}},
        "avatarUrl": f"{config.current().base_url}/avatar/{quote(username, safe='')}",
    }


def _is_superuser(session: Session) -> bool:
    """Tell it of sessions only that met the account's own way in: a seat is not the account."""
    ours = memberships.of(session.account_id) if session.account_proved_at else []
    return any(membership.role is Role.SUPERUSER for membership in ours)
