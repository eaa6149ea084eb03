"""Finding accounts by what people call themselves."""

from sqlalchemy import ColumnElement, select

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


def hold(named: ColumnElement[bool]) -> Account | None:
    """Return the account that a condition names, as it is now, held until the transaction ends.

    Whoever decides by what an account is, and then changes what opens it, holds it first of all:
    before its tickets and its passwords, so that nobody waits for them crosswise. Meanwhile rows
    that only name the account may come.
    """
    held = select(Account).where(named).with_for_update(key_share=True)
    return db.session().scalar(held.execution_options(populate_existing=True))
