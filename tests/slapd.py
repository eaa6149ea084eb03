"""A directory for tests: Debian's slapd on free ports of this machine, with TLS and 200 people."""

import base64
import contextlib
import datetime
import hashlib
import ipaddress
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from ldap3 import MODIFY_REPLACE, Connection, Server

from app.clock import now
from tests import servers

BASE = "dc=school,dc=example"
ROOT, ROOT_PASSWORD = f"cn=admin,{BASE}", "the directory's own password"
PORTAL, PORTAL_PASSWORD = f"cn=doorward,{BASE}", "the portal reads with this"
PEOPLE, GROUPS = f"ou=people,{BASE}", f"ou=groups,{BASE}"
TEACHERS, STUDENTS = f"cn=teachers,{GROUPS}", f"cn=students,{GROUPS}"
SCHEMAS = Path("/etc/ldap/schema")
COUNT = 200
START_WITHIN_S = 120


def password_of(uid: str) -> str:
    return f"the boats of {uid}"


@dataclass
class Slapd:
    """A running slapd; the process can be stopped, paused and started again."""

    folder: Path
    port: int
    tls_port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        return f"ldaps://127.0.0.1:{self.tls_port}"

    @property
    def ca_file(self) -> str:
        return str(self.folder / "ca.pem")

    def start(self) -> None:
        """Start it; again while it ends at once: somebody else may have its port for a moment."""
        ends = time.monotonic() + START_WITHIN_S
        while not _answers(self.tls_port):
            if time.monotonic() > ends:
                self.stop()
                raise RuntimeError("slapd did not start")
            if self.process is None or self.process.poll() is not None:
                self.process = self._begun()
            time.sleep(0.02)

    def _begun(self) -> subprocess.Popen[bytes]:
        urls = f"{self.url}/ {self.tls_url}/"
        command = [_program("slapd"), "-f", str(self.folder / "slapd.conf"), "-h", urls, "-d", "0"]
        return subprocess.Popen([*servers.unprivileged(), *command], cwd="/")

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Let the machine accept connections that nobody answers."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    @contextlib.contextmanager
    def administered(self) -> Iterator[Connection]:
        connection = Connection(
            Server("127.0.0.1", port=self.port), ROOT, ROOT_PASSWORD, auto_bind=True
        )
        try:
            yield connection
        finally:
            connection.unbind()

    def add(self, uid: str, mail: str, name: str, password: str, /, **facts: object) -> None:
        facts = {**_facts(uid, mail, name, password), **facts}
        with self.administered() as talk:
            assert talk.add(f"uid={uid},{PEOPLE}", "inetOrgPerson", facts)

    @contextlib.contextmanager
    def having(self, uid: str, /, **facts: object) -> Iterator[str]:
        """Have somebody more until the block ends, whatever they are called by then."""
        self.add(uid, f"{uid}@school.example", "Somebody New", password_of(uid), **facts)
        with self.administered() as talk:
            talk.search(PEOPLE, f"(uid={uid})", attributes=["entryUUID"])
            [key] = talk.entries[0].entryUUID.values
        try:
            yield uid
        finally:
            with self.administered() as talk:
                talk.search(PEOPLE, f"(entryUUID={key})")
                for entry in talk.entries:
                    talk.delete(entry.entry_dn)

    def remove(self, uid: str) -> None:
        with self.administered() as talk:
            assert talk.delete(f"uid={uid},{PEOPLE}")

    def change(self, uid: str, /, **facts: str | list[str]) -> None:
        with self.administered() as talk:
            values = {name: [v] if isinstance(v, str) else v for name, v in facts.items()}
            changes = {name: [(MODIFY_REPLACE, each)] for name, each in values.items()}
            assert talk.modify(f"uid={uid},{PEOPLE}", changes)

    def rename(self, uid: str, new: str) -> None:
        with self.administered() as talk:
            assert talk.modify_dn(f"uid={uid},{PEOPLE}", f"uid={new}")

    def put(self, group: str, *uids: str) -> None:
        """Make these people all that are in a group."""
        members = [f"uid={uid},{PEOPLE}" for uid in uids] or [ROOT]
        with self.administered() as talk:
            assert talk.modify(group, {"member": [(MODIFY_REPLACE, members)]})


@contextlib.contextmanager
def slapd(folder: Path) -> Iterator[Slapd]:
    """Run a directory in `folder` until the block ends."""
    running = Slapd(folder, servers.free_port(), servers.free_port())
    (folder / "data").mkdir()
    _certificates(folder)
    (folder / "slapd.conf").write_text(_configuration(folder))
    (folder / "people.ldif").write_text("\n".join(_people()))
    servers.hand_over(folder)
    _run(
        _program("slapadd"),
        "-q",
        "-f",
        str(folder / "slapd.conf"),
        "-l",
        str(folder / "people.ldif"),
    )
    running.start()
    try:
        yield running
    finally:
        running.stop()


def another_certificate(folder: Path) -> str:
    """Make a certificate of another authority; return its file."""
    folder.mkdir()
    _certificates(folder)
    return str(folder / "ca.pem")


def _configuration(folder: Path) -> str:
    schemas = "\n".join(
        f"include {SCHEMAS / each}.schema" for each in ("core", "cosine", "inetorgperson", "nis")
    )
    return f"""{schemas}
modulepath /usr/lib/ldap
moduleload back_mdb
allow bind_anon_cred bind_anon_dn
TLSCACertificateFile {folder / "ca.pem"}
TLSCertificateFile {folder / "server.pem"}
TLSCertificateKeyFile {folder / "server.key"}
pidfile {folder / "data" / "pid"}
database mdb
maxsize 104857600
suffix "{BASE}"
rootdn "{ROOT}"
rootpw "{_hashed(ROOT_PASSWORD)}"
directory {folder / "data"}
index objectClass,uid,mail,entryUUID eq
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{PORTAL}" read by self read by * none
"""


def _people() -> Iterator[str]:
    yield f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: School\ndc: school\n"
    for unit in ("people", "groups"):
        yield f"dn: ou={unit},{BASE}\nobjectClass: organizationalUnit\nou: {unit}\n"
    yield (
        f"dn: {PORTAL}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n"
        f"cn: doorward\nuserPassword: {_hashed(PORTAL_PASSWORD)}\n"
    )
    for number in range(COUNT):
        uid = f"person{number:03}"
        facts = _facts(uid, f"{uid}@school.example", f"Person {number}", password_of(uid))
        lines = "\n".join(f"{name}: {value}" for name, value in facts.items())
        yield f"dn: uid={uid},{PEOPLE}\nobjectClass: inetOrgPerson\n{lines}\n"
    for group, people in ((TEACHERS, range(20)), (STUDENTS, range(20, COUNT))):
        members = "\n".join(f"member: uid=person{number:03},{PEOPLE}" for number in people)
        name = group.partition(",")[0].removeprefix("cn=")
        yield f"dn: {group}\nobjectClass: groupOfNames\ncn: {name}\n{members}\n"


def _facts(uid: str, mail: str, name: str, password: str) -> dict[str, str]:
    hashed = _hashed(password)
    return {
        "uid": uid,
        "cn": name,
        "sn": name.rsplit(maxsplit=1)[-1],
        "mail": mail,
        "userPassword": hashed,
    }


def _hashed(password: str) -> str:
    salt = os.urandom(8)
    digest = hashlib.sha1(password.encode() + salt).digest()  # noqa: S324 (slapd's own scheme)
    return "{SSHA}" + base64.b64encode(digest + salt).decode()


def _certificates(folder: Path) -> None:
    """Write ca.pem, and server.pem and server.key that it signed for 127.0.0.1."""
    ca_key, ca_name = ec.generate_private_key(ec.SECP256R1()), _named("Directory CA")
    ca = _signed(ca_name, ca_name, ca_key, ca_key, authority=True)
    key = ec.generate_private_key(ec.SECP256R1())
    own = _signed(_named("127.0.0.1"), ca_name, key, ca_key, authority=False)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.public_bytes(pem))
    (folder / "server.pem").write_bytes(own.public_bytes(pem))
    plain = serialization.NoEncryption()
    as_text = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    (folder / "server.key").write_bytes(as_text)


def _signed(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    by: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
) -> x509.Certificate:
    day = datetime.timedelta(days=1)
    here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - day)
        .not_valid_after(now() + day)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False
        )
        .add_extension(x509.SubjectAlternativeName([here]), critical=False)
        .sign(by, hashes.SHA256())
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        raise FileNotFoundError(f"{name} is missing: install slapd, or use make test.")
    return found


def _run(*command: str) -> None:
    done = subprocess.run(
        [*servers.unprivileged(), *command], capture_output=True, text=True, check=False, cwd="/"
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}")
