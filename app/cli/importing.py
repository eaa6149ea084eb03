"""`accounts import`: moving people in from other systems."""

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

import click

from app.cli import import_words
from app.cli.command import VISITOR, command
from app.models import Import, Outcome
from app.operations import import_results, import_undo, importing
from app.operations.import_authority import EVERYTHING
from app.operations.import_caller import Caller
from app.operations.import_faults import FileRefused
from app.operations.import_mappings import COLUMNS, SYSTEMS, ColumnMapping, UnknownName, from_words
from app.operations.import_undo import Undone
from app.operations.importing import Progress
from app.security import safe_csv

CALLER = Caller(VISITOR, EVERYTHING)
SHOWN = 20  # refused rows on a terminal; the result file has all
EPILOG = "\b\nColumns; only one of email and username has to be there:\n  " + "\n  ".join(COLUMNS)


@command("import", EPILOG)
@click.argument("file", required=False, type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Keep nothing; say what would become of the rows.")
@click.option(
    "--mapping",
    "words",
    multiple=True,
    metavar="NAME|KEY=COLUMN",
    help=f"Whose file it is ({', '.join(SYSTEMS)}), or which of its columns is our KEY.",
)
@click.option("--undo", "undone", type=click.UUID, metavar="IMPORT-ID", help="Take it back.")
@click.option(
    "--result",
    type=click.File("w", encoding="utf-8", lazy=False),
    help="Write what became of each row to this CSV file.",
)
def import_(
    file: BinaryIO | None,
    *,
    dry_run: bool,
    words: tuple[str, ...],
    undone: uuid.UUID | None,
    result: TextIO | None,
) -> None:
    """Bring in the people whom FILE names: CSV with a header, or JSON.

    Accounts that are there already are given memberships, and keep all else as it is. A FILE whose
    import was cut short goes on where it stopped. Where rows are refused the others are kept all
    the same, and the exit code is 1. --undo removes what an import made and nobody used since.
    """
    if (file is None) == (undone is None) or (undone and (dry_run or words)):
        raise click.UsageError("Name a FILE, or nothing but the import to --undo.")
    if undone is not None:
        _say_undone(_undo(undone))
        _write(result, undone)
    elif file is not None:
        done = _import(file, _mapping(words), dry_run=dry_run)
        _write(result, done.id)
        _say(done)


def _mapping(words: tuple[str, ...]) -> ColumnMapping:
    try:
        return from_words(words)
    except UnknownName as error:
        sentence = f"{error} is no mapping, and no column that people are imported by."
        raise click.BadParameter(sentence, param_hint="--mapping") from None


def _import(stream: BinaryIO, mapping: ColumnMapping, *, dry_run: bool) -> Import:
    try:
        file = importing.survey(Path(stream.name).name, _seekable(stream), mapping)
    except FileRefused as refused:
        raise click.ClickException(import_words.of_file(refused)) from refused
    if file.unused:
        click.echo(f"Not used: {', '.join(file.unused)}.", err=True)
    if not dry_run and importing.cut_short(file, CALLER):
        click.echo("This file's import was cut short; it goes on where it stopped.", err=True)
    with _bar("Looking" if dry_run else "Importing") as progress:
        return importing.run(file, CALLER, dry_run=dry_run, progress=progress)


def _seekable(stream: BinaryIO) -> BinaryIO:
    """Return what can be read more than once, which standard input cannot."""
    if stream.seekable():
        return stream
    copy = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the command)
    shutil.copyfileobj(stream, copy)
    return copy


def _undo(import_id: uuid.UUID) -> dict[Undone, int]:
    with _bar("Undoing") as progress:
        return import_undo.undo(import_id, CALLER, progress)


@contextmanager
def _bar(label: str) -> Iterator[Progress]:
    with click.progressbar(length=1, label=label) as bar:

        def move(done: int, rows: int) -> None:
            bar.length = rows
            bar.update(done - bar.pos)

        yield move


def _say(done: Import) -> None:
    counts = {outcome: done.counts.get(outcome, 0) for outcome in Outcome}
    added = "to be added" if done.dry_run else "added"
    click.echo(
        f"rows: {done.rows}, accounts {added}: {counts[Outcome.CREATED]}, "
        f"memberships {added} to accounts that were there: {counts[Outcome.JOINED]}, "
        f"unchanged: {counts[Outcome.UNCHANGED]}, refused: {counts[Outcome.REFUSED]}"
    )
    if keeping := import_results.kept(done.id):
        click.echo(f"rows that say more of an account, which keeps what it had: {keeping}")
    if not done.dry_run:
        click.echo(f"To take it back: accounts import --undo {done.id}")
    if refused := counts[Outcome.REFUSED]:
        _say_refused(done, refused)


def _say_refused(done: Import, refused: int) -> None:
    rows = import_results.rows(done.id, Outcome.REFUSED)
    for row, _ in zip(rows, range(SHOWN), strict=False):
        for column, word in row.faults or []:
            where = f"Row {row.number}, {column}" if column else f"Row {row.number}"
            click.echo(f"{where}: {import_words.of_fault(word)}", err=True)
    more = "" if refused <= SHOWN else " --result writes all of them to a file."
    raise click.ClickException(f"Rows that were refused: {refused} of {done.rows}.{more}")


def _say_undone(counts: dict[Undone, int]) -> None:
    click.echo(f"rows whose account or membership is removed: {counts.get(Undone.REMOVED, 0)}")
    for word, said in import_words.LEFT.items():
        if rows := counts.get(word):
            click.echo(f"rows left, {said}: {rows}")


def _write(result: TextIO | None, import_id: uuid.UUID) -> None:
    if result is not None:
        table = import_results.table(import_id, import_words.of_fault)
        result.writelines(safe_csv.lines(table))
