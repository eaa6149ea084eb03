"""People whose password a directory has: found, made at their first sign-in, and kept up to date.

An account and an entry belong together by what never changes of the entry. An address alone makes
nobody an account's owner: whoever could write an entry could take over accounts.
"""

import uuid

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app import db
from app.clock import now
from app.directory import reader
from app.directory.entries import Entry
from app.directory.reader import Named
from app.errors import AlreadyExists, InvalidAddress, InvalidUsername
from app.models import Account, DirectoryEntry, Password
from app.models.password import IN_DIRECTORY
from app.operations import (
    accounts,
    addresses,
    audit,
    directory_roles,
    names,
    sessions,
    tickets,
)
from app.operations.kept_elsewhere import entry_of
from app.operations.visitor import Visitor
from app.security.identities import address_key, mailing_address, username_key

Called = tuple[str | None, str | None]  # as it is written, and as it is compared
NOTHING: Called = (None, None)


def account_of(key: str) -> Account | None:
    """Return the account that an entry is; None before the first sign-in."""
    return db.session().scalar(
        select(Account).join(DirectoryEntry).where(DirectoryEntry.key == key)
    )


def arrive(entry: Entry, visitor: Visitor) -> Account:
    """Make the account of somebody who proved the entry's password for the first time.

    AlreadyExists where its address is that of another account, or it has no name to be known by.
    """
    try:
        with db.transaction():
            return account_of(entry.key) or _made(entry, visitor)
    except IntegrityError:  # another sign-in of theirs, or a registration, was quicker
        found = account_of(entry.key)
        if found is None:
            raise AlreadyExists from None
        return found


def refresh(account_id: uuid.UUID, entry: Entry, visitor: Visitor) -> None:
    """Let the account say what the directory says now: name, address, username, roles."""
    try:
        _refresh(account_id, entry, visitor)
    except IntegrityError:  # somebody took one of the names just now
        _refresh(account_id, entry, visitor)


def _refresh(account_id: uuid.UUID, entry: Entry, visitor: Visitor) -> None:
    with db.transaction():
        account = accounts.hold(Account.id == account_id)
        known = entry_of(account_id)
        if account is None or known is None:
            return
        if known.gone_at is not None:
            known.gone_at = None
            audit.record("directory_entry_back", visitor, account_id=account_id)
        known.seen_at = now()
        changed = _follow(account, entry, visitor)
        if changed:
            said = ", ".join(changed)
            audit.record("directory_changed", visitor, account_id=account_id, changed=said)
        directory_roles.follow(account, entry.groups, visitor)


def gone(account_id: uuid.UUID, visitor: Visitor) -> bool:
    """Let nobody in by an entry that is no more, and end what is open; tell whether that is new."""
    with db.transaction():
        accounts.hold(Account.id == account_id)
        known = entry_of(account_id)
        if known is None or known.gone_at is not None:
            return False
        known.gone_at = now()
        ended = sessions.end_all_of(account_id)
        audit.record("directory_entry_gone", visitor, account_id=account_id, sessions_ended=ended)
    return True


def still_there(account_id: uuid.UUID, visitor: Visitor) -> bool:
    """Tell whether an account may go on, by the directory if that has it; raises DirectoryAway.

    Where people can only be found with their password, nobody can tell: then it may not.
    """
    known = entry_of(account_id)
    if known is None:
        return True
    key = known.key
    db.session().rollback()  # no connection waits for the directory
    if not reader.in_use() or not reader.can_look_up():
        return False
    entry = reader.look_up(Named(key=key))
    if entry is None:
        gone(account_id, visitor)
        return False
    refresh(account_id, entry, visitor)
    return True


def look_after_holder(entry: Entry, visitor: Visitor) -> None:
    """Let whoever has an entry's address here follow the directory too, if they are of it.

    The address may be somebody else's there by now, or they may be gone. Raises DirectoryAway.
    """
    email, _ = _address(entry)
    holder = accounts.find(email) if email else None
    if holder is not None:
        still_there(holder.id, visitor)


def conflict(entry: Entry, visitor: Visitor) -> None:
    """Write down that an entry cannot have an account: its address is somebody else's."""
    holder = accounts.find(entry.email) if entry.email else None
    with db.transaction():
        audit.record("directory_conflict", visitor, account_id=holder.id if holder else None)


def _made(entry: Entry, visitor: Visitor) -> Account:
    account = Account(
        id=uuid.uuid4(), name=names.plain(entry.name), activated_at=now(), registered_at=now()
    )
    account.email, account.email_key = _address(entry)
    account.username, account.username_key = _username(entry)
    if account.email and not _make_room(account.email, account, visitor):
        raise AlreadyExists
    if account.username and accounts.find(account.username):
        account.username = account.username_key = None
    if account.email is None and account.username is None:
        raise AlreadyExists
    session = db.session()
    session.add(account)
    session.flush()
    session.add_all(
        [
            DirectoryEntry(account_id=account.id, key=entry.key),
            Password(account_id=account.id, hash=IN_DIRECTORY),
        ]
    )
    session.flush()
    audit.record("account_created", visitor, account_id=account.id, from_directory=1)
    directory_roles.follow(account, entry.groups, visitor)
    return account


def _follow(account: Account, entry: Entry, visitor: Visitor) -> list[str]:
    """Change what the directory has otherwise; return what that was. A name that is taken stays."""
    changed = []
    name = names.plain(entry.name)
    if name and name != account.name:
        account.name = name
        changed.append("name")
    email, email_key = _address(entry, account.email)
    if email and email != account.email and _make_room(email, account, visitor):
        _readdress(account, email, email_key)
        changed.append("address")
    username, key = _username(entry, account.username)
    if username and username != account.username and _free(username, account):
        account.username, account.username_key = username, key
        changed.append("username")
    db.session().flush()
    return changed


def _make_room(address: str, account: Account, visitor: Visitor) -> bool:
    """Tell whether the address can be this account's.

    Whoever is gone from the directory, and has a username, leaves it: one entry came after another.
    """
    if addresses.make_room(address, account):
        return True
    holder = accounts.find(address)
    known = entry_of(holder.id) if holder else None
    if holder is None or known is None or known.gone_at is None or holder.username is None:
        return False
    _readdress(holder, None, None)
    db.session().flush()
    audit.record("directory_changed", visitor, account_id=holder.id, changed="address")
    return True


def _readdress(account: Account, email: str | None, email_key: str | None) -> None:
    """Change the address; what was mailed to the former one is good no more."""
    account.email, account.email_key = email, email_key
    for kind in addresses.WENT_TO_THE_FORMER:
        tickets.forget(kind, account)


def _free(username: str, account: Account) -> bool:
    holder = accounts.find(username)
    return holder is None or holder.id == account.id


def _address(entry: Entry, now_has: str | None = None) -> Called:
    """Return the address that counts: the one that the account has, while it is among them."""
    good = [called for each in entry.emails if (called := _as_address(each))]
    return next((each for each in good if each[0] == now_has), (good or [NOTHING])[0])


def _username(entry: Entry, now_has: str | None = None) -> Called:
    good = [called for each in entry.usernames if (called := _as_username(each))]
    return next((each for each in good if each[0] == now_has), (good or [NOTHING])[0])


def _as_address(text: str) -> Called | None:
    try:
        return mailing_address(text), address_key(text)
    except InvalidAddress:
        return None


def _as_username(text: str) -> Called | None:
    try:
        return text, username_key(text)
    except InvalidUsername:
        return None
