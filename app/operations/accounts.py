"""Finding accounts by what people call themselves."""

from sqlalchemy import ColumnElement, select

from app import db
from app.models import Account
from app.security.identities import identity_key


def find(identity: str) -> Account | None:
    """Return the account that an address or a username names, however it was typed."""
    named = is_named(identity)
    return None if named is None else db.session().scalar(select(Account).where(named))


def is_named(identity: str) -> ColumnElement[bool] | None:
    """Return the condition for the account that an identity names; None where it can name none."""
    key = identity_key(identity)
    if key is None:
        return None
    return (Account.email_key if "@" in key else Account.username_key) == key


def hold(named: ColumnElement[bool]) -> Account | None:
    """Return the account that a condition names, as it is now, held until the transaction ends.

    Whoever decides by what an account is, and then changes what opens it, holds it first of all:
    before its tickets and its passwords, so that nobody waits for them crosswise. Meanwhile rows
    that only name the account may come.
    """
    held = select(Account).where(named).with_for_update(key_share=True)
    return db.session().scalar(held.execution_options(populate_existing=True))
