"""`purge`: removing what has expired."""

import click

from app.cli.command import command
from app.operations import purging


@command("purge")
def purge() -> None:
    """Delete what has expired: sessions, tickets, counts of failures, old mail.

    Accounts that nobody activated within seven days go too, unless they have a role, and those
    whose owners wanted them removed a week ago. Safe at any time; servers do it once an hour.
    """
    counts: dict[str, int] = {}
    with click.progressbar(purging.batches(), label="Purging") as bar:
        for table, rows in bar:
            counts[table] = counts.get(table, 0) + rows
    for table, rows in counts.items():
        click.echo(f"{table}: {rows}")
