"""What a browser or program calls itself, in words."""

from flask_babel import gettext as _
from ua_parser import parse


def label(user_agent: str) -> str:
    """Return a device's name for people: "Firefox on Ubuntu"."""
    found = parse(user_agent)
    program = found.user_agent.family if found.user_agent else None
    system = found.os.family if found.os else None
    if program and system:
        return _("%(program)s on %(system)s", program=program, system=system)
    return program or system or _("Unknown device")
