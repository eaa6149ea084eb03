"""The gate that password hashing passes through.

A hash costs 20 to 30 ms of a core and 19 MiB. Without a gate, a flood of wrong passwords
takes all of both. So few hash at once, on threads that stand back for everybody else; the
clients wait in turn, however many tries each has waiting; and who comes when too many wait
is sent away at once.
"""

import logging
import os
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar, TypeVarTuple

from app import config
from app.errors import Busy

WAITING = 48  # tries, of all clients
OF_ONE_CLIENT = 32  # tries, waiting and having their turn
PATIENCE_SECONDS = 10.0
RETRY_AFTER_SECONDS = 1
NICENESS = 7  # steps of priority below the threads that answer requests

log = logging.getLogger(__name__)

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")


class Turn:
    """The right to hash, as long as its `with` block lasts."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self._threads = threads

    def run(self, work: Callable[[*Arguments], Result], *args: *Arguments) -> Result:
        """Return what `work(*args)` returns, or raise what it raises, on a hashing thread."""
        return self._threads.submit(work, *args).result()


class Gate:
    """Lets `threads` tries hash at once, one more get ready, and `waiting` wait.

    A client is whatever the tries are to be shared out by: a network address.
    """

    def __init__(
        self,
        threads: int,
        waiting: int = WAITING,
        of_one_client: int = OF_ONE_CLIENT,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        # One turn more than threads, so that a try asks the database while another hashes.
        self._turns = threads + 1
        self._most_waiting = waiting
        self._most_of_one_client = of_one_client
        self._patience = patience
        self._threads = ThreadPoolExecutor(threads, "hashing", initializer=_stand_back)
        self._lock = threading.Lock()  # for all that follows
        self._holding: Counter[str] = Counter()
        self._lines: dict[str, deque[threading.Event]] = {}  # by client, the next one first

    @contextmanager
    def turn(self, client: str) -> Iterator[Turn]:
        """Wait for `client`'s turn and hold it; raise Busy where too many wait, or too long."""
        granted = self._join(client)
        try:
            if not granted.wait(self._patience):
                raise Busy(RETRY_AFTER_SECONDS)
            yield Turn(self._threads)
        finally:
            self._leave(client, granted)

    def full(self, client: str) -> bool:
        """Tell whether `client` would be sent away now, before anything else is done for it."""
        with self._lock:
            return self._is_full(client)

    def _join(self, client: str) -> threading.Event:
        granted = threading.Event()
        with self._lock:
            if self._is_full(client):
                raise Busy(RETRY_AFTER_SECONDS)
            self._lines.setdefault(client, deque()).append(granted)
            self._grant()
        return granted

    def _is_full(self, client: str) -> bool:
        own = len(self._lines.get(client, ())) + self._holding[client]
        waiting = sum(map(len, self._lines.values()))
        no_turn_left = self._holding.total() >= self._turns
        return own >= self._most_of_one_client or (no_turn_left and waiting >= self._most_waiting)

    def _leave(self, client: str, granted: threading.Event) -> None:
        with self._lock:
            if granted.is_set():
                self._holding[client] -= 1
                self._holding += Counter()  # forget clients that hold nothing
            else:
                self._lines[client].remove(granted)
                self._forget_if_empty(client)
            self._grant()

    def _grant(self) -> None:
        while self._lines and self._holding.total() < self._turns:
            client = self._next_client()
            line = self._lines.pop(client)
            line.popleft().set()
            self._holding[client] += 1
            if line:
                self._lines[client] = line  # behind all others

    def _next_client(self) -> str:
        """Return who holds the fewest turns; among equals, who has waited longest for one.

        A newcomer thus goes before the next try of whoever holds a turn already.
        """
        return min(self._lines, key=self._holding.__getitem__)

    def _forget_if_empty(self, client: str) -> None:
        if not self._lines[client]:
            del self._lines[client]


def _stand_back() -> None:
    """Lower the priority of the thread that calls."""
    try:
        here = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, here, os.getpriority(os.PRIO_PROCESS, here) + NICENESS)
    except (AttributeError, OSError) as error:  # only Linux gives threads their own
        log.debug("hashing threads keep their priority: %s", error)


_gates: dict[int, Gate] = {}  # by process: threads don't survive a fork


def gate() -> Gate:
    """Return this process's gate; all workers' together hash on as many threads as cores."""
    here = os.getpid()
    if here not in _gates:  # setdefault, so that two threads that come at once share one
        threads = max(1, (os.cpu_count() or 1) // config.current().workers)
        _gates.setdefault(here, Gate(threads))
    return _gates[here]


def use(chosen: Gate) -> None:
    """Make `chosen` this process's gate."""
    _gates[os.getpid()] = chosen
