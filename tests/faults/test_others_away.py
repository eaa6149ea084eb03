"""A mail server that is away or silent, a database that somebody else holds."""

import contextlib
import itertools
import socket
import sqlite3
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests import portal_process
from tests.faults.client import Answer, Client
from tests.mail import servers
from tests.mail.servers import Script
from tests.portal_process import Portal, account, mail_to, mails_to, membership, wait_for

pytestmark = pytest.mark.slow

PASSWORD = "seven quiet lanterns"
CROWD = 12
SLOWER_BY_S = 2  # who waited for a silent server would wait for its 15 seconds
SOON_AFTER_S = 15


@pytest.fixture(scope="module")
def teachers(served: Portal) -> Iterator[str]:
    """Return addresses of people who need a PIN, each to be used once."""
    [place] = served.run([portal_process.organisation("Northwind", "mfaForTeachers=true")])
    crowd = [f"teacher{number}@example.org" for number in range(CROWD)]
    served.run([account(email, PASSWORD) for email in crowd])
    served.run([membership(email, place, "teacher") for email in crowd])
    return iter(crowd)


def asks_for_pin(served: Portal, email: str) -> Answer:
    client = Client(served.port)
    client.open_form("/sign-in")
    done = client.post("/sign-in", identity=email, password=PASSWORD)
    assert (done.status, done.headers["Location"]) == (303, "/sign-in/pin")
    return done


def quickest(served: Portal, teachers: Iterator[str]) -> float:
    people = list(itertools.islice(teachers, 2))
    return min(asks_for_pin(served, email).seconds for email in people)


@contextlib.contextmanager
def mail_server(served: Portal) -> Iterator[Script]:
    script = Script()
    with servers.running(script, urlsplit(served.smtp_url).port):
        yield script


@contextlib.contextmanager
def silent_server(served: Portal) -> Iterator[socket.socket]:
    """Accept whoever calls, and never say a word."""
    address = ("127.0.0.1", urlsplit(served.smtp_url).port or 0)
    with socket.create_server(address) as listening:
        yield listening


def test_nobody_waits_for_a_mail_server(served: Portal, teachers: Iterator[str]) -> None:
    with mail_server(served):
        there = quickest(served, teachers)

    away = quickest(served, teachers)
    with silent_server(served) as listening:
        listening.settimeout(SOON_AFTER_S)
        connection, _ = listening.accept()  # the portal hangs on it by now
        silent = quickest(served, teachers)
        connection.close()

    assert away <= there + SLOWER_BY_S
    assert silent <= there + SLOWER_BY_S


def test_a_pin_comes_when_the_mail_server_does_unless_it_is_too_old(
    served: Portal, teachers: Iterator[str]
) -> None:
    late, too_late = next(teachers), next(teachers)
    asks_for_pin(served, late)
    asks_for_pin(served, too_late)
    let_expire(served, too_late)

    with mail_server(served) as sink:
        mail_to(sink, late, within=SOON_AFTER_S)
        wait_for(lambda: state_of(served, too_late) == ("expired", None), SOON_AFTER_S)

        assert len(mails_to(sink, late)) == 1
        assert mails_to(sink, too_late) == []


def test_a_database_that_somebody_holds_is_no_wrong_password(
    served: Portal, teachers: Iterator[str]
) -> None:
    email, client = next(teachers), Client(served.port)
    client.open_form("/sign-in")
    with held(served):
        refused = client.post("/sign-in", identity=email, password=PASSWORD)
        page = client.open_form("/sign-in")

    assert refused.status == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert "Not just now" in refused.text
    assert "do not match" not in refused.text
    assert page.status == 200
    assert client.post("/sign-in", identity=email, password=PASSWORD).status == 303


@contextlib.contextmanager
def held(served: Portal) -> Iterator[None]:
    """Hold the write lock for longer than the portal waits for it."""
    with contextlib.closing(sqlite3.connect(served.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def let_expire(served: Portal, email: str) -> None:
    """Let a PIN's ten minutes pass."""
    expire = "UPDATE outgoing_mails SET expires_at = '2020-01-01 00:00:00.000000' WHERE recipient=?"
    with contextlib.closing(sqlite3.connect(served.database)) as connection, connection:
        connection.execute(expire, [email])


def state_of(served: Portal, email: str) -> tuple[str | None, str | None]:
    query = "SELECT last_error, sealed FROM outgoing_mails WHERE recipient = ?"
    with contextlib.closing(sqlite3.connect(served.database)) as connection:
        [(error, sealed)] = connection.execute(query, [email])
    return error, sealed
