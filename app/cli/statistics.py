"""`statistics …`: the daily numbers that the dashboard shows."""

import click

from app.cli.command import Group
from app.operations import recounting


@click.group("statistics", cls=Group)
def statistics() -> None:
    """Put the dashboard's daily numbers right."""


@statistics.command("rebuild")
def rebuild() -> None:
    """Count the audit log anew, day by day.

    For when the numbers are not to be trusted: after the database was repaired by hand, say. Days
    whose events DOORWARD_AUDIT_DAYS has dropped stay as they were counted. Safe at any time, and to
    be begun again where it was ended.
    """
    done = 0
    days = len(recounting.days())
    with click.progressbar(recounting.recount(), length=days, label="Counting") as bar:
        for _ in bar:
            done += 1
    click.echo(f"{done:,} day{'' if done == 1 else 's'} counted.")
