"""One try at a password that a directory has.

    password_try.begin ──► compare ──► ask ──► settled as any other

Every bind was counted before: the directory sees no more tries than the portal lets through. What
could not be compared, because the directory is away, is counted no longer.
"""

import uuid
from collections.abc import Callable
from dataclasses import replace

import structlog

from app import db
from app.directory import reader
from app.directory.entries import Entry
from app.directory.reader import Named
from app.errors import AlreadyExists, DirectoryAway, NoWayIn
from app.models import Account
from app.operations import directory_people, kept_elsewhere, password_try, ways_in
from app.operations.password_try import PasswordTry, StoredPassword
from app.operations.visitor import Visitor
from app.security import hash_gate

log = structlog.get_logger("doorward.directory")

Asked = tuple[PasswordTry, set[uuid.UUID]]


def compared(begin: Callable[[], PasswordTry], password: str, visitor: Visitor) -> Asked:
    """Begin a try in its turn, compare it here and by the directory; return it and what matched.

    For somebody who is known already. Raises what `begin` raises, DirectoryAway and Busy.
    """
    with hash_gate.gate().turn(visitor.network) as turn:
        tried = begin()
        matched = password_try.compare(turn, tried, password)
    tried, bound = ask(tried, password, visitor)
    return tried, matched | bound


def ask(tried: PasswordTry, password: str, visitor: Visitor, *, typed: str = "") -> Asked:
    """Return the try and the ids of the password rows that the directory says are right.

    `typed` is the identity of a sign-in; it may be somebody whom only the directory knows yet: the
    try is then theirs. Hold no turn and no transaction: it may take seconds. Raises DirectoryAway,
    Locked, TooManyTries, and NoWayIn for an entry that cannot have an account.
    """
    row = None if tried.nothing_can_open else tried.in_directory
    stranger = tried.account_id is None and typed != ""
    if not reader.in_use() or not reader.fit(password) or not (row or stranger):
        return tried, set()
    try:
        if row is not None and tried.account_id is not None:
            right = _known(tried.account_id, typed, password, visitor)
            if right is not None:
                return tried, {row.id} if right else set()
        return _stranger(tried, typed, password, visitor) if typed else (tried, set())
    except reader.TwoEntries:
        log.warning("directory_two_entries", account_id=str(tried.account_id or ""))
        return tried, set()
    except DirectoryAway:
        password_try.give_back(tried)
        raise


def _known(account_id: uuid.UUID, typed: str, password: str, visitor: Visitor) -> bool | None:
    """Ask by the entry's key, whatever was typed: a name can become somebody else's.

    None where the entry is gone: the name may be another's by now.
    """
    entry, account = kept_elsewhere.entry_of(account_id), db.session().get(Account, account_id)
    if entry is None or account is None:
        return False
    named = Named(typed or account.username or account.email or "", entry.key)
    db.session().rollback()  # no connection waits for the directory
    answer = reader.check(named, password)
    if answer.entry is None and reader.can_look_up():
        directory_people.gone(account_id, visitor)
        return None
    if answer.entry is None or not answer.right:
        return False
    directory_people.refresh(account_id, answer.entry, visitor)
    return True


def _stranger(tried: PasswordTry, typed: str, password: str, visitor: Visitor) -> Asked:
    """Look for somebody whom no account answers to: new here, or known by another name."""
    db.session().rollback()
    if not reader.can_look_up():
        answer = reader.check(Named(typed), password)
        right = answer.entry if answer.right else None
        return _proven(tried, right, visitor) if right else (tried, set())
    entry = reader.look_up(Named(typed))
    if entry is None:
        return tried, set()
    password_try.give_back(tried)
    theirs = _begin_as(entry, visitor)
    try:
        answer = reader.check(Named(typed, entry.key), password)
    except DirectoryAway:
        password_try.give_back(theirs)
        raise
    right = answer.entry if answer.right else None
    return _proven(theirs, right, visitor) if right else (theirs, set())


def _begin_as(entry: Entry, visitor: Visitor) -> PasswordTry:
    """Charge the try to whoever the entry is: by another name it is the same counter."""
    account = directory_people.account_of(entry.key)
    if account is not None:
        return password_try.begin_as(account, visitor)
    return password_try.begin_for_entry(entry.key, visitor)


def _proven(tried: PasswordTry, entry: Entry, visitor: Visitor) -> Asked:
    """Return the try as that of the entry's account, which is made now if there is none."""
    account = directory_people.account_of(entry.key)
    if account is None:
        try:
            account = directory_people.arrive(entry, visitor)
        except AlreadyExists:
            directory_people.conflict(entry, visitor)
            raise NoWayIn from None
    else:
        directory_people.refresh(account.id, entry, visitor)
    row = ways_in.applicable_password(account.id, None)
    if row is None:
        return tried, set()
    stored = StoredPassword(row.id, None, row.hash, row.changed_at)
    others = [each for each in tried.stored if each.id != row.id]
    return replace(tried, account_id=account.id, stored=[stored, *others]), {row.id}
