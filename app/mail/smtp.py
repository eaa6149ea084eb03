"""Speaking to the mail server, and telling what its answers mean."""

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from urllib.parse import parse_qs, unquote, urlsplit

TIMEOUT_S = 15  # to connect, and for each answer
OK = {250, 251}
CLOSING = 421
PERMANENT = 500  # and above (RFC 5321 section 4.2.1)
LONGEST_PAUSE = timedelta(minutes=5)
AWAY_PAUSE = timedelta(seconds=10)  # a server that is away may be back any moment
NOT_INTERNATIONAL = "the server knows no international addresses (SMTPUTF8)"
YES = {"1", "on", "true", "yes"}


@dataclass(frozen=True)
class Server:
    """Where the mail server is, and how to be let in."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    starttls: bool = False
    ca_file: str | None = None


class Unreachable(Exception):
    """No server was there to take mail, or it did not let us in: no mail is to blame."""

    def __init__(self, reason: str, longest_pause: timedelta = AWAY_PAUSE) -> None:
        super().__init__(reason)
        self.reason = reason
        self.longest_pause = longest_pause


@dataclass(frozen=True)
class Accepted:
    """The server took the mail."""


@dataclass(frozen=True)
class TryAgain:
    """The server may take the mail later; no two tries are further apart than that."""

    reason: str
    longest_pause: timedelta = LONGEST_PAUSE


@dataclass(frozen=True)
class RefusedForGood:
    """The server will never take this mail."""

    reason: str


Outcome = Accepted | TryAgain | RefusedForGood


def server(url: str) -> Server:
    """Return what DOORWARD_SMTP_URL says: `smtp://user:password@host:587?starttls=1`.

    `smtps://` speaks TLS from the start. `ca_file` names a file of authorities to trust
    instead of the system's.
    """
    parts, options = urlsplit(url), dict(parse_qs(urlsplit(url).query))
    tls = parts.scheme == "smtps"
    starttls = options.get("starttls", ["0"])[0].lower() in YES
    return Server(
        host=parts.hostname or "",
        port=parts.port or (465 if tls else 587 if starttls else 25),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=tls,
        starttls=starttls,
        ca_file=options.get("ca_file", [None])[0],
    )


class Connection:
    """One conversation with the server. It is `lost` when no more mail can go through it."""

    def __init__(self, smtp: smtplib.SMTP) -> None:
        self.lost = False
        self._smtp = smtp
        self._may_have_it = False

    def send(self, message: EmailMessage, recipient: str) -> Outcome:
        """Send one mail to one recipient."""
        sender = parseaddr(str(message["From"]))[1]
        international = not (sender + recipient).isascii()  # RFC 6531
        content = message.as_bytes(policy=SMTP.clone(utf8=international))
        options = ["SMTPUTF8", "BODY=8BITMIME"] if international else []
        try:
            return self._offer(
                ("MAIL FROM", lambda: self._smtp.mail(sender, options)),
                ("RCPT TO", lambda: self._smtp.rcpt(recipient)),
                ("DATA", lambda: self._data(content)),
            )
        except smtplib.SMTPNotSupportedError:
            return RefusedForGood(NOT_INTERNATIONAL)
        except OSError as error:
            return self._broken(_reason(error))

    def _offer(self, *steps: tuple[str, Callable[[], tuple[int, bytes]]]) -> Outcome:
        self._may_have_it = False
        for name, step in steps:
            code, reply = step()
            if code not in OK:
                return self._turned_down(name, code, reply)
        return Accepted()

    def _data(self, content: bytes) -> tuple[int, bytes]:
        self._may_have_it = True
        try:
            return self._smtp.data(content)
        except smtplib.SMTPDataError as error:
            return error.smtp_code, _bytes(error.smtp_error)

    def _turned_down(self, name: str, code: int, reply: bytes) -> Outcome:
        reason = f"{name}: {_status(code, reply)}"
        if code == CLOSING:
            return self._broken(reason)
        self._start_over()
        # A sender that is turned down is our configuration's fault, not the mail's.
        if code >= PERMANENT and name != "MAIL FROM":
            return RefusedForGood(reason)
        return TryAgain(reason)

    def _broken(self, reason: str) -> TryAgain:
        """Say when to try again.

        A server that went away in the middle of the content may have kept the mail. If that is
        its habit, every try makes a copy: then tries become rarer.
        """
        self.lost = True
        return TryAgain(reason, LONGEST_PAUSE if self._may_have_it else AWAY_PAUSE)

    def _start_over(self) -> None:
        try:
            self._smtp.rset()
        except OSError:
            self.lost = True


@contextmanager
def connect(to: Server, our_host: str) -> Iterator[Connection]:
    """Open a connection and close it after the block; raise Unreachable."""
    smtp = _dial(to, our_host)
    try:
        _enter(smtp, to)
        yield Connection(smtp)
    finally:
        with suppress(OSError):
            smtp.quit()
        smtp.close()


def _dial(to: Server, our_host: str) -> smtplib.SMTP:
    # Without a name of our own, smtplib asks the name servers for it, which may be away too.
    with _as_unreachable():
        if to.tls:
            return smtplib.SMTP_SSL(
                to.host, to.port, our_host, timeout=TIMEOUT_S, context=_trust(to)
            )
        return smtplib.SMTP(to.host, to.port, our_host, timeout=TIMEOUT_S)


def _enter(smtp: smtplib.SMTP, to: Server) -> None:
    with _as_unreachable():
        smtp.ehlo_or_helo_if_needed()
        if to.starttls:
            smtp.starttls(context=_trust(to))
            smtp.ehlo_or_helo_if_needed()
        if to.user:
            smtp.login(to.user, to.password)


def _trust(to: Server) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=to.ca_file)


@contextmanager
def _as_unreachable() -> Iterator[None]:
    try:
        yield
    except smtplib.SMTPAuthenticationError as error:
        # Who keeps knocking with a wrong password is soon kept out altogether.
        pause = LONGEST_PAUSE if error.smtp_code >= PERMANENT else AWAY_PAUSE
        raise Unreachable(_reason(error), pause) from error
    except (OSError, ValueError) as error:  # ValueError: a password that is not ASCII
        raise Unreachable(_reason(error)) from error


def _reason(error: Exception) -> str:
    """Name the error; never with a server's own words, which may quote what we sent."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{type(error).__name__}: {_status(error.smtp_code, _bytes(error.smtp_error))}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{type(error).__name__}: {error.verify_message}"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return type(error.__context__ or error).__name__  # smtplib hides a timeout in this way
    return type(error).__name__


def _status(code: int, reply: bytes) -> str:
    """Return code and enhanced code (RFC 3463), such as `550 5.1.1`."""
    enhanced = reply.partition(b" ")[0].decode("ascii", "replace")
    return f"{code} {enhanced}" if enhanced.replace(".", "").isdecimal() else str(code)


def _bytes(reply: bytes | str) -> bytes:
    return reply if isinstance(reply, bytes) else reply.encode()
