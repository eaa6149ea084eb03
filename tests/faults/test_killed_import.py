"""kill -9 in the midst of an import: every row is done once or not at all, and then the rest."""

import itertools
import secrets
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests import portal_process
from tests.portal_process import Portal, wait_for
from tests.security.foreign import HASHES

pytestmark = pytest.mark.slow

ROWS = 10_000
KILLS = 4
LATEST_KILL_S = 0.3  # after a batch was kept; one takes some 0.1
WITHIN_S = 90

# Accounts that lack something, have it twice, or that no row or two rows made.
BROKEN = """
    SELECT email FROM accounts WHERE 1 != (SELECT count(*) FROM passwords
            WHERE account_id = accounts.id)
        OR 1 != (SELECT count(*) FROM memberships WHERE account_id = accounts.id)
        OR 1 != (SELECT count(*) FROM totp_devices WHERE account_id = accounts.id)
        OR 1 != (SELECT count(*) FROM import_rows WHERE account_id = accounts.id)
"""


def write_people(file: Path, place: str) -> None:
    hashed = HASHES["bcrypt 2b"][1]
    with file.open("w") as rows:
        rows.write("email,password_hash,totp_secret,organisation,role\n")
        for number in range(ROWS):
            who = f"person{number}@example.org"
            rows.write(f"{who},{hashed},JBSWY3DPEHPK3PXP,{place},student\n")


def start(portal: Portal, file: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "accounts", "import", str(file)],
        cwd=portal_process.ROOT,
        env=portal.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        process_group=0,
    )


def test_an_import_that_is_killed_goes_on_and_does_nothing_twice(portal_alone: Portal) -> None:
    file = portal_alone.folder / "people.csv"
    [_, place] = portal_alone.run([(["db", "upgrade"], ""), portal_process.organisation("Cy")])
    write_people(file, place)

    kept = [killed(portal_alone, file) for _ in range(KILLS)]
    last = start(portal_alone, file)
    said, _ = last.communicate(timeout=WITHIN_S)

    assert all(before < after for before, after in itertools.pairwise([0, *kept]))
    assert kept[-1] < ROWS
    assert b"it goes on where it stopped" in said
    assert last.returncode == 0, said
    assert f"accounts added: {ROWS}".encode() in said
    assert number(portal_alone, "SELECT count(*) FROM accounts") == ROWS
    assert number(portal_alone, "SELECT count(*) FROM import_rows") == ROWS
    assert number(portal_alone, "SELECT count(*) FROM imports WHERE finished_at NOT NULL") == 1
    assert rows(portal_alone, BROKEN) == []


def killed(portal: Portal, file: Path) -> int:
    """Go on with the import for a while, end it at once, and return how many rows it kept."""
    before = number(portal, "SELECT count(*) FROM import_rows")
    process = start(portal, file)
    counted = "SELECT count(*) FROM import_rows"
    wait_for(lambda: number(portal, counted) > before, WITHIN_S)
    time.sleep(secrets.SystemRandom().uniform(0, LATEST_KILL_S))
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=WITHIN_S)
    after = number(portal, counted)
    assert process.returncode == -signal.SIGKILL
    assert rows(portal, "PRAGMA integrity_check") == [("ok",)]
    assert number(portal, "SELECT count(*) FROM accounts") == after
    assert rows(portal, BROKEN) == []
    return after


def number(portal: Portal, query: str) -> int:
    [(found,)] = rows(portal, query)
    assert isinstance(found, int)
    return found


def rows(portal: Portal, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(portal.database)) as connection:
        return connection.execute(query).fetchall()
