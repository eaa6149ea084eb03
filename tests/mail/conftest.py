"""Mail servers, certificates, and what the log says, for tests of mail."""

import datetime
import ipaddress
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.clock import now
from tests.mail import servers
from tests.mail.servers import Script


class Certificate(NamedTuple):
    cert: str
    key: str


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def mail_server(script: Script, change_settings: Callable[..., None]) -> Iterator[int]:
    """Run a mail server and have the portal use it; return its port."""
    with servers.running(script) as port:
        change_settings(smtp_url=f"smtp://127.0.0.1:{port}")
        yield port


@pytest.fixture
def serve(script: Script) -> Iterator[Callable[..., int]]:
    """Return a function that runs a mail server for the rest of the test."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(servers.running(script, **options))


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Make a certificate for 127.0.0.1 that signs itself."""
    folder, key = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(key).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Certificate(_kept(folder / "cert", certificate), _kept(folder / "key", private))


def _certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    made = made.public_key(key.public_key()).serial_number(x509.random_serial_number())
    made = made.not_valid_before(now()).not_valid_after(now() + datetime.timedelta(days=1))
    made = made.add_extension(here, critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return made.sign(key, hashes.SHA256())


def _kept(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


class Log(logging.Handler):
    """Keeps what the portal logs."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        assert isinstance(record.msg, dict)
        self.lines.append(record.msg)

    def events(self) -> list[str]:
        return [line["event"] for line in self.lines]


@pytest.fixture
def log() -> Iterator[Log]:
    kept, doorward = Log(), logging.getLogger("doorward")
    doorward.addHandler(kept)
    yield kept
    doorward.removeHandler(kept)
