"""`demo`: sample organisations and people."""

import click

from app import config
from app.cli.command import VISITOR, command
from app.operations import demonstration

REFUSED = (
    "Demo data has passwords that everybody knows, so DOORWARD_DEMO has to be on for it. "
    "Never set that where real people sign in."
)


@command("demo")
@click.option("--if-empty", is_flag=True, help="Do nothing where anybody has an account.")
def demo(*, if_empty: bool) -> None:
    """Add the sample organisations and people that are not there yet."""
    if not config.current().demo:
        raise click.ClickException(REFUSED)
    if if_empty and not demonstration.empty():
        click.echo("There are accounts already: nothing is added.")
        return
    demonstration.fill(VISITOR)
    click.echo(people())


def people() -> str:
    """Return whom to sign in as, for a terminal."""
    rows = [(each.identity, each.shows) for each in demonstration.PEOPLE]
    width = max(len(identity) for identity, _ in rows)
    lines = [f"  {identity:<{width}}  {shows}" for identity, shows in rows]
    heading = f"Everybody's password is: {demonstration.PASSWORD}"
    return "\n".join([heading, *lines])
