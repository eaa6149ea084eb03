"""Whether the database's tables are those that this Doorward knows."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import click
import flask_migrate

from app import config
from app.cli.sentences import UNPREPARED
from app.operations import schema_state
from app.operations.schema_state import Fit

OLDER = "The database is from an older Doorward: run flask --app wsgi db upgrade."
NEWER = "The database is from a newer Doorward: update this one, or restore an older backup."
PROBLEMS = {Fit.MISSING: UNPREPARED, Fit.OLDER: OLDER, Fit.NEWER: NEWER}


def problem() -> str | None:
    """Return what is wrong with the database's tables in one sentence, or None."""
    return PROBLEMS.get(schema_state.read().fit)


def require_current() -> None:
    """End the command where the tables are missing, older or newer."""
    if found := problem():
        raise click.ClickException(found)


def bring_up_to_date() -> None:
    """Migrate the database; end the command where it is newer than this Doorward."""
    found = problem()
    if found == NEWER:
        raise click.ClickException(NEWER)
    if found:
        click.echo("Preparing the database …", err=True)
        flask_migrate.upgrade()


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait until no other start on this machine prepares the database."""
    with _lock_file() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # freed when the file is closed, however we end
        yield


def _lock_file() -> TextIO:
    folder = config.INSTANCE
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        return (folder / "prepare.lock").open("a")
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be written to: see who owns it.") from error
