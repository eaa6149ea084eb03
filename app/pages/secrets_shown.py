"""Secrets that a person carries from the page into an app: as a picture, and to type."""

from flask_babel import gettext as _
from markupsafe import Markup

from app.security import qr

GROUP = 4  # letters that an eye can carry from one screen to another


def by_app(uri: str, secret: str) -> dict[str, object]:
    """Return what templates/_qr.html shows of an authenticator app's secret."""
    says = _("QR code for the app to scan: it holds the secret that stands below")
    return {
        "qr_says": says,
        "picture": Markup(qr.svg(uri, title=says)),  # noqa: S704 (drawn by us; segno escapes)
        "secret": in_groups(secret),
    }


def in_groups(secret: str) -> str:
    """Return a secret with a blank after every fourth letter."""
    return " ".join(secret[at : at + GROUP] for at in range(0, len(secret), GROUP))
