"""What verifying the audit log found, in words for people."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.operations.audit_walk import Kind

SENTENCES = {
    Kind.CHANGED: _l("%(events)s: changed, or something else was put there."),
    Kind.UNPROVEN: _l("%(events)s: cannot be proven, because the one before is wrong."),
    Kind.SWAPPED: _l("%(events)s: changed places."),
    Kind.INSERTED: _l("%(events)s: put in, and what followed renumbered."),
    Kind.REMOVED: _l(
        "%(events)s: before this one, one was taken out and what followed renumbered."
    ),
    Kind.MISSING: _l("%(events)s: taken out."),
    Kind.BEGINNING_CUT: _l("%(events)s: cut off from the beginning."),
    Kind.BEFORE_START: _l("%(events)s: put in before the beginning of the log."),
    Kind.START_UNSIGNED: _l("%(events)s: the portal did not sign that the log begins after it."),
    Kind.END_CUT: _l("%(events)s: cut off from the end."),
    Kind.BEYOND_END: _l("%(events)s: put in behind the end of the log."),
    Kind.HEAD_MISSING: _l("The record of where the log ends was taken out."),
    Kind.HEAD_UNSIGNED: _l("%(events)s: the portal did not sign that the log ends with it."),
    Kind.HEAD_DIFFERS: _l("%(events)s: not the one that the portal signed as the last."),
    Kind.WAS_UNSIGNED: _l(
        "%(events)s: tells that the log's end was found without a signature of ours."
    ),
    Kind.CHECKPOINT_UNSIGNED: _l(
        "The checkpoint of %(events)s: not signed by any key of the portal."
    ),
    Kind.CHECKPOINT_DIFFERS: _l(
        "The checkpoint of %(events)s: there was another event then than now."
    ),
    Kind.CHECKPOINT_WITHOUT_EVENT: _l(
        "The checkpoint of %(events)s: there was an event then, and is none now."
    ),
}


def sentence(kind: str, first: int, last: int) -> str:
    """Return what is wrong, and where."""
    if last > first:
        events = _("events %(first)s to %(last)s", first=first, last=last)
    else:
        events = _("event %(first)s", first=first)
    said = str(SENTENCES[Kind(kind)]) % {"events": events}
    return said[:1].upper() + said[1:]
