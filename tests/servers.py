"""Real servers for tests, each on a free port of this machine, ended by its own process id."""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

UNPRIVILEGED = "nobody"  # PostgreSQL refuses to be root


# Below what systems give to whoever calls somebody (Linux: from 32768 on), so that a server which
# stops and starts again finds its port free.
PORTS = range(11_000, 30_000)


def free_port() -> int:
    """Return a port of this machine on which nobody listens."""
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@dataclass(frozen=True)
class PostgreSql:
    """A running cluster with a superuser `doorward` and no password, on loopback only."""

    port: int

    def new_database(self) -> str:
        """Make an empty database; return its SQLAlchemy URL."""
        name = f"doorward_{uuid.uuid4().hex}"
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return f"postgresql+psycopg://doorward@127.0.0.1:{self.port}/{name}"

    def dsn(self, name: str) -> str:
        return f"host=127.0.0.1 port={self.port} user=doorward dbname={name}"


@contextlib.contextmanager
def postgresql(folder: Path) -> Iterator[PostgreSql]:
    """Run a PostgreSQL cluster in `folder` until the block ends."""
    data, port = folder / "data", free_port()
    data.mkdir()
    hand_over(folder)
    initdb = [_binary("initdb"), "-D", str(data), "-U", "doorward", "-A", "trust", "--no-sync"]
    _run([*initdb, "-E", "UTF8", "--locale=C.UTF-8"])
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    control = [_binary("pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log")]
    _run([*control, "-o", options + " -c max_connections=200", "start"])
    try:
        yield PostgreSql(port)
    finally:
        _run([*control, "-m", "immediate", "stop"])


def _binary(name: str) -> str:
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = str(versions[-1]) if versions else shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"{name} is missing: install PostgreSQL, or use make test.")
    return found


def _run(command: list[str]) -> None:
    done = subprocess.run(
        [*unprivileged(), *command], capture_output=True, text=True, check=False, cwd="/"
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}")


def unprivileged() -> list[str]:
    """Return what a command starts with so that it does not run as root."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={UNPRIVILEGED}", "--regid=nogroup", "--clear-groups"]


def hand_over(folder: Path) -> None:
    """Give a folder and what is in it to whoever the servers run as."""
    if os.geteuid() != 0:
        return
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, UNPRIVILEGED)
    for parent in folder.parents:
        if not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)  # to be passed through, not listed
