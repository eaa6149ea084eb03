"""A socket whose every wait ends at one moment.

A socket's own time limit is for one read: a server that sends a byte now and then holds its
client for as long as it likes. This one counts down.
"""

import socket
import time
from typing import Any

MOST_BYTES = 1 << 20  # of all answers in one conversation: nobody's entry is longer


class Deadline:
    """A moment, `seconds` from now."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that are left; raise TimeoutError where none are."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the directory took too long")
        return left


class WithinDeadline:
    """A socket, plain or TLS, that reads and writes only until its deadline.

    It looks like a socket to whoever wraps it in TLS: what is not here is the socket's own.
    """

    def __init__(self, inner: socket.socket, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline
        self._received = 0

    def recv(self, size: int) -> bytes:
        """Receive some bytes; raise OSError where there were too many by now."""
        self._inner.settimeout(self._deadline.left())
        received = self._inner.recv(size)
        self._received += len(received)
        if self._received > MOST_BYTES:
            raise OSError("the directory says too much")
        return received

    def sendall(self, data: bytes) -> None:
        """Send all of `data`."""
        self._inner.settimeout(self._deadline.left())
        self._inner.sendall(data)

    def gettimeout(self) -> float:
        """Return how long a handshake may take from now on."""
        return self._deadline.left()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)
