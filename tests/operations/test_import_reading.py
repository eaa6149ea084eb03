"""Reading files of people: CSV of any dialect, JSON arrays and lines, whole or broken."""

import io
import json
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.operations import import_json, import_reading
from app.operations.import_faults import Fault, FileFault, FileRefused
from app.operations.import_reading import Record

MANY = 20_000
PLAIN = "email,name\nana@example.org,Ana\nbo@example.org,Bo\n"


def read(text: str | bytes) -> list[Record]:
    data = text if isinstance(text, bytes) else text.encode()
    return list(import_reading.read(io.BytesIO(data)))


def cells(text: str | bytes) -> list[dict[str, object]]:
    return [record.cells for record in read(text)]


def refused(text: str | bytes) -> tuple[FileFault, int | None]:
    with pytest.raises(FileRefused) as error:
        read(text)
    return error.value.fault, error.value.row


ANA_AND_BO = [
    {"email": "ana@example.org", "name": "Ana"},
    {"email": "bo@example.org", "name": "Bo"},
]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_csv_of_any_dialect_is_read(delimiter: str, line_end: str, mark: bytes) -> None:
    text = PLAIN.replace(",", delimiter).replace("\n", line_end)

    assert cells(mark + text.encode()) == ANA_AND_BO


def test_rows_have_the_numbers_that_a_spreadsheet_shows() -> None:
    text = '\n\r\nemail,name\na@b.org,"A\nand B"\n\n ,\nc@d.org,C\n'

    assert [(row.number, row.cells["email"]) for row in read(text)] == [
        (4, "a@b.org"),
        (7, "c@d.org"),
    ]


def test_a_name_of_two_lines_is_one_column() -> None:
    assert cells('"E-mail\naddress",name\na@b.org,A\n') == [
        {"e_mail_address": "a@b.org", "name": "A"}
    ]


def test_a_header_of_twenty_thousand_names_is_refused_at_once() -> None:
    names = ",".join(f"column{number}" for number in range(20_000))

    assert refused(f"{names}\na@b.org\n") == (FileFault.TOO_MANY_COLUMNS, 1)
    few = ",".join(f"column{number}" for number in range(1_000))
    assert len(read(f"{few}\na@b.org\n")) == 1


def test_a_header_that_never_ends_is_none() -> None:
    assert refused('"email,name\n' + "a@b.org,A\n" * 20_000) == (FileFault.NO_HEADER, 1)


def test_a_delimiter_in_quotes_is_none() -> None:
    assert cells('"email";"a, b, c"\nx@y.org;"1;2"') == [{"email": "x@y.org", "a,_b,_c": "1;2"}]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ANA_AND_BO),
        json.dumps(ANA_AND_BO, indent=2),
        "\n".join(map(json.dumps, ANA_AND_BO)),
        "\r\n\n".join(map(json.dumps, ANA_AND_BO)) + "\n\n",
        "\ufeff  \n" + json.dumps(ANA_AND_BO),
    ],
)
def test_json_is_read_as_an_array_or_line_by_line(text: str) -> None:
    assert cells(text) == ANA_AND_BO


def test_rows_of_csv_have_the_numbers_that_a_spreadsheet_shows() -> None:
    numbers = [record.number for record in read("email\na@b.org\n\n,\nc@d.org\n")]

    assert numbers == [2, 5]


def test_rows_of_json_are_counted_from_one() -> None:
    assert [record.number for record in read(json.dumps(ANA_AND_BO))] == [1, 2]


def test_a_cell_keeps_its_line_breaks_and_loses_the_blanks_around() -> None:
    assert cells('email, Name \n a@b.org ,"two\nlines"\n') == [
        {"email": "a@b.org", "name": "two\nlines"}
    ]


def test_what_a_safe_export_put_before_a_formula_is_taken_off() -> None:
    assert cells("email,name\n'+ana@example.org,'=Ana\n") == [
        {"email": "+ana@example.org", "name": "=Ana"}
    ]


@pytest.mark.parametrize("name", ["E-mail address", " e_mail_address ", "E-MAIL  ADDRESS"])
def test_columns_are_compared_by_their_tidy_names(name: str) -> None:
    assert import_reading.tidy(name) == "e_mail_address"


def test_bytes_that_are_no_utf8_harm_only_their_cell() -> None:
    [first, second] = cells("email,name\na@b.org,Zoë\nc@d.org,Bo\n".encode("latin-1"))

    assert first["email"] == "a@b.org"
    assert first["name"] == "Zo\udceb"
    assert second["name"] == "Bo"


def test_a_row_with_more_cells_than_the_header_is_a_fault() -> None:
    [record] = read("email,name\na@b.org,Doe, Jane\n")

    assert (record.number, record.fault) == (2, Fault.TOO_MANY_CELLS)


def test_a_row_with_fewer_cells_has_fewer() -> None:
    assert cells("email,name\na@b.org\n") == [{"email": "a@b.org"}]


def test_a_quote_that_never_ends_is_a_fault_and_not_the_end() -> None:
    endless = '"' + "x" * 200_000
    records = read(f"email\na@b.org\n{endless}\n")

    assert [record.fault for record in records] == [None, Fault.UNREADABLE]


def test_a_broken_line_of_json_is_a_fault_and_not_the_end() -> None:
    lines = [json.dumps(ANA_AND_BO[0]), "{nonsense", "[1]", json.dumps(ANA_AND_BO[1])]

    faults = [record.fault for record in read("\n".join(lines))]

    assert faults == [None, Fault.UNREADABLE, Fault.UNREADABLE, None]


def test_an_array_may_hold_other_things() -> None:
    assert [record.fault for record in read('[{"email": "a@b.org"}, 7, null]')] == [
        None,
        Fault.UNREADABLE,
        Fault.UNREADABLE,
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", (FileFault.EMPTY, None)),
        (" \n\n", (FileFault.EMPTY, None)),
        ("email\n".encode("utf-16"), (FileFault.NOT_UTF8, None)),
        ("email,email\na,b\n", (FileFault.REPEATED_COLUMN, 1)),
        ("[", (FileFault.BROKEN, 1)),
        ('[{"a": 1}', (FileFault.BROKEN, 2)),
        ('[{"a": 1} {"a": 2}]', (FileFault.BROKEN, 2)),
        ('[{"a": 1}, {"a": ', (FileFault.BROKEN, 2)),
        ('[{"a": ' + "[" * 100_000, (FileFault.BROKEN, 1)),
        ('{\n"email": "a@b.org"\n}', (FileFault.BROKEN, 1)),
        ('[{"a": "' + "x" * 3_000_000 + '"}]', (FileFault.TOO_LONG, 1)),
        ('{"a": 1}\n{"a": "' + "x" * 3_000_000 + '"}', (FileFault.TOO_LONG, 2)),
        ("email\n" + "x" * 3_000_000, (FileFault.TOO_LONG, None)),
    ],
)
def test_a_file_that_breaks_off_is_refused(
    text: str | bytes, why: tuple[FileFault, int | None]
) -> None:
    assert refused(text) == why


def test_an_object_longer_than_what_is_read_at_once_is_read() -> None:
    long = [{"email": "a@b.org", "name": "x" * (import_json.CHUNK * 3)}, {"email": "c@d.org"}]

    assert cells(json.dumps(long)) == long


def test_columns_are_those_of_the_header_and_json_has_none() -> None:
    assert import_reading.columns(io.BytesIO(PLAIN.encode())) == ["email", "name"]
    assert import_reading.columns(io.BytesIO(b"[]")) is None


def test_the_stream_is_read_from_its_beginning_and_stays_open() -> None:
    stream = io.BytesIO(PLAIN.encode())
    stream.read()

    assert len(list(import_reading.read(stream))) == 2
    assert not stream.closed
    assert len(list(import_reading.read(stream))) == 2


def as_csv(name: str) -> Iterator[str]:
    yield "email,name\n"
    for number in range(MANY):
        yield f"person{number}@example.org,{name}\n"


def as_array(name: str) -> Iterator[str]:
    for number in range(MANY):
        row = {"email": f"person{number}@example.org", "name": name}
        yield ("," if number else "[") + json.dumps(row)
    yield "]"


def as_lines(name: str) -> Iterator[str]:
    for number in range(MANY):
        yield json.dumps({"email": f"person{number}@example.org", "name": name}) + "\n"


@pytest.mark.parametrize("form", [as_csv, as_array, as_lines])
def test_a_large_file_is_never_held(form: Callable[[str], Iterator[str]], tmp_path: Path) -> None:
    file = tmp_path / "people"
    with file.open("w") as writing:
        writing.writelines(form("x" * 500))

    with file.open("rb") as stream:
        tracemalloc.start()
        try:
            count = sum(1 for _ in import_reading.read(stream))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert count == MANY
    assert peak < file.stat().st_size / 5
