"""The commands: `flask --app wsgi …`, or `doorward …` where the package is installed."""

import os
from pathlib import Path

from flask import Flask
from flask import cli as flask_cli

from app.cli.accounts import accounts
from app.cli.audit import audit
from app.cli.demo import demo
from app.cli.directory import directory, sync
from app.cli.exporting import export
from app.cli.importing import import_
from app.cli.keys import keys
from app.cli.memberships import memberships
from app.cli.organisations import organisations
from app.cli.outbox import outbox
from app.cli.purge import purge
from app.cli.serve import serve
from app.cli.statistics import statistics

WSGI = Path(__file__).resolve().parent.parent.parent / "wsgi.py"

COMMANDS = (
    accounts,
    organisations,
    memberships,
    directory,
    keys,
    outbox,
    purge,
    audit,
    statistics,
    demo,
    serve,
)


def init_app(app: Flask) -> None:
    """Give the application its commands."""
    for command in (import_, export, sync):
        accounts.add_command(command)
    for command in COMMANDS:
        app.cli.add_command(command)


def main() -> None:
    """Run `doorward …`: the same as `flask --app wsgi …`, from any directory."""
    os.environ.setdefault("FLASK_APP", str(WSGI))
    flask_cli.main()
