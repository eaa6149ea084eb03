"""One try at a password that a directory has.

    password_try.begin ──► compare ──► ask ──► settled as any other

Every bind was counted before: the directory sees no more tries than the portal lets through. What
could not be compared, because the directory is away, is counted no longer.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import structlog

from app import db
from app.directory import reader
from app.directory.entries import Entry
from app.directory.reader import Answer, Named
from app.errors import AlreadyExists, DirectoryAway, NoWayIn
from app.models import Account
from app.operations import (
    directory_people,
    directory_roles,
    kept_elsewhere,
    password_try,
    ways_in,
)
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
    try is then theirs. Whose entry is gone has no password of any kind: the try has none then. Hold
    no turn and no transaction: it may take seconds. Raises DirectoryAway, Locked, TooManyTries, and
    NoWayIn for an entry that cannot have an account.
    """
    row = None if tried.nothing_can_open else tried.in_directory
    stranger = typed != "" and not _is_somebodys(tried)
    if not reader.in_use() or not reader.fit(password) or not (row or stranger):
        return tried, set()
    try:
        if row is None or tried.account_id is None:
            return _stranger(tried, typed, password, visitor)
        answer = _known(tried, tried.account_id, typed, password, visitor)
        if answer is not None and not answer.renamed:
            return tried, {row.id} if answer.right else set()
        without = replace(tried, stored=[])
        return _stranger(without, typed, password, visitor) if typed else (without, set())
    except reader.TwoEntries:
        log.warning("directory_two_entries", account_id=str(tried.account_id or ""))
        return tried, set()


def _is_somebodys(tried: PasswordTry) -> bool:
    """Tell whether it is a try at an account whose owner came in once.

    An address that somebody typed into a form keeps nobody of the directory out.
    """
    account = db.session().get(Account, tried.account_id) if tried.account_id else None
    return account is not None and account.activated_at is not None


def _known(
    tried: PasswordTry, account_id: uuid.UUID, typed: str, password: str, visitor: Visitor
) -> Answer | None:
    """Ask by the entry's key, whatever was typed: a name can become somebody else's.

    None where the entry is gone: the name may be another's by now.
    """
    entry, account = kept_elsewhere.entry_of(account_id), db.session().get(Account, account_id)
    if entry is None or account is None:
        return Answer(None)
    named = Named(_bound_as(account, typed), entry.key)
    answer = _checked(named, password, tried)
    if answer.entry is None and reader.can_look_up():
        directory_people.gone(account_id, visitor)
        return None
    if answer.entry is not None and (answer.right or answer.renamed):
        directory_people.refresh(account_id, answer.entry, visitor)
    return answer


def _bound_as(account: Account, typed: str) -> str:
    """Return what an account is called where it cannot be looked for by its key."""
    if reader.can_look_up():
        return typed
    if reader.binds_by_username() and account.username:
        return account.username
    return typed or account.username or account.email or ""


def _stranger(tried: PasswordTry, typed: str, password: str, visitor: Visitor) -> Asked:
    """Look for somebody whom no account answers to: new here, or known by another name."""
    if not reader.can_look_up():
        answer = _checked(Named(typed), password, tried)
        return _proven(tried, answer.entry, visitor) if answer.entry else (tried, set())
    with _uncounted_if_away(tried):
        entry = reader.look_up(Named(typed))
    return _as_entry(tried, entry, typed, password, visitor) if entry else (tried, set())


def _as_entry(
    tried: PasswordTry, entry: Entry, typed: str, password: str, visitor: Visitor
) -> Asked:
    """Count the try for whoever the entry is as well: by another name it is the same counter.

    What was typed stays counted unless the password is right: a lock looks like that of a name that
    nobody has, and the directory is not asked meanwhile.
    """
    password_try.give_back_network(tried)
    name = replace(tried, network=None)
    theirs = _begin_as(entry, visitor)
    if theirs.nothing_can_open:
        return theirs, set()
    answer = _checked(Named(typed, entry.key), password, theirs, name)
    if answer.entry is None or not answer.right:
        return theirs, set()
    password_try.forgive(name)
    return _proven(theirs, answer.entry, visitor)


def _checked(named: Named, password: str, *tries: PasswordTry) -> Answer:
    with _uncounted_if_away(*tries):
        return reader.check(named, password)


@contextmanager
def _uncounted_if_away(*tries: PasswordTry) -> Iterator[None]:
    """Count tries no longer where the directory could not be asked; no connection waits for it."""
    db.session().rollback()
    try:
        yield
    except DirectoryAway:
        for each in tries:
            password_try.give_back(each)
        raise


def _begin_as(entry: Entry, visitor: Visitor) -> PasswordTry:
    account = directory_people.account_of(entry.key)
    if account is not None:
        return password_try.begin_as(account, visitor)
    return password_try.begin_for_entry(entry.key, directory_roles.places(entry.groups), visitor)


def _arrived(entry: Entry, visitor: Visitor) -> Account:
    """Make the account; who had the address before, by the directory, is looked for first."""
    try:
        return directory_people.arrive(entry, visitor)
    except AlreadyExists:
        directory_people.look_after_holder(entry, visitor)
    try:
        return directory_people.arrive(entry, visitor)
    except AlreadyExists:
        directory_people.conflict(entry, visitor)
        raise NoWayIn from None


def _proven(tried: PasswordTry, entry: Entry, visitor: Visitor) -> Asked:
    """Return the try as that of the entry's account, which is made now if there is none."""
    account = directory_people.account_of(entry.key)
    if account is None:
        with _uncounted_if_away(tried):
            account = _arrived(entry, visitor)
        tried = password_try.arrived(tried, account)
    else:
        directory_people.refresh(account.id, entry, visitor)
    row = ways_in.applicable_password(account.id, None)
    if row is None:
        return tried, set()
    stored = StoredPassword(row.id, None, row.hash, row.changed_at)
    others = [each for each in tried.stored if each.id != row.id]
    return replace(tried, account_id=account.id, stored=[stored, *others]), {row.id}
