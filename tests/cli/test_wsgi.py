"""Starting: wrong settings, a database that does not fit, a port that is taken; and serving."""

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from app.cli import sentences
from app.config import Settings
from tests import servers
from tests.cli.conftest import Start, ended, python
from tests.conftest import KEY

WRONG = {
    "DOORWARD_SECRET_KEY": "short",
    "DOORWARD_DATABASE_URL": "mysql://host/name",
    "DOORWARD_REDIS_URL": "memcached://host",
    "DOORWARD_SMTP_URL": "mail.example.org",
    "DOORWARD_MAIL_FROM": "nobody",
    "DOORWARD_BASE_URL": "accounts.example.org",
    "DOORWARD_TRUSTED_PROXIES": "many",
    "DOORWARD_HIDE_ACCOUNTS": "perhaps",
    "DOORWARD_PASSWORD_MIN_LENGTH": "3",
    "DOORWARD_REGISTRATION": "closed",
    "DOORWARD_JWT_ALGORITHM": "none",
    "DOORWARD_OUTBOX": "pigeon",
    "DOORWARD_RATE_LIMITS": "few",
    "DOORWARD_IMPERSONATION": "sometimes",
    "DOORWARD_AUDIT_DAYS": "0",
    "DOORWARD_DEMO": "true-ish",
    "DOORWARD_WORKERS": "0",
    "DOORWARD_LDAP_URL": "http://directory.example.org",
    "DOORWARD_LDAP_BASE_DN": "",
    "DOORWARD_LDAP_STARTTLS": "maybe",
    "DOORWARD_LDAP_CA_FILE": "/nowhere/ca.pem",
    "DOORWARD_LDAP_USER_DN": "uid=ann",
    "DOORWARD_LDAP_USER_FILTER": "uid={identity}",
    "DOORWARD_LDAP_ID_ATTRIBUTE": "entry uuid",
    "DOORWARD_LDAP_GROUPS": "[]",
    "DOORWARD_LDAP_GROUP_FILTER": "(member=me)",
    "DOORWARD_LDAP_TIMEOUT": "0",
    "DOORWARD_LDAP_PASSWORD_URL": "javascript:alert(1)",
}
DIRECTORY = {
    "DOORWARD_LDAP_URL": "ldap://directory.example.org",
    "DOORWARD_LDAP_BASE_DN": "dc=example,dc=org",
}


@pytest.mark.parametrize(
    "starting", [("-c", "import wsgi"), ("-m", "flask", "--app", "wsgi", "purge")]
)
def test_wrong_settings_end_the_start_with_a_sentence_each(
    starting: tuple[str, ...], environment: dict[str, str]
) -> None:
    code, stdout, stderr = ended(python(*starting, environment=environment | WRONG))

    assert (code, stdout) == (2, "")
    assert {line.split()[0] for line in stderr.splitlines()} == WRONG.keys()


@pytest.mark.parametrize(
    ("also", "said"),
    [
        ({"DOORWARD_LDAP_STARTTLS": "off"}, "in clear"),
        ({"DOORWARD_LDAP_BIND_DN": "cn=doorward"}, "belong together"),
    ],
)
def test_settings_of_a_directory_have_to_fit_together(
    environment: dict[str, str], also: dict[str, str], said: str
) -> None:
    together = environment | DIRECTORY | also
    code, _, stderr = ended(python("-c", "import wsgi", environment=together))

    assert code == 2
    assert said in stderr


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://Accounts.Example.ORG:443/", "https://accounts.example.org"),
        ("http://localhost:80", "http://localhost"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_the_public_address_is_kept_as_browsers_write_it(written: str, kept: str) -> None:
    assert Settings(secret_key=KEY, base_url=written).base_url == kept


def test_more_workers_need_redis(start: Start) -> None:
    code, _, stderr = ended(start("serve", "--workers", 2))

    assert code == 2
    assert stderr.startswith("DOORWARD_REDIS_URL is missing:")


def test_a_database_without_tables_is_not_served(start: Start, environment: dict[str, str]) -> None:
    starts = [start("serve", "--port", servers.free_port())]
    starts.append(python("-c", "import wsgi", environment=environment))

    for process in starts:
        code, _, stderr = ended(process)
        assert code == 1
        assert "The database has not been prepared: run flask --app wsgi db upgrade." in stderr
        assert "Traceback" not in stderr


def test_a_database_that_is_away_is_said_by_commands_that_are_not_ours(start: Start) -> None:
    away = "postgresql+psycopg://nobody@127.0.0.1:1/none"

    code, _, stderr = ended(start("db", "upgrade", DOORWARD_DATABASE_URL=away))

    assert (code, stderr) == (1, f"Error: {sentences.UNREACHABLE}\n")


def test_a_taken_port_is_said(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, stderr = ended(start("serve", "--port", port))

    assert code == 1
    assert stderr == (
        f"Error: Port {port} is in use: end what uses it, or take another: "
        f"PORT={port + 1} make run.\n"
    )


def test_an_address_of_another_machine_is_said(start: Start) -> None:
    code, _, stderr = ended(start("serve", "--host", "192.0.2.1"))

    assert (code, stderr) == (1, "Error: 192.0.2.1 is no address of this machine.\n")


@contextlib.contextmanager
def serving(start: Start, port: int) -> Iterator["subprocess.Popen[str]"]:
    process = start("serve", "--prepare", "--port", port, DOORWARD_DEMO="on")
    try:
        wait_for(f"http://127.0.0.1:{port}/sign-in", process)
        yield process
    finally:
        process.kill()
        ended(process, within=60)


def wait_for(url: str, process: "subprocess.Popen[str]") -> None:
    for _ in range(300):
        with contextlib.suppress(OSError), urllib.request.urlopen(url) as answer:  # noqa: S310 (ours)
            assert answer.status == 200
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    pytest.fail(f"{url} does not answer: {ended(process)}")


@pytest.mark.slow
@pytest.mark.parametrize("to_all", [False, True], ids=["SIGTERM", "Ctrl-C"])
def test_serving_ends_in_order(to_all: bool, start: Start) -> None:  # noqa: FBT001
    port = servers.free_port()
    with serving(start, port) as process:
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/activate?ticket=a-secret-ticket")
        if to_all:
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.terminate()
        code, stdout, stderr = ended(process, within=60)

    assert code == 0
    assert f"Doorward is at http://localhost:{port}" in stdout
    assert "noor@demo.example" in stdout
    assert "a-secret-ticket" not in stdout + stderr
    assert "Traceback" not in stderr


@pytest.mark.slow
def test_a_second_start_keeps_the_data_and_a_third_finds_the_port_taken(start: Start) -> None:
    port = servers.free_port()
    with serving(start, port) as first:
        first.terminate()
        ended(first, within=60)
    with serving(start, port) as second:
        code, _, stderr = ended(start("serve", "--port", port))
        second.terminate()
        _, stdout, _ = ended(second, within=60)

    assert "noor@demo.example" in stdout
    assert code == 1
    assert f"Port {port} is in use" in stderr


@pytest.mark.slow
def test_workers_end_with_a_server_that_is_killed(start: Start) -> None:
    port = servers.free_port()
    with serving(start, port) as process:
        process.kill()
        process.wait(60)

        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) != 0:
                    return
            time.sleep(0.1)
    pytest.fail("a worker still listens")
