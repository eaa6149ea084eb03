"""Looking up and checking passwords, at a real directory."""

import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from app.directory import reader
from app.directory.conversation import Trouble
from app.directory.reader import Named
from app.errors import DirectoryAway
from tests import slapd
from tests.slapd import Slapd

ANN, PASSWORD = Named("person001"), slapd.password_of("person001")
Ask = Callable[..., None]


@pytest.mark.usefixtures("asks_directory")
def test_somebody_is_found_by_username_and_by_address() -> None:
    by_name, by_mail = reader.look_up(ANN), reader.look_up(Named("PERSON001@school.example"))
    assert by_name is not None
    assert by_name == by_mail
    assert (by_name.email, by_name.username) == ("person001@school.example", "person001")
    assert reader.look_up(Named(key=by_name.key)) == by_name


@pytest.mark.usefixtures("asks_directory")
def test_a_password_is_right_or_wrong() -> None:
    assert reader.check(ANN, PASSWORD).right
    assert not reader.check(ANN, PASSWORD + " ").right
    assert not reader.check(ANN, PASSWORD.upper()).right


@pytest.mark.usefixtures("asks_directory")
@pytest.mark.parametrize(
    "password", ["", "\0", "\0" + PASSWORD, PASSWORD + "\0", "x" * 1025, "\ud800"]
)
def test_what_no_bind_may_carry_is_wrong(password: str) -> None:
    assert not reader.check(ANN, password).right


@pytest.mark.usefixtures("asks_directory")
@pytest.mark.parametrize("password", ["\u00ad", "\u200b", "\ufeff", "\u1806\u180b", "\u034f"])
def test_a_password_that_preparing_would_empty_is_wrong(password: str) -> None:
    assert not reader.check(ANN, password).right


@pytest.mark.usefixtures("asks_directory")
@pytest.mark.parametrize(
    "identity",
    ["*", "person001)(uid=*", "*)(uid=person001", "person00?", "\\2a", "person001\0", ""],
)
def test_a_filter_cannot_be_written_through_the_name(identity: str) -> None:
    assert reader.look_up(Named(identity)) is None


def test_starttls_and_direct_binds_do_as_well(asks_directory: Ask, directory: Slapd) -> None:
    asks_directory(url=(directory.url,))
    assert reader.check(ANN, PASSWORD).right
    asks_directory(bind_dn=None, bind_password=None, user_dn=f"uid={{identity}},{slapd.PEOPLE}")
    answer = reader.check(ANN, PASSWORD)
    assert answer.right
    assert answer.entry is not None
    assert not reader.check(ANN, "wrong").right
    assert not reader.check(Named(f"person001,{slapd.PEOPLE}"), PASSWORD).right


def test_groups_are_those_of_the_settings(asks_directory: Ask) -> None:
    asks_directory(
        groups={
            slapd.TEACHERS: (uuid.uuid4(), "Teacher"),
            slapd.STUDENTS: (uuid.uuid4(), "Student"),
        }
    )
    found = reader.look_up(ANN)
    assert found is not None
    assert found.groups == {slapd.TEACHERS}


def test_two_entries_are_nobody(asks_directory: Ask) -> None:
    asks_directory(user_filter="(|(uid={identity})(sn=1))")
    with pytest.raises(reader.TwoEntries):
        reader.check(Named("person002"), PASSWORD)


def test_a_server_that_is_paused_is_away_in_time(asks_directory: Ask, directory: Slapd) -> None:
    asks_directory(timeout=1)
    began = time.monotonic()
    with directory.paused(), pytest.raises(DirectoryAway):
        reader.check(ANN, PASSWORD)
    assert time.monotonic() - began < 2
    began = time.monotonic()
    with pytest.raises(DirectoryAway):
        reader.check(ANN, PASSWORD)
    assert time.monotonic() - began < 0.2  # nobody waits for what was away just now
    reader.forget()
    assert reader.check(ANN, PASSWORD).right


def test_another_authority_is_not_believed(asks_directory: Ask, tmp_path: Path) -> None:
    asks_directory(ca_file=slapd.another_certificate(tmp_path / "other"))
    with pytest.raises(DirectoryAway):
        reader.check(ANN, PASSWORD)


def test_a_name_that_the_certificate_lacks_is_not_believed(
    asks_directory: Ask, directory: Slapd
) -> None:
    asks_directory(url=(directory.tls_url.replace("127.0.0.1", "localhost"),))
    with pytest.raises(DirectoryAway):
        reader.check(ANN, PASSWORD)


def test_the_next_server_answers_where_the_first_is_away(
    asks_directory: Ask, directory: Slapd
) -> None:
    asks_directory(url=("ldaps://127.0.0.1:9", directory.tls_url))
    assert reader.check(ANN, PASSWORD).right


def test_the_state_says_what_is_wrong_with_each_server(
    asks_directory: Ask, directory: Slapd, tmp_path: Path
) -> None:
    nowhere, elsewhere = "ldaps://127.0.0.1:9", directory.tls_url.replace("127.0.0.1", "localhost")
    asks_directory(url=(directory.tls_url, nowhere, elsewhere))
    away, unproven = Trouble.NO_CONNECTION, Trouble.CERTIFICATE
    wrong = {directory.tls_url: None, nowhere: away, elsewhere: unproven}
    assert reader.state() == wrong
    asks_directory(bind_password="wrong")
    assert reader.state() == {directory.tls_url: Trouble.REFUSES_PORTAL}
    asks_directory(ca_file=slapd.another_certificate(tmp_path / "other"))
    assert reader.state() == {directory.tls_url: Trouble.CERTIFICATE}
    asks_directory(url=(directory.tls_url.replace(str(directory.tls_port), str(directory.port)),))
    assert reader.state().popitem()[1] in {Trouble.TLS, Trouble.NO_CONNECTION}
    asks_directory(timeout=0.3)
    with directory.paused():
        assert reader.state() == {directory.tls_url: Trouble.TOO_SLOW}
