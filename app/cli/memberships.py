"""`memberships …`: who has which role where."""

import uuid

import click

from app.cli import password
from app.cli.command import VISITOR, Group
from app.models import Account, Organisation, Role
from app.operations import administration

memberships = Group("memberships", help="Give accounts their roles at organisations.")

NOWHERE = "-"


class RoleName(click.ParamType[Role]):
    """A role in anybody's spelling: Student, student, account-admin, "Account Admin"."""

    name = "role"

    def convert(
        self, value: str | Role, param: click.Parameter | None, ctx: click.Context | None
    ) -> Role:
        """Return the role, or fail with the roles there are."""
        slug = "-".join(value.lower().replace("_", " ").replace("-", " ").split())
        role = Role.of_slug(slug)
        if role is None:
            known = ", ".join(each.slug for each in Role)
            self.fail(f"{value} is no role; the roles are {known}.", param, ctx)
        return role


class Place(click.ParamType[uuid.UUID | None]):
    """An organisation's UUID; a dash where the role belongs to none."""

    name = "organisation"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> uuid.UUID | None:
        """Return the UUID, or None for a dash."""
        return None if value == NOWHERE else click.UUID.convert(value, param, ctx)


identity = click.argument("identity")
place = click.argument("organisation", type=Place(), metavar="ORGANISATION-UUID")
role = click.argument("role", type=RoleName(), metavar="ROLE")


@memberships.command("add")
@identity
@place
@role
@password.from_stdin
def add(identity: str, organisation: uuid.UUID | None, role: Role, *, password_stdin: bool) -> None:
    """Give the account IDENTITY the role ROLE at an organisation.

    ROLE is student, teacher or account-admin; or superuser, who belongs to no organisation: write
    a dash for its UUID. With --password-stdin the account gets a password of its own there, the
    only one that is good there from then on.
    """
    account, found = _who_and_where(identity, organisation, role)
    own = password.read(stdin=True) if password_stdin else None
    if own is not None and found is None:
        raise click.UsageError("A superuser has no password but the account's own.")
    administration.add_membership(account, found, role, VISITOR, own)
    click.echo(f"{identity} is {role} {_at(found)}.")


@memberships.command("remove")
@identity
@place
@role
def remove(identity: str, organisation: uuid.UUID | None, role: Role) -> None:
    """Take the role ROLE at an organisation from the account IDENTITY, at once."""
    account, found = _who_and_where(identity, organisation, role)
    administration.remove_membership(account, found, role, VISITOR)
    click.echo(f"{identity} is no longer {role} {_at(found)}.")


def _who_and_where(
    identity: str, organisation: uuid.UUID | None, role: Role
) -> tuple[Account, Organisation | None]:
    if (role is Role.SUPERUSER) != (organisation is None):
        raise click.UsageError("superuser belongs to no organisation (-), every other role to one.")
    found = None if organisation is None else administration.organisation_with(organisation)
    return administration.account_named(identity), found


def _at(organisation: Organisation | None) -> str:
    return f"at {organisation.name}" if organisation else "of the portal"
