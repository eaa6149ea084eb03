"""kill -9: what was promised is there, what was half done is not."""

import http.client
import itertools
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests import portal_process
from tests.faults.client import Client
from tests.mail import servers
from tests.mail.servers import SLEEP, Script
from tests.portal_process import Portal, mails_to, wait_for

pytestmark = pytest.mark.slow

ROUNDS = 10
WRITERS = 8
LATEST_KILL_S = 1.2  # a fresh server answers its first registration after some 0.4
PASSWORD = "seven quiet lanterns"

WHOLE = """
    SELECT email_key,
        (SELECT count(*) FROM passwords WHERE account_id = accounts.id),
        (SELECT count(*) FROM activation_tickets WHERE account_id = accounts.id),
        (SELECT count(*) FROM outgoing_mails WHERE account_id = accounts.id),
        (SELECT count(*) FROM audit_events WHERE account_id = accounts.id)
    FROM accounts
"""


class Writer:
    """Registers one address after the other until the portal is gone."""

    def __init__(self, name: int, port: int) -> None:
        self.acknowledged: list[str] = []
        self._addresses = (f"writer{name}-{n}@example.org" for n in itertools.count())
        self._client = Client(port)

    def prepare(self) -> None:
        self._client.open_form("/register")

    def write(self) -> None:
        try:
            while True:
                self._register(next(self._addresses))
        except (OSError, http.client.HTTPException):
            return

    def _register(self, address: str) -> None:
        done = self._client.post("/register", email=address, name="Ana", password=PASSWORD)
        if done.status == 303:
            self.acknowledged.append(address)


def test_a_registration_is_whole_or_not_there(portal_alone: Portal) -> None:
    writers = [Writer(number, portal_alone.port) for number in range(WRITERS)]
    portal_alone.start()
    for writer in writers:
        writer.prepare()

    for _ in range(ROUNDS):
        killed_while(portal_alone, [writer.write for writer in writers])
        assert rows(portal_alone.database, "PRAGMA integrity_check") == [("ok",)]
        portal_alone.start()

    found = {email: counts for email, *counts in rows(portal_alone.database, WHOLE)}
    acknowledged = [address for writer in writers for address in writer.acknowledged]
    assert acknowledged
    assert set(acknowledged) <= found.keys()
    assert {email: each for email, each in found.items() if each != [1, 1, 1, 1]} == {}


def killed_while(portal: Portal, work: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=each) for each in work]
    for thread in threads:
        thread.start()
    time.sleep(secrets.SystemRandom().uniform(0, LATEST_KILL_S))
    portal.kill()
    for thread in threads:
        thread.join()


@pytest.fixture
def sink(portal_alone: Portal) -> Iterator[Script]:
    script = Script()
    with servers.running(script) as port:
        portal_alone.smtp_url = f"smtp://127.0.0.1:{port}"
        yield script


def test_a_mail_that_was_in_hand_is_sent_again_under_the_same_id(
    portal_alone: Portal, sink: Script
) -> None:
    sink.data.append(SLEEP)  # it takes the mail, but is killed before it can say so
    portal_alone.start()
    client = Client(portal_alone.port)
    client.open_form("/register")
    client.post("/register", email="ana@example.org", name="Ana", password=PASSWORD)
    portal_process.mail_to(sink, "ana@example.org")

    portal_alone.kill()
    [(_, leased)] = rows(portal_alone.database, "SELECT sent_at, leased_until FROM outgoing_mails")
    end_lease(portal_alone.database)
    portal_alone.start()

    assert leased
    portal_process.mail_to(sink, "ana@example.org", count=2)
    wait_for(lambda: rows(portal_alone.database, "SELECT sent_at FROM outgoing_mails")[0][0], 15)
    copies = mails_to(sink, "ana@example.org")
    assert len(copies) == 2
    assert len({mail["Message-ID"] for mail in copies}) == 1


def end_lease(database: Path) -> None:
    """Let the lease's minute pass."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE outgoing_mails SET leased_until = '2020-01-01 00:00:00.000000'")


def rows(database: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(query).fetchall()
