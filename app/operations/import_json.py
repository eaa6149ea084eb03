"""Reading JSON object by object: an array of them, or one on each line."""

import json
from collections.abc import Iterator
from typing import Any, TextIO

from app.operations.import_faults import FileFault, FileRefused

LONGEST_OBJECT = 1 << 20  # characters
CHUNK = 1 << 16
BLANKS = " \t\r\n"


def objects(text: TextIO) -> Iterator[dict[str, Any] | None]:
    """Yield each object, None for what is none; raise FileRefused where it breaks off."""
    ahead = _Ahead(text)
    if ahead.peek() == "[":
        yield from _in_array(ahead)
    else:
        yield from _in_lines(ahead)


def _in_array(ahead: "_Ahead") -> Iterator[dict[str, Any] | None]:
    ahead.skip("[")
    row = 1
    while ahead.peek() != "]":
        if row > 1:
            ahead.skip(",", row)
        yield _object(ahead.value(row))
        row += 1


def _in_lines(ahead: "_Ahead") -> Iterator[dict[str, Any] | None]:
    """Go on after a broken line; but where the first is, the file has some other form."""
    row = 1
    while ahead.peek():
        line = ahead.line(row)
        try:
            found = _object(json.loads(line))
        except (ValueError, RecursionError):
            found = None
        if found is None and row == 1:
            raise FileRefused(FileFault.BROKEN, row)
        yield found
        row += 1


def _object(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


class _Ahead:
    """Looks a bounded way ahead into a text."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._buffer = ""
        self._at = 0
        self._decoder = json.JSONDecoder()

    def peek(self) -> str:
        """Return the next letter that is no blank; nothing at the end."""
        while True:
            while self._at < len(self._buffer):
                if self._buffer[self._at] not in BLANKS:
                    return self._buffer[self._at]
                self._at += 1
            if not self._more():
                return ""

    def skip(self, letter: str, row: int = 1) -> None:
        """Pass by `letter`, or raise FileRefused where there is another."""
        if self.peek() != letter:
            raise FileRefused(FileFault.BROKEN, row)
        self._at += 1

    def value(self, row: int) -> Any:
        """Return the next value, or raise FileRefused where it breaks off or is too long."""
        self.peek()
        while True:
            try:
                found, self._at = self._decoder.raw_decode(self._buffer, self._at)
            except (ValueError, RecursionError) as error:
                if len(self._buffer) - self._at > LONGEST_OBJECT:
                    raise FileRefused(FileFault.TOO_LONG, row) from error
                if not self._more():
                    raise FileRefused(FileFault.BROKEN, row) from error
            else:
                return found

    def line(self, row: int) -> str:
        """Return what is left of this line, or raise FileRefused where it is too long."""
        while (end := self._buffer.find("\n", self._at)) < 0:
            if len(self._buffer) - self._at > LONGEST_OBJECT:
                raise FileRefused(FileFault.TOO_LONG, row)
            if not self._more():
                end = len(self._buffer)
                break
        line, self._at = self._buffer[self._at : end], end
        return line

    def _more(self) -> bool:
        """Read on, twice as far each time that a value is longer than what is there."""
        kept = self._buffer[self._at :]
        read = self._text.read(max(CHUNK, len(kept)))
        self._buffer, self._at = kept + read, 0
        return bool(read)
