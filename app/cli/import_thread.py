"""What a server does beside answering: working on the imports that are begun on its pages."""

import threading
from datetime import timedelta
from functools import partial

import structlog
from flask import Flask

from app import threads
from app.operations import import_work

NAME = "imports"
LOOKS_EVERY = timedelta(seconds=2)

log = structlog.get_logger("doorward.imports")


def start_thread(app: Flask, stop: threading.Event | None = None) -> None:
    """Have a thread of this process work on imports that wait, if none does yet."""
    threads.start(NAME, partial(_watch, app), stop)


def _watch(app: Flask, stop: threading.Event) -> None:
    while not stop.is_set():
        if not _work(app, stop):
            stop.wait(LOOKS_EVERY.total_seconds())


def _work(app: Flask, stop: threading.Event) -> bool:
    """Work on one import if one waits; whatever goes wrong, the thread lives on."""
    try:
        with app.app_context():
            return import_work.work_once(stop)
    except Exception as error:  # the database may be away; it comes back
        log.error("import_work_failed", error=type(error).__name__)
        return False
