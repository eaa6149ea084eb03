"""`accounts export`: who is there, as a file."""

import json
import sys
import uuid
from collections.abc import Iterator
from datetime import datetime

import click

from app.cli.command import VISITOR, command
from app.operations import administration, exporting
from app.operations.exporting import COLUMNS, Row
from app.security import safe_csv

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}


@command("export")
@click.option(
    "--organisation", type=click.UUID, metavar="ORGANISATION-UUID", help="Its members alone."
)
@click.option("--format", "kind", type=click.Choice(["csv", "json"]), default="csv")
@click.option("--bom", is_flag=True, help="Begin the CSV with the mark by which Excel knows UTF-8.")
@click.option(
    "--delimiter",
    type=click.Choice(list(DELIMITERS)),
    default="comma",
    help="Between cells of CSV.",
)
def export(organisation: uuid.UUID | None, kind: str, delimiter: str, *, bom: bool) -> None:
    """Write all accounts to standard output: a row for each membership, and no secrets.

    In CSV, what a spreadsheet would take for a formula gets an apostrophe before it. What is
    written can be imported again.
    """
    if organisation is not None:
        administration.organisation_with(organisation)
    rows = exporting.export(VISITOR, organisation)
    lines = _json(rows) if kind == "json" else _csv(rows, DELIMITERS[delimiter], bom=bom)
    with click.progressbar(lines, label="Exporting", file=sys.stderr) as bar:
        for line in bar:
            sys.stdout.buffer.write(line.encode())


def _csv(rows: Iterator[Row], delimiter: str, *, bom: bool) -> Iterator[str]:
    yield from safe_csv.lines([COLUMNS], delimiter=delimiter, bom=bom)
    yield from safe_csv.lines((list(row.values()) for row in rows), delimiter=delimiter)


def _json(rows: Iterator[Row]) -> Iterator[str]:
    """Yield an array with an object on each line, so that either can be read."""
    yield "["
    before = "\n"
    for row in rows:
        yield before + json.dumps(row, default=_plain, ensure_ascii=False)
        before = ",\n"
    yield "\n]\n"


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
