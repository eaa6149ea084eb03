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
DIRECT = {
    "bind_dn": None,
    "bind_password": None,
    "user_dn": f"uid={{identity}},{slapd.PEOPLE}",
}
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
    [
        "*",
        "person001)(uid=*",
        "*)(uid=person001",
        "person00?",
        "\\2a",
        "person001\0",
        "",
        "\ud800",
        "person001\x1b",
        "#6162",
        "x" * 5000,
    ],
    ids=ascii,
)
@pytest.mark.parametrize("direct", [False, True])
def test_a_filter_or_a_name_cannot_be_written_through_what_is_typed(
    asks_directory: Ask, identity: str, *, direct: bool
) -> None:
    if direct:
        asks_directory(**DIRECT)
    assert reader.check(Named(identity), PASSWORD).entry is None
    assert reader.check(ANN, PASSWORD).right  # the server is still thought well of


def test_starttls_and_direct_binds_do_as_well(asks_directory: Ask, directory: Slapd) -> None:
    asks_directory(url=(directory.url,))
    assert reader.check(ANN, PASSWORD).right
    asks_directory(**DIRECT)
    answer = reader.check(ANN, PASSWORD)
    assert answer.right
    assert answer.entry is not None
    assert not reader.check(ANN, "wrong").right
    assert not reader.check(Named(f"person001,{slapd.PEOPLE}"), PASSWORD).right
    other = reader.check(Named("person002", answer.entry.key), slapd.password_of("person002"))
    assert (other.entry, other.right, other.renamed) == (None, False, True)


def test_a_pointer_to_another_server_is_nobody(asks_directory: Ask, directory: Slapd) -> None:
    elsewhere = f"uid=elsewhere,{slapd.PEOPLE}"
    with directory.administered() as talk:
        classes = ["referral", "extensibleObject"]
        facts = {"uid": "elsewhere", "ref": f"ldap://127.0.0.1:9/{elsewhere}"}
        assert talk.add(elsewhere, classes, facts)
    try:
        asks_directory()
        assert reader.check(Named("elsewhere"), PASSWORD).entry is None
        asks_directory(**DIRECT)
        assert reader.check(Named("elsewhere"), PASSWORD).entry is None
        assert reader.check(ANN, PASSWORD).right
    finally:
        with directory.administered() as talk:
            talk.delete(elsewhere, controls=[("2.16.840.1.113730.3.4.2", True, None)])


def test_a_password_goes_to_the_entry_that_is_known(asks_directory: Ask) -> None:
    asks_directory()
    ann, bob = reader.look_up(ANN), Named("person002")
    assert ann is not None
    assert reader.check(Named("a name of old", ann.key), PASSWORD).right
    taken = reader.check(Named(bob.identity, ann.key), PASSWORD)
    assert (taken.entry, taken.right, taken.renamed) == (ann, False, True)
    assert reader.check(Named("PERSON001@School.example ", ann.key), PASSWORD).right


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
    assert time.monotonic() - began < 20  # slapd would keep it waiting for ever
    reader.forget()
    asks_directory()
    assert reader.check(ANN, PASSWORD).right


def test_nobody_waits_for_what_was_away_just_now(
    asks_directory: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks_directory(url=("ldaps://127.0.0.1:9",))
    monkeypatch.setattr(reader, "SPARED_S", 600)
    for _ in range(2):
        with pytest.raises(DirectoryAway):
            reader.check(ANN, PASSWORD)
        monkeypatch.setattr(reader, "_within", None)  # it would be called to ask again


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
    asks_directory(base_dn=f"ou=nowhere,{slapd.BASE}")
    assert reader.state() == {directory.tls_url: Trouble.NO_BASE}
    asks_directory(ca_file=slapd.another_certificate(tmp_path / "other"))
    assert reader.state() == {directory.tls_url: Trouble.CERTIFICATE}
    asks_directory(url=(directory.tls_url.replace(str(directory.tls_port), str(directory.port)),))
    assert reader.state().popitem()[1] in {Trouble.TLS, Trouble.NO_CONNECTION}
    asks_directory(timeout=0.3)
    with directory.paused():
        assert reader.state() == {directory.tls_url: Trouble.TOO_SLOW}
