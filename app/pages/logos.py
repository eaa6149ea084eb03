"""GET /logo/<organisation>: what an organisation shows of itself on the sign-in pages.

Anybody may see it: it stands on pages that nobody is signed in on. Its address names the picture's
version, so that it can be kept for long.
"""

import uuid
from datetime import timedelta

from flask import Blueprint, Response, abort, url_for

from app.models import Organisation
from app.operations import branding

pages = Blueprint("logos", __name__)
KEPT = timedelta(days=30)
HEADERS = {
    "Cache-Control": f"public, max-age={int(KEPT.total_seconds())}, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


@pages.get("/logo/<uuid:organisation_id>")
def logo(organisation_id: uuid.UUID) -> Response:
    """Send the picture that we drew anew from what was uploaded."""
    found = branding.logo_of(organisation_id) or abort(404)
    return Response(found.png, mimetype="image/png", headers=HEADERS)


def url_of(organisation: Organisation | None) -> str | None:
    """Return the address of an organisation's logo; None where it has none."""
    version = branding.logo_version(organisation.id) if organisation else None
    if organisation is None or version is None:
        return None
    return url_for("logos.logo", organisation_id=organisation.id, v=version)
