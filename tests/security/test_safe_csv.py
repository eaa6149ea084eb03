"""CSV that a spreadsheet opens as text, and never as a formula."""

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.security import safe_csv

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\0=1",
    "\uff1d1",
    "\uff0b1",
    "\uff0d1",
    "\uff201",
]


def read(text: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


@pytest.mark.parametrize("formula", FORMULAS)
def test_what_would_be_a_formula_gets_an_apostrophe(formula: str) -> None:
    [[cell]] = read("".join(safe_csv.lines([[formula]])))

    assert cell == "'" + formula


@pytest.mark.parametrize("text", ["Ann", "1-2", "a=b", " =1", "'quoted", "", "zoë", "2026-01-01"])
def test_other_text_stays_as_it_is(text: str) -> None:
    [[cell, _]] = read("".join(safe_csv.lines([[text, "x"]])))

    assert cell == text


def test_lines_are_those_of_rfc_4180() -> None:
    [line] = safe_csv.lines([["a,b", 'say "x"', "two\nlines", None, True, 7]])

    assert line == '"a,b","say ""x""","two\nlines",,true,7\r\n'


def test_a_time_has_its_zone() -> None:
    [line] = safe_csv.lines([[datetime(2026, 3, 1, 12, tzinfo=UTC)]])

    assert line == "2026-03-01T12:00:00+00:00\r\n"


def test_the_mark_stands_before_the_first_line_only() -> None:
    lines = list(safe_csv.lines([["a", "b"], ["c", "d"]], delimiter=";", bom=True))

    assert lines == ["\ufeffa;b\r\n", "c;d\r\n"]


def test_a_line_is_there_as_soon_as_its_row() -> None:
    rows = iter([["a"], ["b"]])
    lines = safe_csv.lines(rows)

    assert next(lines) == "a\r\n"
    assert next(rows) == ["b"]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2))
def test_reading_takes_off_what_writing_put_on(cells: list[str]) -> None:
    [row] = read("".join(safe_csv.lines([cells])))

    assert [safe_csv.without_guard(cell) for cell in row] == [
        cell if cell[:1] != "'" or cell[1:2] not in safe_csv.GUARDED else cell[1:] for cell in cells
    ]
    assert not any(cell[:1] in safe_csv.GUARDED for cell in row)
