"""Lists as CSV that spreadsheets open without running anything in them.

Quoted as RFC 4180 says, UTF-8; what a spreadsheet would take for a formula gets an apostrophe in
front (OWASP, CSV injection).
"""

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from app.security import safe_csv

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
    table = ([harmless(each) for each in row] for row in chain([header], rows))
    sign, mark = SIGNS[dialect.delimiter], dialect.byte_order_mark
    written = safe_csv.lines(table, delimiter=sign, bom=mark)
    while piece := "".join(islice(written, ROWS_AT_ONCE)):
        yield piece


def harmless(text: str) -> str:
    """Return a field that no spreadsheet takes for a formula.

    Blanks in front do not hide one: some spreadsheets leave them out.
    """
    inked = text.lstrip(" \u00a0\u3000\ufeff")
    return safe_csv.GUARD + text if inked[:1] in safe_csv.GUARDED else text
