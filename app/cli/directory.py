"""`directory …` and `accounts sync`: the directory that people sign in with."""

import click

from app.cli import password
from app.cli.command import VISITOR, Group, command
from app.directory import reader
from app.directory.conversation import Trouble
from app.directory.entries import Entry
from app.directory.reader import Named
from app.operations import directory_people, directory_sync
from app.operations.directory_sync import Progress, TooManyGone

NONE = "No directory is set up: see DOORWARD_LDAP_URL in docs/directory.md."
LOOKS_AFTER_NOBODY = (
    "People are found with their password only (DOORWARD_LDAP_USER_DN), so nobody can be looked "
    "after. Set DOORWARD_LDAP_BIND_DN and its password instead."
)
TROUBLES = {
    Trouble.NO_CONNECTION: "no connection",
    Trouble.TOO_SLOW: "took too long",
    Trouble.TOO_MANY: "was not asked: too many wait for it",
    Trouble.CERTIFICATE: "has a certificate for another name, or of nobody who is believed",
    Trouble.TLS: "does not speak TLS as the portal does",
    Trouble.REFUSES_PORTAL: "refuses the portal's own name and password",
    Trouble.NO_BASE: "has nothing at DOORWARD_LDAP_BASE_DN, or does not show it to the portal",
    Trouble.ODD_ANSWER: "answers, but not what was asked",
}

directory = Group("directory", help="Ask the directory that people sign in with.")


@directory.command("check")
@click.argument("identity")
@password.from_stdin
def check(identity: str, *, password_stdin: bool) -> None:
    """Tell how the servers are, whom IDENTITY names, and with a password whether it is theirs.

    Signs nobody in, makes no account and counts no try.
    """
    _require()
    for server, trouble in reader.state().items():
        click.echo(f"{server}: {TROUBLES[trouble] if trouble else 'answers'}")
    for group in reader.groups_missing() if reader.can_look_up() else []:
        click.echo(f"{group}: not there, or not for the portal to see; it gives nobody a role")
    typed = password.read(stdin=password_stdin) if password_stdin else None
    entry = _found(identity, typed)
    if entry is None:
        raise click.ClickException(f"The directory has nobody whom {identity!r} names.")
    _tell(entry)
    if typed is not None:
        _tell_whether(typed, identity, entry)


@command("sync")
@click.option("--dry-run", is_flag=True, help="Look only; change nothing.")
@click.option("--many-gone", is_flag=True, help="Believe it, however many are not found.")
def sync(*, dry_run: bool, many_gone: bool) -> None:
    """Let every account that the directory has follow it: names, addresses and roles.

    Whoever is not in the directory any more is signed out and stays out. Where more than a fifth
    are not found nothing is done, unless --many-gone says that it is true.
    """
    _require()
    if not reader.can_look_up():
        raise click.ClickException(LOOKS_AFTER_NOBODY)
    try:
        done = _watched(dry_run=dry_run, many=many_gone)
    except TooManyGone as error:
        raise click.ClickException(
            f"{error.gone} of {error.known} people are not found. If that is true, and no mistake "
            "in the settings, run it again with --many-gone. Nothing was changed."
        ) from None
    would = "would be" if dry_run else "are"
    click.echo(f"{done.known - done.gone} of {done.known} people {would} as in the directory.")
    if done.gone:
        click.echo(f"{done.gone} are there no more; {done.newly_gone} of them were signed out now.")


def _watched(*, dry_run: bool, many: bool) -> Progress:
    done, passes = Progress(0), 1 if dry_run else 2  # to look everybody up, and to follow
    with click.progressbar(length=1, label="Looking up") as bar:
        for done in directory_sync.sync(VISITOR, dry_run=dry_run, many=many):
            bar.length = passes * done.known
            bar.update(done.looked_up + done.followed - bar.pos)
    return done


def _require() -> None:
    if not reader.in_use():
        raise click.ClickException(NONE)


def _found(identity: str, typed: str | None) -> Entry | None:
    try:
        if reader.can_look_up():
            return reader.look_up(Named(identity))
        if typed is None:
            raise click.UsageError("People are found with their password: use --password-stdin.")
        return reader.check(Named(identity), typed).entry
    except reader.TwoEntries:
        raise click.ClickException(
            f"Several entries answer to {identity!r}: none is used."
        ) from None


def _tell(entry: Entry) -> None:
    facts = {
        "Entry": entry.dn,
        "Address": entry.email or "none",
        "Username": entry.username or "none",
        "Name": entry.name or "none",
        "Groups": ", ".join(sorted(entry.groups)) or "none of the settings",
    }
    for name, fact in facts.items():
        click.echo(f"{name}: {fact}")
    account = directory_people.account_of(entry.key)
    known = account.email or account.username if account else "none yet"
    click.echo(f"Account: {known}")


def _tell_whether(typed: str, identity: str, entry: Entry) -> None:
    if not reader.check(Named(identity, entry.key), typed).right:
        raise click.ClickException("The password is wrong.")
    click.echo("The password is right.")
