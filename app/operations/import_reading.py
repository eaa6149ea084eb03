"""Reading a file of people row by row, whatever form it has: CSV, a JSON array, or JSON lines.

Never more than a row and what was read ahead is held. Bytes that are no UTF-8 come as lone
surrogates, so that the cell they stand in is refused, and not the file.
"""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, BinaryIO, TextIO

from app.operations.import_faults import Fault, FileFault, FileRefused
from app.operations.import_json import objects
from app.security.safe_csv import without_guard

LONGEST_LINE = 1 << 20  # characters
MOST_COLUMNS = 1_000
DELIMITERS = ",;\t"
JSON_BEGINS = ("[", "{")


@dataclass(frozen=True)
class Record:
    """One row: its number, and its cells by the names that the file gives to its columns."""

    number: int
    cells: dict[str, Any] = field(default_factory=dict)
    fault: Fault | None = None


def read(stream: BinaryIO) -> Iterator[Record]:
    """Yield every row, or raise FileRefused where the file breaks off.

    A spreadsheet's rows have the numbers that it shows, the header's being 1 unless blank ones
    stand above it; of JSON the first object is 1.
    """

    rows = _json if _is_json(stream) else _csv
    with _text_of(stream) as text:
        yield from rows(text)


def columns(stream: BinaryIO) -> list[str] | None:
    """Return the names in a CSV file's header; None for JSON, which has none. FileRefused."""
    if _is_json(stream):
        return None
    with _text_of(stream) as text:
        header, _, _ = _header(_lines(text))
        return header


def tidy(name: str) -> str:
    """Return a column's name as it is compared: `E-mail address` is `e_mail_address`."""
    return "_".join(name.strip().casefold().replace("-", " ").split())


@contextmanager
def _text_of(stream: BinaryIO) -> Iterator[TextIO]:
    """Give the stream's text from its beginning; the stream stays open."""
    stream.seek(0)
    if stream.read(2) in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        raise FileRefused(FileFault.NOT_UTF8)
    stream.seek(0)
    text = io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="")
    try:
        yield text
    finally:
        text.detach()


def _is_json(stream: BinaryIO) -> bool:
    with _text_of(stream) as text:
        while line := text.readline(LONGEST_LINE):
            if line.strip():
                return line.lstrip().startswith(JSON_BEGINS)
    raise FileRefused(FileFault.EMPTY)


def _json(text: TextIO) -> Iterator[Record]:
    for number, found in enumerate(objects(text), start=1):
        if found is None:
            yield Record(number, fault=Fault.UNREADABLE)
        else:
            yield Record(number, found)


def _csv(text: TextIO) -> Iterator[Record]:
    lines = _lines(text)
    header, delimiter, number = _header(lines)
    rows = csv.reader(lines, delimiter=delimiter)
    while True:
        number += 1
        try:
            cells = [without_guard(cell.strip()) for cell in next(rows)]
        except StopIteration:
            return
        except csv.Error:  # such as a cell that never ends
            yield Record(number, fault=Fault.UNREADABLE)
            continue
        if any(cells):
            yield _record(number, header, cells)


def _record(number: int, header: list[str], cells: list[str]) -> Record:
    if any(cells[len(header) :]):
        return Record(number, fault=Fault.TOO_MANY_CELLS)
    named = zip(header, cells, strict=False)
    return Record(number, {name: cell for name, cell in named if name})


def _header(lines: Iterator[str]) -> tuple[list[str], str, int]:
    """Return the columns' tidy names, what stands between cells, and the number of this row."""
    number, line = next(((n, line) for n, line in enumerate(lines, 1) if line.strip()), (1, ""))
    outside_quotes = "".join(line.split('"')[::2])
    delimiter = max(DELIMITERS, key=outside_quotes.count)
    whole = csv.reader(chain([line], lines), delimiter=delimiter)  # a name may have two lines
    try:
        names = [tidy(name) for name in next(whole)]
    except csv.Error:
        raise FileRefused(FileFault.NO_HEADER, number) from None
    if len(names) > MOST_COLUMNS:
        raise FileRefused(FileFault.TOO_MANY_COLUMNS, number)
    for name, times in Counter(names).items():
        if name and times > 1:
            raise FileRefused(FileFault.REPEATED_COLUMN, number, name)
    return names, delimiter, number


def _lines(text: TextIO) -> Iterator[str]:
    while line := text.readline(LONGEST_LINE):
        if len(line) >= LONGEST_LINE:
            raise FileRefused(FileFault.TOO_LONG)
        yield line
