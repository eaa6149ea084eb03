"""What a server does beside answering, once an hour, whichever process comes first.

It purges, and lets accounts that a directory has follow it.
"""

import threading
from datetime import timedelta

import structlog
from flask import Flask

from app.cli.command import VISITOR
from app.directory import reader
from app.errors import DirectoryAway
from app.operations import directory_sync, purging
from app.operations.directory_sync import TooManyGone

LOOKS_EVERY = timedelta(minutes=5)  # whether the hour is over; a busy start is left alone

log = structlog.get_logger("doorward.upkeep")
_threads: list[threading.Thread] = []


def start_thread(app: Flask, stop: threading.Event | None = None) -> None:
    """Have a thread of this process purge when it is its turn, if none does yet."""
    if any(thread.is_alive() for thread in _threads):  # a forked process has none of them
        return
    arguments = (app, stop or threading.Event())
    thread = threading.Thread(target=_watch, args=arguments, name="upkeep", daemon=True)
    _threads[:] = [thread]
    thread.start()


def _watch(app: Flask, stop: threading.Event) -> None:
    while not stop.wait(LOOKS_EVERY.total_seconds()):
        _look(app)


def _look(app: Flask) -> None:
    """Purge if it is our turn; whatever goes wrong, the thread lives on."""
    try:
        with app.app_context():
            if purging.take_turn():
                log.info("purged", **purging.purge())
                _follow_directory()
    except Exception as error:  # the database may be away; it comes back
        log.error("purge_failed", error=type(error).__name__)


def _follow_directory() -> None:
    """Sign out whoever is not in the directory any more, unless too many seem to be gone."""
    if not reader.in_use() or not reader.can_look_up():
        return
    gone = 0
    try:
        for done in directory_sync.sync(VISITOR):
            gone = done.newly_gone
    except TooManyGone as error:
        log.error("directory_too_many_gone", gone=error.gone, known=error.known)
    except DirectoryAway:
        log.warning("directory_away")
    else:
        log.info("directory_followed", gone=gone)
