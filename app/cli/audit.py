"""`audit …`: whether what was written down still stands as it was written."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import click

from app.cli.audit_sentences import NO_CHECKPOINT, NO_END, count, of_fault
from app.cli.command import Group
from app.operations import audit_chain
from app.operations.audit_chain import Extent, Step
from app.operations.audit_signatures import LARGEST_POSITION, Checkpoint, read_checkpoint
from app.operations.audit_walk import Fault

MOST_SAID = 100  # faults; the rest is counted


@click.group("audit", cls=Group)
def audit() -> None:
    """Verify the log of what happened."""


@audit.command("verify")
@click.option(
    "--checkpoint",
    "text",
    metavar="TEXT",
    help="A checkpoint that was kept elsewhere, or - to read some from standard input, one a line.",
)
@click.option(
    "--since",
    type=click.IntRange(0, LARGEST_POSITION),
    default=0,
    metavar="POSITION",
    help="Take the events up to this one as they are.",
)
def verify(text: str | None, since: int) -> None:
    """Verify that no event was changed, moved, put in or taken out.

    Whoever can write to the whole database can also put back an older state of it, signatures and
    all. Only a checkpoint kept elsewhere shows that: the server's log has a line audit_checkpoint
    each day and each 1,000 events, which --checkpoint takes as it is. Safe at any time.
    """
    given = _given(text)
    extent = audit_chain.extent()
    tally = _Tally()
    with click.progressbar(length=_expected(extent, since), label="Verifying") as bar:
        for step in audit_chain.verify(given, since=since):
            tally.add(step)
            bar.update(step.events)
    _say_too_old(given, extent)
    _conclude(tally)


@audit.command("checkpoint")
def checkpoint() -> None:
    """Print a signed checkpoint of the log's end as it is now, to keep elsewhere.

    With it audit verify --checkpoint tells whether anything up to here was cut off or written
    anew since. It holds no secret.
    """
    made = audit_chain.checkpoint()
    if made is None:
        raise click.ClickException(NO_END)
    click.echo(made)


@dataclass
class _Tally:
    """What was looked at, and the first of what was found."""

    events: int = 0
    checkpoints: int = 0
    found: int = 0
    said: list[Fault] = field(default_factory=list)

    def add(self, step: Step) -> None:
        self.events += step.events
        self.checkpoints += step.checkpoints
        self.found += len(step.faults)
        self.said += step.faults[: MOST_SAID - len(self.said)]

    def __str__(self) -> str:
        return f"{count(self.events, 'event')} and {count(self.checkpoints, 'checkpoint')}"


def _given(text: str | None) -> list[Checkpoint]:
    lines: Iterable[str] = [text] if text else []
    if text == "-":
        lines = sys.stdin
    return [_read(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _read(number: int, line: str) -> Checkpoint:
    found = read_checkpoint(line)
    if found is None:
        raise click.ClickException(NO_CHECKPOINT.format(line=number))
    return found


def _expected(extent: Extent, since: int) -> int:
    return max(0, extent.last - max(extent.first - 1, since))


def _say_too_old(given: Sequence[Checkpoint], extent: Extent) -> None:
    too_old = sum(each.position < extent.first - 1 for each in given)
    if too_old:
        older = count(too_old, "checkpoint")
        click.echo(f"Not compared: {older} of before event {extent.first:,}, the first we keep.")


def _conclude(tally: _Tally) -> None:
    for fault in tally.said:
        click.echo(of_fault(fault), err=True)
    if tally.found > len(tally.said):
        click.echo(f"… and {tally.found - len(tally.said):,} more.", err=True)
    if tally.found:
        raise click.ClickException(f"{count(tally.found, 'fault')} in {tally}.")
    click.echo(f"{tally} stand as they were written.")
