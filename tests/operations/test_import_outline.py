"""What a file looks like: its columns, whose it is, and nothing of what may be a secret."""

import io
import json
from collections.abc import Mapping

import pytest

from app.operations import import_outline
from app.operations.import_faults import FileFault, FileRefused
from tests.operations.others_exports import HASURA, KEYCLOAK, ROCKETCHAT
from tests.security.foreign import HASHES

UUID = "6f0c1f7e-3a5c-4a43-9a0b-3b2f0f6f7d11"


def outline(content: str) -> import_outline.Outline:
    return import_outline.of(io.BytesIO(content.encode()))


def samples(content: str) -> dict[str, list[str | None]]:
    return {column.name: column.samples for column in outline(content).columns}


def test_a_column_shows_its_first_values() -> None:
    rows = "email,Name\n" + "".join(f"p{n}@example.org,P {n}\n" for n in range(9))

    assert samples(rows) == {
        "email": ["p0@example.org", "p1@example.org", "p2@example.org"],
        "name": ["P 0", "P 1", "P 2"],
    }


@pytest.mark.parametrize("name", ["x\ud800", "x" * 201, "x\ny", "x\0", "\u202ex"])
def test_a_name_that_no_page_can_show_is_left_out(name: str) -> None:
    rows = json.dumps([{"email": "ana@example.org", name: "1", "deep": {name: "2", "a": "3"}}])

    assert samples(rows) == {"email": ["ana@example.org"], "deep.a": ["3"]}


def test_a_header_of_endless_names_is_none() -> None:
    with pytest.raises(FileRefused) as error:
        import_outline.check(io.BytesIO(b"email," + b"x" * 201 + b"\na@b.org,1\n"))

    assert error.value.fault is FileFault.NO_HEADER


@pytest.mark.parametrize("name", HASHES)
def test_no_hash_is_shown_whatever_its_column_is_called(name: str) -> None:
    rows = json.dumps([{"email": "ana@example.org", "note": HASHES[name][1]}])

    assert samples(rows)["note"] == [None]


@pytest.mark.parametrize(
    "row",
    [
        {"pin_otp": "123456"},
        {"Passwort": "geheim"},
        {"apiKey": "short"},
        {"note": "JBSWY3DPEHPK3PXP"},
        {"note": '{"secretData": "x"}'},
        {"services": {"totp": {"secret": "abc"}}},
        {"resetToken": UUID},
        {"ticket": UUID},
    ],
)
def test_what_may_be_a_secret_is_not_shown(row: Mapping[str, object]) -> None:
    [column] = outline(json.dumps([row])).columns

    assert column.is_secret


def test_what_is_none_is_shown() -> None:
    row = {"id": UUID, "mfa_enabled": "true", "name": "Ana Maria Lopez", "mail": "a@example.org"}

    assert not any(column.is_secret for column in outline(json.dumps([row])).columns)


def test_a_long_value_is_cut_and_no_sign_breaks_a_page() -> None:
    shown = samples(json.dumps([{"note": "word " * 40, "odd": "a\x00b\ud800c"}]))

    assert shown["note"][0] is not None
    assert len(shown["note"][0]) == import_outline.LONGEST_SAMPLE + 1
    assert shown["odd"] == ["a\ufffdb\ufffdc"]


@pytest.mark.parametrize(
    ("system", "rows"), [("rocketchat", ROCKETCHAT), ("hasura", HASURA), ("keycloak", KEYCLOAK)]
)
def test_known_systems_are_recognised(system: str, rows: list[dict[str, object]]) -> None:
    assert outline(json.dumps(rows)).system == system


def test_columns_are_guessed_by_the_names_that_others_give_them() -> None:
    guessed = outline("E-Mail,Full Name,Password,Role,x\na@example.org,Ana,!,student,1\n").guessed

    assert guessed == {
        "email": "e_mail",
        "name": "full_name",
        "password_hash": "password",
        "role": "role",
    }


def test_json_is_mapped_by_paths() -> None:
    row = {"profile": {"mails": [{"mail": "ana@example.org"}]}, "user": "ana"}

    assert set(samples(json.dumps([row]))) == {"profile.mails.0.mail", "user"}


def test_a_column_that_only_later_rows_have_is_found() -> None:
    rows = [{"email": "a@example.org"}, {"email": "b@example.org", "nick": "Bo"}]

    assert samples(json.dumps(rows))["nick"] == ["Bo"]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", FileFault.EMPTY),
        (b"\n\n", FileFault.EMPTY),
        (b"email\n", FileFault.EMPTY),
        (b"[]", FileFault.EMPTY),
        (b'{"users": [{"email": "a@example.org"}]}', FileFault.NOT_A_LIST),
        (b"a@example.org\nb@example.org\n", FileFault.NO_HEADER),
        (b"em\0ail\n1\n", FileFault.NOT_TEXT),
    ],
    ids=range(7),
)
def test_what_nobody_can_be_imported_from_is_refused(content: bytes, fault: FileFault) -> None:
    with pytest.raises(FileRefused) as refused:
        import_outline.check(io.BytesIO(content))

    assert refused.value.fault is fault


def test_rows_are_counted() -> None:
    assert import_outline.check(io.BytesIO(b"email\na@example.org\n\nb@example.org\n")) == 2
    assert import_outline.check(io.BytesIO(b'{"email": "a@example.org", "tags": ["x"]}')) == 1
