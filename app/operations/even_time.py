"""Answering as late for an identity that exists as for one that does not.

Text and status can be made alike by care; time cannot, as long as one of the two has rows to read
and write. So what could tell by its time is answered no sooner than `floor` after it began.
"""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

SPREAD = 0.2  # of the floor, by chance: hides the microseconds of what is still done afterwards
_chance = random.SystemRandom()
floor = timedelta(milliseconds=100)  # above what either takes, hashing included; tests set it to 0


def begin() -> float:
    """Return the moment that `wait` counts from."""
    return time.monotonic()


def wait(began: float, *, floors: int = 1) -> None:
    """Sleep until so many floors have passed since `began`. Hold no transaction and no turn."""
    least = floors * floor.total_seconds()
    left = least - (time.monotonic() - began)
    blur = SPREAD * _chance.random() * least
    if left + blur > 0:
        time.sleep(left + blur)


@contextmanager
def kept() -> Iterator[None]:
    """Let the block take `floor` at least, however it ends."""
    began = begin()
    try:
        yield
    finally:
        wait(began)
