"""Lists as files: what each page that exports one shares."""

from collections.abc import Iterable
from datetime import datetime

from flask import Response, abort, request, stream_with_context
from flask_babel import gettext as _

from app.clock import now
from app.operations import spreadsheet
from app.operations.spreadsheet import Delimiter, Dialect

CSV = "text/csv; charset=utf-8; header=present"


def delimiters() -> list[tuple[str, str]]:
    """Return what may stand between two fields, as (value, text)."""
    return [
        (Delimiter.COMMA.value, _("Comma")),
        (Delimiter.SEMICOLON.value, _("Semicolon")),
        (Delimiter.TAB.value, _("Tab")),
    ]


def download(name: str, header: Iterable[str], rows: Iterable[Iterable[str]]) -> Response:
    """Send rows as a file in pieces, written as the form asks.

    A download leaves the page where it is, so the form of an export alone is answered with neither
    a redirect nor a page. What is exported is recorded before the first row is read.
    """
    dialect = Dialect(_delimiter(), byte_order_mark="bom" in request.form)
    pieces = spreadsheet.lines(header, rows, dialect)
    attached = f'attachment; filename="{name}-{now():%Y-%m-%d}.csv"'
    headers = {"Content-Disposition": attached}
    return Response(stream_with_context(pieces), content_type=CSV, headers=headers)


def moment(when: datetime | None) -> str:
    """Return a moment as a field, in UTC; nothing for none."""
    return f"{when:%Y-%m-%d %H:%M}Z" if when else ""


def _delimiter() -> Delimiter:
    try:
        return Delimiter(request.form.get("delimiter", Delimiter.COMMA.value))
    except ValueError:
        abort(400)
