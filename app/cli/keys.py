"""`keys`: what tokens are signed with."""

import click

from app.cli.command import Group
from app.operations import signing_keys


@click.group("keys", cls=Group)
def keys() -> None:
    """Change the key that access tokens are signed with."""


@keys.command("rotate")
def rotate() -> None:
    """Make a new signing key; nobody is signed out.

    What older keys signed stays good until it expires; keys beyond that are deleted. Safe at any
    time; once in three months is a good habit, and at once where a key may have been read.
    """
    made = signing_keys.rotate()
    click.echo(f"Tokens are signed with the key {made} from now on. Nobody was signed out.")
