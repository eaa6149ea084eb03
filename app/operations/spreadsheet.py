"""Lists as CSV that spreadsheets open without running anything in them.

Quoted as RFC 4180 says, UTF-8; what a spreadsheet would take for a formula gets an apostrophe in
front (OWASP, CSV injection).
"""

import csv
import enum
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

BYTE_ORDER_MARK = "\ufeff"  # without it, some spreadsheets read UTF-8 as their own code page
DANGEROUS = "=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20"  # the full-width ones are read alike
ROWS_AT_ONCE = 100


class Delimiter(enum.StrEnum):
    """What stands between two fields; spreadsheets differ by country."""

    COMMA = "comma"
    SEMICOLON = "semicolon"
    TAB = "tab"


SIGNS = {Delimiter.COMMA: ",", Delimiter.SEMICOLON: ";", Delimiter.TAB: "\t"}


@dataclass(frozen=True)
class Dialect:
    """How a file is to be written."""

    delimiter: Delimiter = Delimiter.COMMA
    byte_order_mark: bool = True


def lines(header: Iterable[str], rows: Iterable[Iterable[str]], dialect: Dialect) -> Iterator[str]:
    """Yield a file in pieces, so that it need never be whole in memory."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=SIGNS[dialect.delimiter], lineterminator="\r\n")
    buffer.write(BYTE_ORDER_MARK if dialect.byte_order_mark else "")
    writer.writerow([harmless(each) for each in header])
    for number, row in enumerate(rows, 1):
        writer.writerow([harmless(each) for each in row])
        if number % ROWS_AT_ONCE == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def harmless(text: str) -> str:
    """Return a field that no spreadsheet takes for a formula.

    Blanks in front do not hide one: some spreadsheets leave them out.
    """
    inked = text.lstrip(" \u00a0\u3000\ufeff")
    return f"'{text}" if inked[:1] and inked[0] in DANGEROUS else text


def _taken(buffer: io.StringIO) -> str:
    piece = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return piece
