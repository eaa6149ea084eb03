"""One conversation with one server of the directory: opened, secured, and over by a deadline."""

import enum
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal
from urllib.parse import SplitResult, urlsplit

import structlog
from ldap3 import BASE, NONE, SIMPLE, SUBTREE, Connection, Server
from ldap3.core.exceptions import LDAPException
from ldap3.core.results import (
    RESULT_CONSTRAINT_VIOLATION,
    RESULT_INAPPROPRIATE_AUTHENTICATION,
    RESULT_INVALID_CREDENTIALS,
    RESULT_INVALID_DN_SYNTAX,
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
    RESULT_INVALID_DN_SYNTAX,  # made of what somebody typed
}
Scope = Literal["BASE", "SUBTREE"]
START_TLS = "1.3.6.1.4.1.1466.20037"  # RFC 4511, section 4.14.1


class Trouble(enum.StrEnum):
    """What keeps a server from answering."""

    NO_CONNECTION = "no_connection"  # refused, lost, or no such machine
    TOO_SLOW = "too_slow"
    TOO_MANY = "too_many"  # wait here for an answer: that is no fault of the server's
    CERTIFICATE = "certificate"  # of nobody whom we believe, or for another name
    TLS = "tls"  # none is spoken, or none that both speak
    REFUSES_PORTAL = "refuses_portal"  # the portal's own name and password are wrong
    NO_BASE = "no_base"  # where people are looked for is not there, or not for the portal to see
    ODD_ANSWER = "odd_answer"


KINDS = (
    (TimeoutError, Trouble.TOO_SLOW),
    (ssl.SSLCertVerificationError, Trouble.CERTIFICATE),
    (ssl.SSLError, Trouble.TLS),
    ((LDAPException, OSError), Trouble.NO_CONNECTION),
    (Exception, Trouble.ODD_ANSWER),
)


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
        self, base: str, condition: str, attributes: list[str], *, most: int
    ) -> list[dict[str, Any]]:
        """Return at most `most` entries at or below `base`, which has to be there.

        Whatever points to another server is left out: nobody's password follows a pointer.
        """
        code, found = self._searched(base, condition, attributes, SUBTREE, most)
        if code == RESULT_NO_SUCH_OBJECT:  # not to be taken for: nobody is there
            raise Unreachable(Trouble.NO_BASE, self._said())
        if code == RESULT_SUCCESS or (code == RESULT_SIZE_LIMIT_EXCEEDED and len(found) >= most):
            return found
        raise Unreachable(Trouble.ODD_ANSWER, self._said())

    def read(self, dn: str, condition: str, attributes: list[str]) -> dict[str, Any] | None:
        """Return one entry, if it is there and the condition is true of it."""
        code, found = self._searched(dn, condition, attributes, BASE, 1)
        if code not in {RESULT_SUCCESS, RESULT_NO_SUCH_OBJECT} or len(found) > 1:
            raise Unreachable(Trouble.ODD_ANSWER, self._said())
        return found[0] if found else None

    def _searched(
        self, base: str, condition: str, attributes: list[str], scope: Scope, most: int
    ) -> tuple[int, list[dict[str, Any]]]:
        connection = self._still_open()
        with _troubles():
            connection.search(
                base,
                condition,
                search_scope=scope,
                attributes=attributes,
                size_limit=most,
            )
            found = connection.response or []
            entries = [each for each in found if each["type"] == "searchResEntry"]
            return connection.result["result"], entries

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
    """Say of everything that can go wrong between two machines that the server is unreachable.

    What is no LDAP, ldap3 takes apart until one of Python's own errors stops it.
    """
    try:
        yield
    except Unreachable:
        raise
    except Exception as error:
        trouble = next(each for kind, each in KINDS if isinstance(error, kind))
        detail = getattr(error, "verify_message", None) or getattr(error, "reason", None)
        raise Unreachable(trouble, str(detail or type(error).__name__)) from error
