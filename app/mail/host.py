"""The portal's name among mail servers."""

from urllib.parse import urlsplit

from app import config


def portal_host() -> str:
    """Return the host that people know the portal by, as mail headers and EHLO spell it."""
    host = urlsplit(config.current().base_url).hostname or "localhost"
    return host.encode("idna").decode("ascii")
