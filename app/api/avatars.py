"""GET /avatar/<username>: a picture of initials, for `avatarUrl` of contract 001 (Rocket.Chat).

It is drawn from the name in the path alone. Every name has one, so it tells nobody who exists.
"""

import re
from datetime import timedelta

from flask import Response

from app.security.tokens import digest

WORDS = re.compile(r"[^\W_]+")  # letters and digits; nothing else of a name is shown
MOST_INITIALS = 2
KEPT = timedelta(days=1)
# Dark enough for white letters (WCAG 2.2, 1.4.3).
COLOURS = ("#1d4ed8", "#0f766e", "#9d174d", "#7c2d12", "#4338ca", "#166534", "#6b21a8", "#334155")
DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="200" viewBox="0 0 200 200">'
    '<rect width="200" height="200" fill="{colour}"/>'
    '<text x="100" y="100" fill="#ffffff" font-family="sans-serif" font-size="90"'
    ' text-anchor="middle" dominant-baseline="central">{initials}</text></svg>'
)
HEADERS = {
    "Cache-Control": f"public, max-age={int(KEPT.total_seconds())}",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",  # other sites show their people with it
    "X-Content-Type-Options": "nosniff",
}


def avatar(username: str) -> Response:
    """Draw the initials of a name, the same for everybody who asks."""
    drawn = DRAWING.format(colour=_colour(username), initials=_initials(username))
    return Response(drawn, mimetype="image/svg+xml", headers=HEADERS)


def _initials(name: str) -> str:
    firsts = (word[0].upper()[0] for word in WORDS.findall(name)[:MOST_INITIALS])
    return "".join(firsts) or "?"


def _colour(name: str) -> str:
    return COLOURS[int(digest(name)[:8], 16) % len(COLOURS)]
