"""What a worker process of `serve` does first."""

import ctypes
import importlib
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

PR_SET_PDEATHSIG = 1  # prctl(2)


def load() -> Callable[..., Any]:
    """Return the application, made in this process: it shares nothing with the one that forked.

    A group of its own keeps the terminal's Ctrl-C from the worker: the server gets it, and ends
    its workers in order.
    """
    os.setpgid(0, 0)
    _end_with_the_server()
    sys.modules.pop("wsgi", None)
    application: Callable[..., Any] = importlib.import_module("wsgi").app
    return application


def _end_with_the_server() -> None:
    """Have the kernel end this worker if the server is killed: else it would keep the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
