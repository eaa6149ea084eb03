"""Where to go after signing in, where a person was on the way somewhere."""

from urllib.parse import unquote, urlsplit

from flask import request, session, url_for

LONGEST = 1_000  # characters; it travels in the session cookie


def remember() -> None:
    """Keep the `next` of this request's address; forget an older one if it is not safe."""
    if "next" not in request.args:
        return
    following = safe(request.args["next"])
    if following is None:
        session.pop("next", None)
    else:
        session["next"] = following


def take(otherwise: str = "home.index") -> str:
    """Return where to go now, once: what was remembered, or this endpoint's page."""
    following: str | None = session.pop("next", None)
    return following or url_for(otherwise)


def page_before() -> str:
    """Return the page of ours that the browser came from, as it tells; not safe yet."""
    referrer = request.referrer or ""
    own = referrer.startswith(request.host_url)
    return "/" + referrer.removeprefix(request.host_url) if own else ""


def safe(candidate: str | None) -> str | None:
    """Return `candidate` if it can only mean a path of this host, else None.

    Browsers and servers read a doubtful address differently, so all doubtful
    ones are refused: whatever is not one slash and a path, as written and as decoded.
    """
    if not candidate or len(candidate) > LONGEST:
        return None
    written, decoded = _path(candidate), unquote(candidate)
    return candidate if written and _path(decoded) and _path(unquote(decoded)) else None


def _path(text: str) -> bool:
    if not text.isprintable() or "\\" in text or not text.startswith("/"):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    whole = text.partition("?")[0].partition("#")[0]  # urlsplit drops the third slash of "///"
    plain = not parts.scheme and not parts.netloc and "//" not in whole
    return plain and not {".", ".."} & set(parts.path.split("/"))
