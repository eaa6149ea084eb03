"""Whether the port that we are to listen on is free."""

import errno
import socket

import click

HIGHEST = 65535


def require_free(host: str, port: int) -> None:
    """End the command in one sentence where nobody can listen there.

    The server itself would not notice: its workers share the port (SO_REUSEPORT), also with those
    of another server of the same user.
    """
    try:
        [family, kind, protocol, _, address], *_ = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port just left is free
            probe.bind(address)
            probe.listen()
    except OSError as error:
        raise click.ClickException(_sentence(error, host, port)) from error


def _sentence(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        other = port + 1 if port < HIGHEST else 8000
        return f"Port {port} is in use: end what uses it, or take another: PORT={other} make run."
    if error.errno == errno.EACCES:
        return f"Port {port} is not allowed to this user: take one above 1023."
    return f"{host} is no address of this machine."
