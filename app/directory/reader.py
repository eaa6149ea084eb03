"""Looking people up in the directory and checking their passwords, in bounded time."""

import functools
import os
import threading
import time
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

import structlog
from ldap3.utils.conv import escape_bytes, escape_filter_chars
from ldap3.utils.dn import escape_rdn

from app import config
from app.config.directory import HOLDS_IDENTITY, Directory
from app.directory import entries, groups
from app.directory.conversation import Conversation, Trouble, Unreachable, opened
from app.directory.deadline import Deadline
from app.directory.entries import Entry
from app.directory.groups import ANYTHING, NOTHING
from app.errors import DirectoryAway

AT_ONCE = 8  # conversations of one process: a slow directory must not hold every thread
MOST_WAITING = 3 * AT_ONCE
SPARED_S = 2.0  # for so long a server that failed is asked only where no other answers
LONGEST_IDENTITY = 320  # characters; nobody's name or address is longer
AILING = set(Trouble) - {Trouble.ODD_ANSWER, Trouble.TOO_MANY}  # these don't tell of the next
LONGEST_PASSWORD = 1024  # bytes

log = structlog.get_logger("doorward.directory")

Told = TypeVar("Told")


@dataclass(frozen=True)
class Named:
    """Whom to look for: by what was typed, or by the key of an entry that is known.

    With both it is the entry of the key, unless what was typed is another entry's name by now.
    """

    identity: str = ""
    key: str | None = None


@dataclass(frozen=True)
class Answer:
    """Who was found, if anybody, and whether the password is theirs.

    `renamed` tells that what was typed names another entry now, and no password was compared.
    """

    entry: Entry | None
    right: bool = False
    renamed: bool = False


class TwoEntries(Exception):
    """What was typed names several entries: whose password it would be, nobody can say."""


def in_use() -> bool:
    """Tell whether there is a directory."""
    return config.current().directory is not None


def settings() -> Directory:
    """Return the directory's settings; LookupError where there is none."""
    found = config.current().directory
    if found is None:
        raise LookupError("no directory is set up")
    return found


def can_look_up() -> bool:
    """Tell whether people can be found without their password: by a search of our own."""
    return settings().user_dn is None


def binds_by_username() -> bool:
    """Tell whether people are bound, without being looked for, by what their username is."""
    by_username = f"{settings().username_attribute}={HOLDS_IDENTITY},".lower()
    return (settings().user_dn or "").lower().startswith(by_username)


def groups_missing() -> list[str]:
    """Return those of the settings' groups that are not there to be seen. Raises DirectoryAway."""
    return _ask(lambda talk: groups.missing(talk, settings()))


def look_up(named: Named) -> Entry | None:
    """Return the entry that is named, or None. Raises DirectoryAway and TwoEntries."""
    return _ask(lambda talk: _found(talk, named))


def check(named: Named, password: str) -> Answer:
    """Tell who is named and whether `password` is theirs, the groups they are in included.

    A password that no bind may carry (empty, with a NUL, over-long, half a character) is wrong
    without asking. Raises DirectoryAway and TwoEntries.
    """
    if not fit(password):
        return Answer(None)
    ask = _check_found if can_look_up() else _check_direct
    return _ask(lambda talk: ask(talk, named, password))


def fit(password: str) -> bool:
    """Tell whether a bind may carry `password`: text without a NUL, not empty, not endless."""
    try:
        size = len(password.encode())
    except UnicodeEncodeError:
        return False
    return 0 < size <= LONGEST_PASSWORD and "\0" not in password


def keys_there(keys: list[str]) -> set[str]:
    """Return which of these entries the directory has. Raises DirectoryAway."""
    return _ask(lambda talk: {key for key in keys if _entry_of(talk, key) is not None})


def keys_found(keys: list[str]) -> dict[str, Entry]:
    """Return those of these entries that it has, by key, with their groups; raises the same."""

    def ask(talk: Conversation) -> dict[str, Entry]:
        found = (_found(talk, Named(key=key)) for key in keys)
        return {entry.key: entry for entry in found if entry is not None}

    return _ask(ask)


def state() -> dict[str, Trouble | None]:
    """Return for every server what is wrong with it; None where it answers as it should."""
    servers = settings().url
    with ThreadPoolExecutor(len(servers)) as all_at_once:
        return dict(zip(servers, all_at_once.map(_wrong_with, servers), strict=True))


def _wrong_with(url: str) -> Trouble | None:
    def ask(talk: Conversation) -> None:
        if can_look_up():
            talk.search(settings().base_dn, ANYTHING, NOTHING, most=1)

    try:
        _within(Deadline(settings().timeout), functools.partial(_talk, url, ask))
    except Unreachable as why:
        return why.trouble
    return None


def _found(talk: Conversation, named: Named) -> Entry | None:
    """Return one person's entry with their groups; raise TwoEntries."""
    if named.key is not None:
        entry = _entry_of(talk, named.key)
    else:
        entry = _entry_called(talk, named.identity)
    return _with_groups(talk, entry) if entry else None


def _entry_called(talk: Conversation, identity: str) -> Entry | None:
    """Return the one entry of a name; what no entry can be called names nobody."""
    if not _can_be_called(identity):
        return None
    directory, typed = settings(), escape_filter_chars(identity)
    condition = directory.user_filter.replace(HOLDS_IDENTITY, typed)
    found = talk.search(directory.base_dn, condition, entries.attributes(directory), most=2)
    if len(found) > 1:
        raise TwoEntries
    return entries.entry(directory, found[0]) if found else None


def _entry_of(talk: Conversation, key: str) -> Entry | None:
    """Return the entry of a key; what else is answered by it is no entry of anybody."""
    directory = settings()
    is_theirs = f"({directory.id_attribute}={escape_bytes(bytes.fromhex(key))})"
    condition = f"(&{is_theirs}{directory.filter_of_anybody})"
    found = talk.search(directory.base_dn, condition, entries.attributes(directory), most=2)
    if not found:
        return None
    entry = entries.entry(directory, found[0])
    if entry is None or entry.key != key or len(found) > 1:
        raise Unreachable(Trouble.ODD_ANSWER, "another entry")
    return entry


def _can_be_called(identity: str) -> bool:
    """Tell whether somebody's name can be so: text that is not endless, and has no controls."""
    fits = 0 < len(identity) <= LONGEST_IDENTITY
    return fits and not any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in identity)


def _with_groups(talk: Conversation, entry: Entry) -> Entry:
    return replace(entry, groups=groups.of(talk, settings(), entry))


def _check_found(talk: Conversation, named: Named, password: str) -> Answer:
    """Look for somebody as the portal, then knock with their password: last, it ends the search."""
    entry = _found(talk, named)
    if entry is not None and named.key is not None and _is_anothers(talk, named.identity, entry):
        return Answer(entry, renamed=True)
    return Answer(entry, entry is not None and talk.bind(entry.dn, password))


def _check_direct(talk: Conversation, named: Named, password: str) -> Answer:
    """Knock with the name that was typed, then read one's own entry."""
    directory = settings()
    if not _can_be_called(named.identity):
        return Answer(None)
    dn = (directory.user_dn or "").replace(HOLDS_IDENTITY, escape_rdn(named.identity))
    if not talk.bind(dn, password):
        return Answer(None)
    found = talk.read(dn, ANYTHING, entries.attributes(directory))
    entry = entries.entry(directory, found) if found else None
    if entry is None or named.key not in {None, entry.key}:
        return Answer(None, renamed=entry is not None)
    return Answer(_with_groups(talk, entry), right=True)


def _is_anothers(talk: Conversation, typed: str, entry: Entry) -> bool:
    """Tell whether what was typed is no name of this entry, and one of another."""
    if not typed or typed.strip().casefold() in map(str.casefold, entry.emails + entry.usernames):
        return False
    try:
        other = _entry_called(talk, typed)
    except TwoEntries:
        return False
    return other is not None and other.key != entry.key


def _ask(ask: Callable[[Conversation], Told]) -> Told:
    """Ask the first server that answers, all within one deadline; raise DirectoryAway."""
    deadline, servers = Deadline(settings().timeout), _in_order()
    for left, url in zip(range(len(servers), 0, -1), servers, strict=True):
        try:
            told = _within(_share(deadline, left), functools.partial(_talk, url, ask))
        except Unreachable as why:
            log.warning("directory_server_away", server=url, why=why.trouble, detail=why.detail)
            if why.trouble in AILING:
                _failed[url] = time.monotonic()
        else:
            _failed.pop(url, None)
            return told
    raise DirectoryAway


def _share(deadline: Deadline, servers: int) -> Deadline:
    """Return this server's part of the time that is left for all of them."""
    try:
        return Deadline(deadline.left() / servers)
    except TimeoutError:
        raise DirectoryAway from None


def _talk(url: str, ask: Callable[[Conversation], Told], deadline: Deadline) -> Told:
    directory = settings()
    with opened(directory, url, deadline) as talk:
        if directory.bind_dn and not talk.bind(directory.bind_dn, directory.bind_password or ""):
            raise Unreachable(Trouble.REFUSES_PORTAL)
        return ask(talk)


def _within(deadline: Deadline, work: Callable[[Deadline], Told]) -> Told:
    """Do `work` on a thread of the few for it; what even a socket's limit does not end, is left.

    Whoever comes when too many wait is sent away: they would hold threads that others need.
    """
    if not _waiting.acquire(blocking=False):
        raise Unreachable(Trouble.TOO_MANY)
    doing = _threads().submit(work, deadline)
    try:
        return doing.result(timeout=deadline.left())
    except TimeoutError:
        began = not doing.cancel()
        raise Unreachable(Trouble.TOO_SLOW if began else Trouble.TOO_MANY) from None
    finally:
        _waiting.release()


def _in_order() -> list[str]:
    """Return the servers as the settings order them, those that failed just now behind.

    Where all of them did, nobody waits for them: DirectoryAway.
    """
    spared = time.monotonic() - SPARED_S
    ailing = {url for url, when in _failed.items() if when > spared}
    if ailing.issuperset(settings().url):
        raise DirectoryAway
    return sorted(settings().url, key=ailing.__contains__)


_waiting = threading.BoundedSemaphore(MOST_WAITING)
_failed: dict[str, float] = {}  # when each server was last away
_pools: dict[int, ThreadPoolExecutor] = {}  # by process: threads don't survive a fork


def _threads() -> ThreadPoolExecutor:
    here = os.getpid()
    if here not in _pools:
        _pools.setdefault(here, ThreadPoolExecutor(AT_ONCE, "directory"))
    return _pools[here]


def forget() -> None:
    """Forget which servers were away."""
    _failed.clear()
