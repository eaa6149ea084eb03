"""Reading a password: from standard input or a terminal, never from the arguments."""

import sys

import click

from_stdin = click.option(
    "--password-stdin",
    is_flag=True,
    help="Read the password from the first line of standard input.",
)


def read(*, stdin: bool) -> str | None:
    """Return the password; asked for twice at a terminal, and None where there is neither."""
    if stdin:
        return _first_line()
    if sys.stdin.isatty():
        prompted: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return prompted
    return None


def _first_line() -> str:
    try:
        line = sys.stdin.buffer.readline().decode()
    except UnicodeDecodeError:
        raise click.ClickException("The password on standard input is not UTF-8.") from None
    password = line.removesuffix("\n").removesuffix("\r")
    if not password:
        raise click.ClickException("There is no password on standard input.")
    return password
