"""`organisations …`: the bodies that accounts belong to."""

import uuid
from collections.abc import Sequence

import click

from app.cli.command import VISITOR, Group
from app.operations import administration
from app.operations.organisation_settings import MAY_BE

organisations = Group("organisations", help="Add, change, suspend and reactivate organisations.")

SETTINGS = "\b\nKEY may be:\n" + "\n".join(f"  {key}: {value}" for key, value in MAY_BE.items())

organisation = click.argument("organisation", type=click.UUID, metavar="ORGANISATION-UUID")
settings = click.option(
    "--setting", "settings", multiple=True, metavar="KEY=VALUE", help="Repeat for each setting."
)


@organisations.command("add", epilog=SETTINGS)
@click.argument("name")
@settings
def add(name: str, settings: tuple[str, ...]) -> None:
    """Add an organisation called NAME; prints its UUID, and nothing else."""
    added = administration.create_organisation(name, _assignments(settings), VISITOR)
    click.echo(added.id)


@organisations.command("set", epilog=SETTINGS)
@organisation
@settings
def change(organisation: uuid.UUID, settings: tuple[str, ...]) -> None:
    """Change an organisation's settings; what they no longer allow ends at once."""
    found = administration.organisation_with(organisation)
    administration.change_settings(found, _assignments(settings), VISITOR)
    click.echo(f"{found.name} has its new settings.")


@organisations.command("suspend")
@organisation
def suspend(organisation: uuid.UUID) -> None:
    """Let nobody in at an organisation from now on, nor leave anybody in."""
    found = administration.organisation_with(organisation)
    administration.suspend_organisation(found, VISITOR)
    click.echo(f"{found.name} is suspended; nobody is signed in there any more.")


@organisations.command("reactivate")
@organisation
def reactivate(organisation: uuid.UUID) -> None:
    """Let members of a suspended organisation in again."""
    found = administration.organisation_with(organisation)
    administration.reactivate_organisation(found, VISITOR)
    click.echo(f"Members of {found.name} can sign in there again.")


def _assignments(settings: Sequence[str]) -> dict[str, str]:
    pairs = [setting.partition("=") for setting in settings]
    for key, equals, _ in pairs:
        if not equals:
            raise click.BadParameter(f"{key} is not of the form KEY=VALUE.")
    return {key.strip(): value.strip() for key, _, value in pairs}
