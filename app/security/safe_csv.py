"""Writing CSV that a spreadsheet opens as what it is: text, and no formula.

What begins with one of `=`, `+`, `-`, `@` (or their full-width forms) or with a control character
gets an apostrophe before it (ASVS 5.0, 1.2.10); reading takes that off again. All else is RFC 4180:
quotes doubled, lines ended by CR LF.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

GUARD = "'"
GUARDED = frozenset("=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20")
BOM = "\ufeff"  # by which Excel knows UTF-8


def lines(
    rows: Iterable[Sequence[object]], *, delimiter: str = ",", bom: bool = False
) -> Iterator[str]:
    """Yield one line of text for each row, as soon as the row is there.

    Truth comes as `true` and `false`, a time as ISO 8601, None as nothing; all else as its `str`.
    """
    writer = csv.writer(_Through(), delimiter=delimiter)
    beginning = BOM if bom else ""
    for row in rows:
        yield beginning + writer.writerow([with_guard(_text(cell)) for cell in row])
        beginning = ""


def with_guard(text: str) -> str:
    """Return `text` so that no spreadsheet takes it for a formula."""
    return GUARD + text if text[:1] in GUARDED else text


def without_guard(text: str) -> str:
    """Return what `with_guard` was given."""
    return text[1:] if text[:1] == GUARD and text[1:2] in GUARDED else text


def _text(cell: object) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return str(cell).lower()
        case datetime():
            return cell.isoformat()
    return str(cell)


class _Through:
    """A file for csv.writer whose `write` gives back what it was given."""

    def write(self, text: str) -> str:
        """Return `text`; the writer returns it in its turn."""
        return text
