"""Trying the directory out, as a superuser: how it is, whom a name finds, whether one gets in."""

from dataclasses import dataclass

from app import db
from app.directory import reader
from app.directory.conversation import Trouble
from app.directory.entries import Entry
from app.directory.reader import Named
from app.errors import DirectoryAway, Locked
from app.models import Account
from app.operations import audit, authority, directory_people, directory_roles, password_try
from app.operations.authority import Administrator
from app.operations.password_try import PasswordTry
from app.operations.rights import Action
from app.operations.visitor import Visitor


@dataclass(frozen=True)
class Found:
    """What a name found, and the account that it is, if any; `right` where a password was tried.

    `several` tells that more than one entry answers to it.
    """

    entry: Entry | None
    account: Account | None = None
    right: bool | None = None
    several: bool = False


def servers(administrator: Administrator) -> dict[str, Trouble | None]:
    """Return what is wrong with each server, if anything; raise NotFound for other seats."""
    authority.require(administrator, Action.SEE_DIRECTORY)
    return reader.state()


def found(administrator: Administrator, identity: str, *, right: bool | None = None) -> Found:
    """Return whom a name finds, and what is known of a password that was tried just before.

    Where people can only be found by their password, that is nobody. Raises DirectoryAway.
    """
    authority.require(administrator, Action.SEE_DIRECTORY)
    db.session().rollback()  # no connection waits for the directory
    try:
        entry = reader.look_up(Named(identity)) if reader.can_look_up() else None
    except reader.TwoEntries:
        return Found(None, several=True)
    account = directory_people.account_of(entry.key) if entry else None
    return Found(entry, account, right)


def probe(
    administrator: Administrator, identity: str, password: str, visitor: Visitor
) -> bool | None:
    """Try a name and a password, if one is given; tell whether it is right, None where none was.

    Signs nobody in and makes no account; a try counts like any of that person's. Raises
    ProofRequired, NotFound, DirectoryAway, Locked and TooManyTries.
    """
    authority.require_fresh(administrator, Action.SEE_DIRECTORY)
    by = administrator.account_id
    whom = found(administrator, identity)
    right = _tried(whom, identity, password, visitor) if password else None
    with db.transaction():
        who = whom.account.id if whom.account else None
        told = None if right is None else int(right)
        audit.record("directory_tried", visitor, account_id=who, by=by, password_right=told)
    return right


def _tried(whom: Found, identity: str, password: str, visitor: Visitor) -> bool:
    tried = _charged(whom, identity, visitor)
    if tried.nothing_can_open:
        raise Locked(min(tried.locked.values()))
    db.session().rollback()
    named = Named(identity, whom.entry.key if whom.entry else None)
    try:
        right = reader.check(named, password).right
    except reader.TwoEntries:
        return False
    except DirectoryAway:
        password_try.give_back(tried)
        raise
    if right:
        password_try.give_back(tried)
    return right


def _charged(whom: Found, identity: str, visitor: Visitor) -> PasswordTry:
    if whom.account is not None:
        return password_try.begin_as(whom.account, visitor)
    if whom.entry is not None:
        places = directory_roles.places(whom.entry.groups)
        return password_try.begin_for_entry(whom.entry.key, places, visitor)
    return password_try.begin(identity, visitor)
