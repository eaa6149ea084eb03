"""What verifying the audit log found, in the words of a terminal."""

from app.operations.audit_walk import Fault, Kind

NO_CHECKPOINT = "Line {line} is no checkpoint: give it as audit checkpoint, or the log, wrote it."
NO_END = "The portal did not sign the end of the log: run flask --app wsgi audit verify."

SENTENCES = {
    Kind.CHANGED: "{events}: changed, or something else was put there.",
    Kind.UNPROVEN: "{events}: cannot be proven, because the one before is wrong.",
    Kind.SWAPPED: "{events}: changed places.",
    Kind.INSERTED: "{events}: put in, and what followed renumbered.",
    Kind.REMOVED: "{events}: before this one, one was taken out and what followed renumbered.",
    Kind.MISSING: "{events}: taken out.",
    Kind.BEGINNING_CUT: "{events}: cut off from the beginning.",
    Kind.BEFORE_START: "{events}: put in before the beginning of the log.",
    Kind.START_UNSIGNED: "{events}: the portal did not sign that the log begins after this one.",
    Kind.END_CUT: "{events}: cut off from the end.",
    Kind.BEYOND_END: "{events}: put in behind the end of the log.",
    Kind.HEAD_MISSING: "The record of where the log ends was taken out.",
    Kind.HEAD_UNSIGNED: "{events}: the portal did not sign that the log ends with this one.",
    Kind.HEAD_DIFFERS: "{events}: not the one that the portal signed as the last.",
    Kind.WAS_UNSIGNED: "{events}: tells that the log's end was found without a signature of ours.",
    Kind.CHECKPOINT_UNSIGNED: "{checkpoint}: not signed by any key in DOORWARD_SECRET_KEY.",
    Kind.CHECKPOINT_DIFFERS: "{checkpoint}: there was another event then than there is now.",
    Kind.CHECKPOINT_WITHOUT_EVENT: "{checkpoint}: there was an event then, and is none now.",
}


def of_fault(fault: Fault) -> str:
    """Return what is wrong, and where."""
    events = f"Event {fault.first:,}"
    if fault.last > fault.first:
        events = f"Events {fault.first:,} to {fault.last:,}"
    whose = "The given checkpoint" if fault.given else "The checkpoint"
    checkpoint_at = f"{whose} of event {fault.first:,}"
    return SENTENCES[fault.kind].format(events=events, checkpoint=checkpoint_at)


def count(number: int, of: str) -> str:
    """Return how many of something."""
    return f"{number:,} {of}" if number == 1 else f"{number:,} {of}s"
