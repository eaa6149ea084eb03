"""Which accounts a directory has the password, the address and the names of."""

import uuid

from sqlalchemy import ColumnElement, exists, select, true

from app import db
from app.directory import reader
from app.errors import KeptInDirectory
from app.models import Account, DirectoryEntry


def entry_of(account_id: uuid.UUID) -> DirectoryEntry | None:
    """Return what is known of an account's entry; None for an account of the portal's own."""
    return db.session().get(DirectoryEntry, account_id)


def is_kept(account_id: uuid.UUID) -> bool:
    """Tell whether a directory has this account's password."""
    return bool(
        db.session().scalar(select(exists().where(DirectoryEntry.account_id == account_id)))
    )


def nobody_signs_in() -> ColumnElement[bool]:
    """Return the condition for accounts that a directory has, and lets nobody in by just now.

    It does not have their people any more, or is itself not set up.
    """
    theirs = DirectoryEntry.account_id == Account.id
    gone = DirectoryEntry.gone_at.is_not(None)
    return exists().where(theirs, gone if reader.in_use() else true())


def require_own(account_id: uuid.UUID) -> None:
    """Raise KeptInDirectory where what is to be changed is changed in the directory."""
    if is_kept(account_id):
        raise KeptInDirectory
