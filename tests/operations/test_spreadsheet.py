"""CSV that spreadsheets open without running anything in it."""

import csv
import io

import pytest

from app.operations import spreadsheet
from app.operations.spreadsheet import Delimiter, Dialect

PLAIN = Dialect(byte_order_mark=False)
FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\0=1",
    "  =1",
    "\uff1d1",
    "\uff0b1",
    "\u00a0@A",
    "\ufeff=1",
]


def written(*rows: list[str], dialect: Dialect = PLAIN) -> str:
    return "".join(spreadsheet.lines(["Name", "Roles"], rows, dialect))


@pytest.mark.parametrize("text", FORMULAS)
def test_nothing_is_a_formula(text: str) -> None:
    assert spreadsheet.harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Ann", "a=b", "1-1", "ann@example.org", "O'Hara", " Ann"])
def test_what_is_none_stays_as_it_is(text: str) -> None:
    assert spreadsheet.harmless(text) == text


def test_fields_are_quoted_as_the_standard_says() -> None:
    row = ['Ann "the" Smith', "Teacher; at X,\r\nY"]

    text = written(row)

    assert text.startswith("Name,Roles\r\n")
    assert '"Ann ""the"" Smith"' in text
    assert list(csv.reader(io.StringIO(text, newline="")))[1] == row


@pytest.mark.parametrize(("delimiter", "sign"), [(Delimiter.SEMICOLON, ";"), (Delimiter.TAB, "\t")])
def test_the_delimiter_is_chosen(delimiter: Delimiter, sign: str) -> None:
    assert written(["a", "b"], dialect=Dialect(delimiter, byte_order_mark=False)) == (
        f"Name{sign}Roles\r\na{sign}b\r\n"
    )


def test_a_byte_order_mark_is_written_once_and_on_demand() -> None:
    assert written(["a", "b"], dialect=Dialect()).startswith("\ufeffName")
    assert written(["a", "b"], dialect=Dialect()).count("\ufeff") == 1
    assert "\ufeff" not in written(["a", "b"])


def test_a_long_file_comes_in_pieces() -> None:
    rows = ([str(number), "x"] for number in range(1_000))

    pieces = list(spreadsheet.lines(["Name", "Roles"], rows, PLAIN))

    assert len(pieces) > 5
    assert "".join(pieces).count("\r\n") == 1_001
