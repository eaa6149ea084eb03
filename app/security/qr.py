"""QR codes, by segno."""

import base64
import io

import segno

PNG_SCALE = 4  # pixels a module: about 212 of them for an otpauth URI, as contract 004's were


def svg(text: str, title: str) -> str:
    """Return `text` as a QR code: an SVG element without styles, to stand in a page or alone."""
    out = io.BytesIO()
    segno.make(text, error="m").save(
        out,
        kind="svg",
        xmldecl=False,
        nl=False,
        scale=5,
        border=4,
        title=title,
        svgclass="qr",
        light="#fff",
        unit="px",  # brings a viewBox: a page may draw it smaller without cutting it off
    )
    return out.getvalue().decode()


def png_data_uri(text: str) -> str:
    """Return `text` as a QR code: a PNG in a data: URI."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="png", scale=PNG_SCALE, border=4)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()
