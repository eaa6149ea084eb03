"""A real portal for tests: `flask serve` as a process of its own, with a database of its own."""

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import TypeVar

from tests.conftest import KEY
from tests.mail.servers import Script
from tests.servers import free_port

ROOT = Path(__file__).resolve().parent.parent
START_WITHIN_S = 60
STOP_WITHIN_S = 30
NOWHERE = "smtp://127.0.0.1:9"  # the discard port: nobody listens there
LINK = re.compile(r"http://localhost:\d+/\S+\?ticket=\S+")
CODE = re.compile(r"\b[0-9A-Z]{5}-[0-9A-Z]{5}\b")
PIN = re.compile(r"^\s+(\d{6})\s*$", re.MULTILINE)

# Several commands in one process: to start Python for each takes longer than the test.
COMMANDS = """
import json, sys
from wsgi import app
for words, stdin in json.load(sys.stdin):
    done = app.test_cli_runner().invoke(args=words, input=stdin)
    if done.exit_code:
        sys.exit(f"{words}: {done.output}")
    print(json.dumps(done.output.strip()))
"""

Command = tuple[list[str], str]
Found = TypeVar("Found")


@dataclass
class Portal:
    """A portal that can be started, killed and started again; its database stays."""

    folder: Path
    smtp_url: str = NOWHERE
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def database(self) -> Path:
        return self.folder / "doorward.sqlite"

    @property
    def environment(self) -> dict[str, str]:
        others = {name: each for name, each in os.environ.items() if "DOORWARD_" not in name}
        return others | {
            "DOORWARD_SECRET_KEY": KEY,
            "DOORWARD_DATABASE_URL": f"sqlite:///{self.database}",
            "DOORWARD_BASE_URL": self.url,
            "DOORWARD_SMTP_URL": self.smtp_url,
            **self.settings,
        }

    def start(self) -> float:
        """Serve, and return after how many seconds the first page was answered."""
        serve = [sys.executable, "-m", "flask", "--app", "wsgi", "serve", "--prepare"]
        where = ["--host", "127.0.0.1", "--port", str(self.port)]
        began = time.monotonic()
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*serve, *where],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
            )
        wait_for(self._answers, START_WITHIN_S, self.log)
        return time.monotonic() - began

    def kill(self) -> None:
        """End the server and its workers at once, as a power cut would."""
        if self.process is None:
            return
        workers = _children(self.process.pid)
        for pid in [self.process.pid, *workers]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        wait_for(lambda: not any(map(_lives, workers)), STOP_WITHIN_S)
        self.process = None

    def stop(self) -> None:
        """End the server in order."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process = None

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def run(self, commands: Sequence[Command]) -> list[str]:
        """Run `flask --app wsgi …` commands on the database; return what each printed."""
        done = subprocess.run(
            [sys.executable, "-c", COMMANDS],
            cwd=ROOT,
            env=self.environment | {"FLASK_RUN_FROM_CLI": "true"},
            input=json.dumps(commands),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.closing(connection), contextlib.suppress(OSError):
            connection.request("GET", "/sign-in")
            return connection.getresponse().status == 200
        return False


@contextlib.contextmanager
def serving(portal: Portal) -> Iterator[Portal]:
    """Serve until the block ends."""
    try:
        portal.start()
        yield portal
    finally:
        portal.stop()


def account(email: str, password: str, name: str = "") -> Command:
    return ["accounts", "add", email, "--name", name, "--password-stdin"], f"{password}\n"


def organisation(name: str, *settings: str) -> Command:
    return ["organisations", "add", name, *(f"--setting={each}" for each in settings)], ""


def membership(email: str, place: str, role: str, own_password: str = "") -> Command:
    own = ["--password-stdin"] if own_password else []
    return ["memberships", "add", email, place, role, *own], f"{own_password}\n"


def mail_to(sink: Script, address: str, count: int = 1, within: float = 60) -> EmailMessage:
    """Wait until the mail server has `count` mails to this address; return the newest."""

    def arrived() -> EmailMessage | None:
        theirs = mails_to(sink, address)
        return theirs[-1] if len(theirs) >= count else None

    return wait_for(arrived, within)


def mail_about(sink: Script, address: str, subject: str, within: float = 60) -> EmailMessage:
    """Wait for a mail to this address whose subject has these words; return the newest."""

    def arrived() -> EmailMessage | None:
        theirs = [mail for mail in mails_to(sink, address) if subject in str(mail["Subject"])]
        return theirs[-1] if theirs else None

    return wait_for(arrived, within)


def mails_to(sink: Script, address: str) -> list[EmailMessage]:
    return [mail for mail in sink.received if mail["To"].addresses[0].addr_spec == address]


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body
    text: str = body.get_content()
    return text


def link_in(mail: EmailMessage) -> str:
    return _found(LINK, mail).group()


def code_in(mail: EmailMessage) -> str:
    return _found(CODE, mail).group()


def pin_in(mail: EmailMessage) -> str:
    return _found(PIN, mail).group(1)


def wait_for(
    condition: Callable[[], Found | None],
    within: float,
    explain: Callable[[], str] = str,
) -> Found:
    """Return what `condition` returns as soon as that is true; fail after `within` seconds."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"Not within {within} seconds. {explain()}")


def _found(pattern: re.Pattern[str], mail: EmailMessage) -> re.Match[str]:
    found = pattern.search(text_of(mail))
    assert found, text_of(mail)
    return found


def _children(pid: int) -> list[int]:
    """Return a process's children: workers are in groups of their own."""
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for each in listed for child in each.read_text().split()]


def _lives(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
