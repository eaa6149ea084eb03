"""What a server does beside answering: a thread of its own for each such work."""

import threading
from collections.abc import Callable

_running: dict[str, threading.Thread] = {}


def start(
    name: str, work: Callable[[threading.Event], None], stop: threading.Event | None = None
) -> None:
    """Have a thread of this process do `work` until `stop` is set, unless one does already.

    The thread ends with the process, whether or not anybody set `stop`.
    """
    if running(name):
        return
    arguments = (stop or threading.Event(),)
    thread = threading.Thread(target=work, args=arguments, name=name, daemon=True)
    _running[name] = thread
    thread.start()


def running(name: str) -> threading.Thread | None:
    """Return this process's thread of that name, if it is alive; a forked process has none."""
    thread = _running.get(name)
    return thread if thread and thread.is_alive() else None
