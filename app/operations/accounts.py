"""Finding accounts by what people call themselves."""

from sqlalchemy import select

from app import db
from app.models import Account
from app.security.identities import identity_key


def find(identity: str) -> Account | None:
    """Return the account that an address or a username names, however it was typed."""
    key = identity_key(identity)
    if key is None:
        return None
    column = Account.email_key if "@" in key else Account.username_key
    return db.session().scalar(select(Account).where(column == key))
