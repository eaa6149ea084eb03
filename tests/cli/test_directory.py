"""`directory check` and `accounts sync`, as an administrator runs them."""

import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import select

from app import db
from app.models import AuditEvent, DirectoryEntry
from app.operations import accounts, sign_in
from tests import factories, slapd
from tests.cli.conftest import Run
from tests.factories import VISITOR
from tests.operations.signing_in import signed_in
from tests.slapd import Slapd

Ask = Callable[..., None]
ANNS = slapd.password_of("person001")


def come(*uids: str) -> None:
    for uid in uids:
        sign_in.verify_password(uid, slapd.password_of(uid), VISITOR)


@pytest.mark.usefixtures("asks_directory")
def test_check_tells_whom_it_finds(run: Run, directory: Slapd) -> None:
    done = run("directory", "check", "PERSON001@school.example")
    assert done.exit_code == 0
    assert f"{directory.tls_url}: answers" in done.output
    assert "Address: person001@school.example" in done.output
    assert "Account: none yet" in done.output
    assert db.session().scalar(select(AuditEvent.position)) is None


@pytest.mark.usefixtures("asks_directory")
def test_check_tells_whether_a_password_is_right(run: Run) -> None:
    right = run("directory", "check", "person001", "--password-stdin", stdin=ANNS + "\n")
    assert (right.exit_code, "The password is right." in right.output) == (0, True)
    wrong = run("directory", "check", "person001", "--password-stdin", stdin="wrong\n")
    assert (wrong.exit_code, "The password is wrong." in wrong.output) == (1, True)
    assert ANNS not in right.output + wrong.output


@pytest.mark.usefixtures("asks_directory")
def test_check_says_where_nobody_is_named(run: Run) -> None:
    done = run("directory", "check", "nobody")
    assert (done.exit_code, "has nobody" in done.output) == (1, True)


def test_check_says_which_server_is_away(run: Run, directory: Slapd, asks_directory: Ask) -> None:
    asks_directory(url=("ldaps://127.0.0.1:9", directory.tls_url), timeout=1)
    done = run("directory", "check", "person001")
    assert done.exit_code == 0
    assert "ldaps://127.0.0.1:9: no connection" in done.output
    asks_directory(url=("ldaps://127.0.0.1:9",), timeout=1)
    away = run("directory", "check", "person001")
    assert (away.exit_code, "does not answer" in away.output) == (1, True)


def test_without_a_directory_it_says_so(run: Run) -> None:
    for words in (("directory", "check", "somebody"), ("accounts", "sync")):
        done = run(*words)
        assert (done.exit_code, "No directory is set up" in done.output) == (1, True)


@pytest.mark.usefixtures("asks_directory")
def test_sync_throws_out_who_is_gone(run: Run, directory: Slapd) -> None:
    directory.add("zoe", "zoe@school.example", "Zoe", slapd.password_of("zoe"))
    come("zoe", *(f"person{n:03}" for n in range(30)))
    zoe = accounts.find("zoe")
    assert zoe is not None
    signed_in(zoe, slapd.password_of("zoe"))
    directory.remove("zoe")
    dry = run("accounts", "sync", "--dry-run")
    assert "30 of 31 people would be as in the directory." in dry.output
    assert factories.sessions_open() == 1
    done = run("accounts", "sync")
    assert done.exit_code == 0
    assert "1 are there no more; 1 of them were signed out now." in done.output
    assert factories.sessions_open() == 0
    again = run("accounts", "sync")
    assert "1 are there no more; 0 of them" in again.output


@pytest.mark.usefixtures("asks_directory")
def test_sync_brings_back_who_is_there_again(run: Run, directory: Slapd) -> None:
    come("person001")
    entry = db.session().scalars(select(DirectoryEntry)).one()
    entry.gone_at = entry.seen_at
    db.session().commit()
    assert run("accounts", "sync").exit_code == 0
    db.session().expire_all()
    assert db.session().scalars(select(DirectoryEntry.gone_at)).one() is None
    assert directory.process is not None


def test_sync_stops_where_too_many_seem_gone(run: Run, asks_directory: Ask) -> None:
    come(*(f"person{n:03}" for n in range(20)))
    asks_directory(base_dn=slapd.GROUPS)
    done = run("accounts", "sync")
    assert done.exit_code == 1
    assert "20 of 20 people are not found." in done.output
    assert (
        not db.session()
        .scalars(select(DirectoryEntry).where(DirectoryEntry.gone_at.is_not(None)))
        .all()
    )
    believed = run("accounts", "sync", "--many-gone")
    assert (believed.exit_code, "20 are there no more" in believed.output) == (0, True)


def test_sync_says_that_the_directory_is_away(run: Run, asks_directory: Ask) -> None:
    come("person001")
    asks_directory(url=("ldaps://127.0.0.1:9",), timeout=1)
    done = run("accounts", "sync")
    assert (done.exit_code, "does not answer" in done.output) == (1, True)


def test_sync_says_where_it_cannot_look_after_anybody(run: Run, asks_directory: Ask) -> None:
    asks_directory(bind_dn=None, bind_password=None, user_dn=f"uid={{identity}},{slapd.PEOPLE}")
    done = run("accounts", "sync")
    assert (done.exit_code, "DOORWARD_LDAP_USER_DN" in done.output) == (1, True)


def test_check_says_where_nobody_can_be_looked_for(run: Run, asks_directory: Ask) -> None:
    asks_directory(base_dn=f"ou=nowhere,{slapd.BASE}")
    done = run("directory", "check", "person001")
    assert (done.exit_code, "DOORWARD_LDAP_BASE_DN" in done.output) == (1, True)


def test_check_says_which_group_is_not_there(run: Run, asks_directory: Ask) -> None:
    typo = f"cn=taechers,{slapd.GROUPS}"
    asks_directory(
        groups={slapd.TEACHERS: (uuid.uuid4(), "Teacher"), typo: (uuid.uuid4(), "Teacher")}
    )
    done = run("directory", "check", "person001")
    assert done.exit_code == 0
    assert f"{typo}: not there" in done.output
    assert f"{slapd.TEACHERS}: not there" not in done.output
