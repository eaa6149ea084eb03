"""One conversation with one server of the directory: opened, secured, and over by a deadline."""

import enum
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import SplitResult, urlsplit

import structlog
from ldap3 import BASE, NONE, SIMPLE, SUBTREE, Connection, Server
from ldap3.core.exceptions import LDAPException
from ldap3.core.results import (
    RESULT_CONSTRAINT_VIOLATION,
    RESULT_INAPPROPRIATE_AUTHENTICATION,
    RESULT_INVALID_CREDENTIALS,
    RESULT_NO_SUCH_OBJECT,
    RESULT_SIZE_LIMIT_EXCEEDED,
    RESULT_SUCCESS,
    RESULT_UNWILLING_TO_PERFORM,
)

from app.config.directory import PORTS, Directory
from app.directory.deadline import Deadline, WithinDeadline

log = structlog.get_logger("doorward.directory")

# Answers to a bind that say no to this person; all others are the directory's own troubles.
REFUSED = {
    RESULT_INVALID_CREDENTIALS,
    RESULT_INAPPROPRIATE_AUTHENTICATION,  # the entry has no password
    RESULT_UNWILLING_TO_PERFORM,  # how some say that an entry is disabled
    RESULT_CONSTRAINT_VIOLATION,  # how some say that it is locked
    RESULT_NO_SUCH_OBJECT,
}
START_TLS = "1.3.6.1.4.1.1466.20037"  # RFC 4511, section 4.14.1
ANSWERED = {RESULT_SUCCESS, RESULT_SIZE_LIMIT_EXCEEDED, RESULT_NO_SUCH_OBJECT}


class Trouble(enum.StrEnum):
    """What keeps a server from answering."""

    NO_CONNECTION = "no_connection"  # refused, lost, or no such machine
    TOO_SLOW = "too_slow"
    CERTIFICATE = "certificate"  # of nobody whom we believe, or for another name
    TLS = "tls"  # none is spoken, or none that both speak
    REFUSES_PORTAL = "refuses_portal"  # the portal's own name and password are wrong
    ODD_ANSWER = "odd_answer"


class Unreachable(Exception):
    """This server cannot be asked, or not in time; `detail` has no name and no secret in it."""

    def __init__(self, trouble: Trouble, detail: str = "") -> None:
        super().__init__(trouble, detail)
        self.trouble = trouble
        self.detail = detail


class Conversation:
    """What can be asked of a server. Every method raises Unreachable."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def bind(self, dn: str, password: str) -> bool:
        """Tell whether `password` is that of the entry `dn`; whoever it is asks from then on.

        A password without a byte asks for nothing, and many servers say yes to it (RFC 4513,
        section 5.1.2): ValueError. It is sent as it is, not prepared: preparing can leave nothing.
        """
        if not dn or not password:
            raise ValueError("a bind needs a name and a password")
        connection = self._still_open()
        connection.authentication = SIMPLE
        connection.user, connection.password = dn, password.encode()
        with _troubles():
            connection.bind(read_server_info=False)
        code = connection.result["result"]
        if code not in {RESULT_SUCCESS, *REFUSED}:
            raise Unreachable(Trouble.ODD_ANSWER, self._said())
        return bool(code == RESULT_SUCCESS)

    def search(
        self, base: str, condition: str, attributes: list[str], *, most: int, here: bool = False
    ) -> list[dict[str, Any]]:
        """Return at most `most` entries at or below `base`; `here` asks for `base` alone.

        Whatever points to another server is left out: nobody's password follows a pointer.
        """
        connection = self._still_open()
        with _troubles():
            connection.search(
                base,
                condition,
                search_scope=BASE if here else SUBTREE,
                attributes=attributes,
                size_limit=most,
            )
        if connection.result["result"] not in ANSWERED:
            raise Unreachable(Trouble.ODD_ANSWER, self._said())
        found = connection.response or []
        return [each for each in found if each["type"] == "searchResEntry"]

    def _still_open(self) -> Connection:
        """Return the connection, unless it was lost: asked again it would open one without TLS."""
        if self._connection.closed:
            raise Unreachable(Trouble.NO_CONNECTION, "lost")
        return self._connection

    def _said(self) -> str:
        return str(self._connection.result["description"])


@contextmanager
def opened(directory: Directory, url: str, deadline: Deadline) -> Iterator[Conversation]:
    """Open a conversation over TLS, unless the settings say otherwise; raise Unreachable.

    The server's certificate has to be valid for the name in `url`.
    """
    connection: Connection | None = None
    try:
        with _troubles():
            connection = _connected(directory, urlsplit(url), deadline)
        yield Conversation(connection)
    finally:
        if connection is not None:
            _close(connection)


def _connected(directory: Directory, url: SplitResult, deadline: Deadline) -> Connection:
    server = Server(
        url.hostname or "",
        port=url.port or PORTS[url.scheme],
        get_info=NONE,
        connect_timeout=deadline.left(),
    )
    connection = Connection(server, auto_referrals=False, check_names=False)
    try:
        connection.open(read_server_info=False)
        connection.socket = WithinDeadline(connection.socket, deadline)
        if url.scheme == "ldaps":
            _secure(directory, url, connection, deadline)
        elif directory.starttls:
            _start_tls(connection)
            _secure(directory, url, connection, deadline)
    except BaseException:
        _close(connection)
        raise
    return connection


def _close(connection: Connection) -> None:
    connection.strategy.close()
    if connection.socket is not None:  # ldap3 forgets one that never connected
        connection.socket.close()


def _start_tls(connection: Connection) -> None:
    connection.extended(START_TLS)
    if connection.result["result"] != RESULT_SUCCESS:
        raise Unreachable(Trouble.TLS, "not started")


def _secure(
    directory: Directory, url: SplitResult, connection: Connection, deadline: Deadline
) -> None:
    """Speak TLS from now on, with a server whose certificate is valid for the name in `url`.

    By Python's own context, which compares the name before anything is said.
    """
    context = ssl.create_default_context(cafile=directory.ca_file)
    secured = context.wrap_socket(connection.socket, server_hostname=url.hostname)
    connection.socket = WithinDeadline(secured, deadline)


@contextmanager
def _troubles() -> Iterator[None]:
    """Say of everything that can go wrong between two machines that the server is unreachable."""
    try:
        yield
    except TimeoutError as error:
        raise Unreachable(Trouble.TOO_SLOW) from error
    except ssl.SSLCertVerificationError as error:
        raise Unreachable(Trouble.CERTIFICATE, error.verify_message) from error
    except ssl.SSLError as error:
        raise Unreachable(Trouble.TLS, error.reason or "") from error
    except (LDAPException, OSError) as error:
        raise Unreachable(Trouble.NO_CONNECTION, type(error).__name__) from error
