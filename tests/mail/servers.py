"""A real mail server for tests, which does what the test's script says."""

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from aiosmtpd import smtp
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from tests.servers import free_port

OK = "250 OK"
HANG_UP = "hang up"
SLEEP = "sleep"
USER, PASSWORD = "door", "p@ss:w/rd"


@dataclass
class Script:
    """What to answer next; with nothing left to say, the server takes everything."""

    rcpt: deque[str] = field(default_factory=deque)
    data: deque[str] = field(default_factory=deque)
    received: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    connections: int = 0
    passwords_checked: int = 0
    meanwhile: Callable[[], object] = lambda: None  # is done while a mail is being taken

    async def handle_EHLO(  # noqa: N802 (aiosmtpd's signature)
        self,
        server: smtp.SMTP,  # noqa: ARG002
        session: Session,
        envelope: Envelope,  # noqa: ARG002
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's signature)
        self,
        server: smtp.SMTP,  # noqa: ARG002
        session: Session,  # noqa: ARG002
        envelope: Envelope,
        address: str,
        options: list[str],  # noqa: ARG002
    ) -> str:
        answer = self.rcpt.popleft() if self.rcpt else OK
        if answer == OK:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802 (aiosmtpd's signature)
        self, server: smtp.SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.meanwhile()
        self.passwords_checked += bool(session.authenticated)
        answer = self.data.popleft() if self.data else OK
        if answer in {OK, HANG_UP, SLEEP}:
            self._keep(envelope)
        if answer == HANG_UP:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        if answer == SLEEP:
            await asyncio.sleep(5)
        return answer

    def _keep(self, envelope: Envelope) -> None:
        assert isinstance(envelope.content, bytes)
        message: Any = message_from_bytes(envelope.content, policy=SMTP)
        self.received.append(message)
        self.recipients.extend(envelope.rcpt_tos)


@contextlib.contextmanager
def running(script: Script, port: int | None = None, **options: Any) -> Iterator[int]:
    """Serve until the block ends; the value is the port."""
    port = port or free_port()
    controller = Controller(script, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def tls(cert: str, key: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    return context


def authenticator(
    _server: smtp.SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
) -> AuthResult:
    assert isinstance(data, LoginPassword)
    right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)
