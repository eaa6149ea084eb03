"""Which of the settings' groups somebody is in, and the groups around those."""

from ldap3.utils.conv import escape_filter_chars

from app.config.directory import HOLDS_DN, HOLDS_USERNAME, Directory
from app.directory.conversation import Conversation, Trouble, Unreachable
from app.directory.entries import Entry

MOST_GROUPS = 200  # that one person is in; with more the settings are wrong
NOTHING = ["1.1"]  # no attribute (RFC 4511, section 4.5.1.8)
ANYTHING = "(objectClass=*)"


def of(talk: Conversation, directory: Directory, entry: Entry) -> frozenset[str]:
    """Return those groups that list somebody, or a group that they are in if these are followed."""
    if not directory.groups:
        return frozenset()
    condition = _lists(directory, entry, [entry.dn, *_around(talk, directory, entry)])
    return frozenset(
        group for group in directory.groups if talk.read(group, condition, NOTHING) is not None
    )


def missing(talk: Conversation, directory: Directory) -> list[str]:
    """Return those of the settings' groups that are not there, or not for the portal to see."""
    return [each for each in directory.groups if talk.read(each, ANYTHING, NOTHING) is None]


def _around(talk: Conversation, directory: Directory, entry: Entry) -> list[str]:
    """Return the groups that somebody is in, those that these are in, and so on."""
    base, known, last = directory.nested_groups_dn, list[str](), [entry.dn]
    while base is not None and last:
        condition = _lists(directory, entry, last)
        found = talk.search(base, condition, NOTHING, most=MOST_GROUPS + 1)
        last = [dn for each in found if (dn := each["dn"]) not in known]
        known += last
        if len(known) > MOST_GROUPS:
            raise Unreachable(Trouble.ODD_ANSWER, "too many groups")
    return known


def _lists(directory: Directory, entry: Entry, dns: list[str]) -> str:
    """Return the condition that is true of groups that list somebody by one of these names."""
    username = escape_filter_chars(entry.username or "")
    pattern = directory.group_filter.replace(HOLDS_USERNAME, username)
    return f"(|{''.join(pattern.replace(HOLDS_DN, escape_filter_chars(dn)) for dn in dns)})"
