"""What a server does beside answering, again and again, in a thread of each process.

It writes down how its requests went, counts what happened since anybody counted, and looks once a
day which factors people have. Once an hour, whichever process comes first purges, and lets accounts
that a directory has follow it.
"""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import structlog
from flask import Flask

from app import threads
from app.cli.command import VISITOR
from app.directory import reader
from app.errors import DirectoryAway
from app.operations import counting, directory_sync, factor_census, purging, request_counts
from app.operations.directory_sync import TooManyGone

NAME = "upkeep"
LOOKS_EVERY = timedelta(minutes=5)  # whether anything is due; a busy start is left alone

log = structlog.get_logger("doorward.upkeep")


def start_thread(app: Flask, stop: threading.Event | None = None) -> None:
    """Have a thread of this process do what is due, if none does yet."""
    threads.start(NAME, partial(_watch, app), stop)


def _watch(app: Flask, stop: threading.Event) -> None:
    while not stop.wait(LOOKS_EVERY.total_seconds()):
        _look(app)


def _look(app: Flask) -> None:
    """Do what is due, each for itself: what goes wrong with one holds up no other."""
    for failed, chore in CHORES.items():
        _do(app, chore, failed)


def _do(app: Flask, chore: Callable[[], object], failed: str) -> None:
    try:
        with app.app_context():
            chore()
    except Exception as error:  # the database may be away; it comes back
        log.error(failed, error=type(error).__name__)


def _purge() -> None:
    if not purging.take_turn():
        return
    try:
        log.info("purged", **purging.purge())
    finally:  # whoever is gone goes, whatever is wrong with old rows
        _follow_directory()


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


CHORES: dict[str, Callable[[], object]] = {  # by what the log says where one fails
    "request_counts_failed": request_counts.flush,
    "counting_failed": counting.catch_up,
    "factor_census_failed": factor_census.take_if_due,
    "purge_failed": _purge,
}
