"""kill -9 of a server that imports what was uploaded on its pages: another server goes on."""

import itertools
import sqlite3
from contextlib import closing

import pytest

from app.operations.import_mappings import COLUMNS
from tests import portal_process
from tests.faults.client import Client
from tests.faults.test_killed_import import number, rows
from tests.portal_process import Portal, wait_for
from tests.security.foreign import HASHES

pytestmark = pytest.mark.slow

ROWS = 10_000
KILLS = 2
WITHIN_S = 90
ROOT, PASSWORD = "root@example.org", "seven quiet lanterns"
DONE = "SELECT count(*) FROM import_rows"
FINISHED = "SELECT count(*) FROM imports WHERE stage = 'finished'"
KEPT = "SELECT count(*) FROM import_rows WHERE account_id IS NOT NULL"
BROKEN = """
    SELECT email FROM accounts WHERE email != 'root@example.org' AND (
        1 != (SELECT count(*) FROM passwords WHERE account_id = accounts.id)
        OR 1 != (SELECT count(*) FROM memberships WHERE account_id = accounts.id)
        OR 1 != (SELECT count(*) FROM import_rows WHERE account_id = accounts.id))
"""


def people(place: str) -> bytes:
    hashed = HASHES["bcrypt 2b"][1]
    lines = (f"person{n}@example.org,{hashed},{place},student\n" for n in range(ROWS))
    return ("email,password_hash,organisation,role\n" + "".join(lines)).encode()


def test_an_import_that_is_killed_is_gone_on_with_by_another_server(portal_alone: Portal) -> None:
    root = ["accounts", "add", ROOT, "--superuser", "--password-stdin"], f"{PASSWORD}\n"
    setup = [(["db", "upgrade"], ""), root, portal_process.organisation("Cy")]
    place = portal_alone.run(setup)[-1]
    portal_alone.start()
    begin(Client(portal_alone.port), people(place))

    kept = [killed(portal_alone)]
    others = [Portal(portal_alone.folder) for _ in range(KILLS)]
    for other in others[:-1]:
        other.start()
        kept.append(killed(other))
    with portal_process.serving(others[-1]) as last:
        wait_for(lambda: number(last, FINISHED) > 0, WITHIN_S, last.log)

    assert all(before < after < ROWS for before, after in itertools.pairwise([0, *kept]))
    assert number(last, "SELECT count(*) FROM accounts") == ROWS + 1
    assert number(last, DONE) == ROWS
    assert rows(last, BROKEN) == []
    assert number(last, "SELECT count(*) FROM import_chunks") == 0


def begin(client: Client, content: bytes) -> None:
    """Upload a file, have it checked, and confirm it."""
    client.open_form("/sign-in")
    assert client.post("/sign-in", identity=ROOT, password=PASSWORD).status == 303
    client.open_form("/admin/imports/new")
    sent = client.post_file("/admin/imports/new", "file", "people.csv", content)
    assert sent.status == 303, sent.text
    where = sent.headers["Location"].removesuffix("/columns")
    client.open_form(f"{where}/columns")
    fields = {f"column_{each}": "auto" for each in COLUMNS}
    mapped = client.post(f"{where}/columns", system="ours", everybodys_role="", **fields)
    assert mapped.status == 303, mapped.text
    wait_for(lambda: "Nothing is kept yet" in client.open_form(where).text, WITHIN_S)
    client.open_form(f"{where}/run")
    assert client.post(f"{where}/run").status == 303


def killed(portal: Portal) -> int:
    """Let it go on for a batch or two, end it at once, and return how many rows are kept."""
    before = number(portal, KEPT)
    wait_for(lambda: number(portal, KEPT) > before, WITHIN_S, portal.log)
    portal.kill()
    after = number(portal, KEPT)
    assert rows(portal, "PRAGMA integrity_check") == [("ok",)]
    assert number(portal, "SELECT count(*) FROM accounts") == after + 1
    with closing(sqlite3.connect(portal.database)) as connection, connection:
        connection.execute("UPDATE imports SET leased_until = '2020-01-01 00:00:00.000000'")
    return after
