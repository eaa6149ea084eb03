"""Where a file waits that was uploaded: in the database, piece by piece, each sealed.

So that whichever process works on it finds it, nothing of it lies on a disk in plain, and none but
a piece or two is ever held in memory.
"""

import io
import uuid
from collections.abc import Iterator
from typing import BinaryIO

from sqlalchemy import delete, insert, select

from app import config, db
from app.clock import now
from app.models import ImportChunk
from app.security import sealing

CHUNK = 1 << 16  # bytes
AT_ONCE = 4  # chunks of one transaction
MOST = 64 << 20  # bytes of one file


class FileGone(Exception):
    """The file, or a piece of it, is not there any more, or cannot be opened."""


def keep(import_id: uuid.UUID, stream: BinaryIO) -> int:
    """Keep a whole file, in transactions of its own; return how many bytes it has."""
    size, number = 0, 0
    stream.seek(0)
    while pieces := list(_pieces(stream)):
        with db.transaction() as session:
            rows = [_row(import_id, number + at, each) for at, each in enumerate(pieces)]
            session.execute(insert(ImportChunk), rows)
        number, size = number + len(pieces), size + sum(map(len, pieces))
    return size


def open_file(import_id: uuid.UUID, size: int) -> BinaryIO:
    """Return a file that was kept, to be read from anywhere; reading it may raise FileGone."""
    return io.BufferedReader(_Kept(import_id, size), CHUNK)


def is_there(import_id: uuid.UUID) -> bool:
    """Tell whether a file is kept still."""
    first = ImportChunk.import_id == import_id, ImportChunk.number == 0
    return db.session().scalar(select(ImportChunk.number).where(*first)) is not None


def forget(import_id: uuid.UUID) -> None:
    """Remove a file, in the caller's transaction."""
    theirs = delete(ImportChunk).where(ImportChunk.import_id == import_id)
    db.session().execute(theirs.execution_options(synchronize_session=False))


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    for _ in range(AT_ONCE):
        piece = stream.read(CHUNK)
        if not piece:
            return
        yield piece


def _row(import_id: uuid.UUID, number: int, piece: bytes) -> dict[str, object]:
    sealed = sealing.seal(config.current().secret_keys, piece, _place(import_id, number))
    expires_at = now() + ImportChunk.LIFETIME
    return {"import_id": import_id, "number": number, "sealed": sealed, "expires_at": expires_at}


def _place(import_id: uuid.UUID, number: int) -> str:
    return f"import:{import_id}:{number}"


class _Kept(io.RawIOBase):
    """A kept file; asks the database for each piece as it is read."""

    def __init__(self, import_id: uuid.UUID, size: int) -> None:
        self._import_id, self._size = import_id, size
        self._at = 0
        self._number, self._piece = -1, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._at >= self._size:
            return 0
        number, skipped = divmod(self._at, CHUNK)
        found = self._load(number)[skipped : skipped + len(buffer)]
        if not found:
            raise FileGone
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)

    def _load(self, number: int) -> bytes:
        if number != self._number:
            where = ImportChunk.import_id == self._import_id, ImportChunk.number == number
            sealed = db.session().scalar(select(ImportChunk.sealed).where(*where))
            keys = config.current().secret_keys
            try:
                self._piece = sealing.unseal(keys, sealed or "", _place(self._import_id, number))
            except sealing.Unsealable as error:
                raise FileGone from error
            self._number = number
        return self._piece
