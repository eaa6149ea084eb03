"""After how many seconds to try again, for the answers that say so."""

from datetime import datetime

from app.errors import Refusal
from app.operations.lockout import seconds_until


def seconds_to_wait(refusal: Refusal) -> int | None:
    """Return after how many whole seconds a refused call may be tried again; None: no wait helps.

    Not for every reader: an organisation's own lock has to look like a wrong password.
    """
    until: datetime | None = getattr(refusal, "until", None)
    seconds: int | None = getattr(refusal, "retry_after", None)
    return seconds if until is None else seconds_until(until)
