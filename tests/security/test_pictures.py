import io
import struct
import zlib

import pytest
from PIL import Image

from app.security import pictures
from app.security.pictures import LARGEST_SIDE, MOST_BYTES, MOST_UPLOADED, BadPicture


def picture(size: tuple[int, int], kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 80).convert("RGB").save(out, kind, **options)
    return out.getvalue()


def bomb() -> bytes:
    """Return a small PNG that says it has a hundred thousand pixels a side."""
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    crc = struct.pack(">I", zlib.crc32(chunk))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(header)) + chunk + crc + bytes(64)


def opened(drawn: bytes) -> Image.Image:
    return Image.open(io.BytesIO(drawn))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_is_drawn_anew_as_a_small_png(kind: str) -> None:
    drawn = opened(pictures.redrawn(picture((1200, 600), kind)))

    assert drawn.format == "PNG"
    assert max(drawn.size) <= LARGEST_SIDE
    assert drawn.width == 2 * drawn.height


def test_even_noise_stays_within_what_is_kept() -> None:
    assert len(pictures.redrawn(picture((700, 700)))) <= MOST_BYTES


def test_a_small_picture_is_not_blown_up() -> None:
    assert opened(pictures.redrawn(picture((32, 16)))).size == (32, 16)


def test_what_a_camera_notes_beside_the_picture_goes() -> None:
    exif = Image.Exif()
    exif[0x010E] = "where I live"

    assert b"where I live" not in pictures.redrawn(picture((64, 64), "JPEG", exif=exif))


@pytest.mark.parametrize(
    "uploaded",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        picture((8, 8), "GIF"),
        picture((64, 64))[:100],
        bomb(),
        bytes(MOST_UPLOADED + 1),
    ],
    ids=["nothing", "svg", "gif", "cut off", "bomb", "too many bytes"],
)
def test_anything_else_is_refused(uploaded: bytes) -> None:
    with pytest.raises(BadPicture):
        pictures.redrawn(uploaded)
