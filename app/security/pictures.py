"""Pictures that people upload: read, and drawn anew, so that nothing else comes along."""

import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

LARGEST_SIDE = 512  # pixels
MOST_BYTES = 256 * 1024  # of what we keep
MOST_UPLOADED = 2 * 1024 * 1024
MOST_PIXELS = 25_000_000  # a bomb unpacks to more
FORMATS = ("PNG", "JPEG")


class BadPicture(Exception):
    """This is no PNG or JPEG that can be used."""


def redrawn(uploaded: bytes) -> bytes:
    """Return an uploaded PNG or JPEG as a PNG of at most 512 pixels a side, without metadata.

    Raises BadPicture for anything else, SVG among it, and for what is too large to unpack.
    """
    if len(uploaded) > MOST_UPLOADED:
        raise BadPicture
    picture = _opened(uploaded)
    picture.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    side = LARGEST_SIDE
    while len(drawn := _as_png(picture)) > MOST_BYTES:
        side //= 2
        picture.thumbnail((side, side))
    return drawn


def _opened(uploaded: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(uploaded), formats=FORMATS)
            if picture.width * picture.height > MOST_PIXELS:
                raise BadPicture
            return ImageOps.exif_transpose(picture).convert("RGBA")
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
        OSError,
        SyntaxError,
        ValueError,
    ) as error:
        raise BadPicture from error


def _as_png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    clean = Image.new("RGBA", picture.size)
    clean.paste(picture)
    clean.save(out, "PNG", optimize=True)
    return out.getvalue()
