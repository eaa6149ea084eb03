"""`accounts …`: who can sign in."""

import click

from app import config
from app.cli import password
from app.cli.command import VISITOR, Group
from app.models import Account
from app.operations import administration
from app.operations.administration import NewAccount

accounts = Group("accounts", help="Add, suspend, reactivate and unlock accounts.")

identity = click.argument("identity")


@accounts.command("add")
@click.argument("email", required=False)
@click.option("--username", help="A second name to sign in by; needed without EMAIL.")
@click.option("--name", default="", help="What to call the person.")
@click.option("--superuser", is_flag=True, help="Let it administer the whole portal.")
@click.option("--not-activated", is_flag=True, help="Mail a link to activate it first.")
@password.from_stdin
def add(  # noqa: PLR0913 (an argument for each option)
    email: str | None,
    username: str | None,
    name: str,
    *,
    superuser: bool,
    not_activated: bool,
    password_stdin: bool,
) -> None:
    """Add an account for EMAIL; without EMAIL, a generic one known by its --username.

    The password is asked for twice at a terminal. Elsewhere use --password-stdin; without it the
    account has none, and its owner sets one through a mail.
    """
    if email is None and (username is None or not_activated):
        raise click.UsageError("An account without EMAIL needs --username, and is activated.")
    new = NewAccount(
        email=email,
        username=username,
        name=name,
        password=password.read(stdin=password_stdin),
        superuser=superuser,
        activated=not not_activated,
    )
    account = administration.create_account(new, VISITOR)
    click.echo(f"{email or username} is added.")
    _say_what_comes_next(account, new)


@accounts.command("suspend")
@identity
def suspend(identity: str) -> None:
    """Refuse the account IDENTITY from now on, and end its sessions at once."""
    administration.suspend_account(administration.account_named(identity), VISITOR)
    click.echo(f"{identity} is suspended; its sessions have ended.")


@accounts.command("reactivate")
@identity
def reactivate(identity: str) -> None:
    """Let the suspended account IDENTITY sign in again."""
    administration.reactivate_account(administration.account_named(identity), VISITOR)
    click.echo(f"{identity} can sign in again.")


@accounts.command("unlock")
@identity
def unlock(identity: str) -> None:
    """Open the locks that wrong passwords left on the account IDENTITY."""
    administration.unlock_account(administration.account_named(identity), VISITOR)
    click.echo(f"{identity} is unlocked.")


def _say_what_comes_next(account: Account, new: NewAccount) -> None:
    if not new.activated:
        click.echo(f"A mail with a link to activate it is on its way to {account.email}.")
    if new.password is None and new.email is not None:
        forgotten = f"{config.current().base_url}/forgotten"
        click.echo(f"It has no password yet: {forgotten} mails a link to set one.")
    elif new.password is None:
        click.echo("It has no password and no address: nobody can sign in with it yet.")
