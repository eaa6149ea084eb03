"""Where somebody came from, in words: which device, and through which page or API.

Mails tell of it and pages show it, so it stands below both.
"""

import re

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from ua_parser import parse

from app.models import Interface

OPENED_BY = {
    Interface.PAGES: _l("These pages"),
    Interface.COMMAND: _l("A command"),
    Interface.MIKROCLOUD: _l("The MikroCloud API"),
    Interface.ROCKETCHAT: _l("The Rocket.Chat API"),
    Interface.BEARER_TOKEN: _l("The bearer token API"),
    Interface.INTEDASHBOARD: _l("The InteDashboard API"),
    Interface.HASURA_BACKEND_PLUS: _l("The Hasura Backend Plus API"),
}
LONGEST_NAME = 40  # characters of a program's or a system's name
# A device calls itself what it likes: its name must not read like a web address or a sentence.
NOT_IN_A_NAME = re.compile(r"[^\w ()+-]+")


def label(user_agent: str) -> str:
    """Return a device's name for people: "Firefox on Ubuntu"."""
    found = parse(user_agent)
    program = _plain(found.user_agent.family) if found.user_agent else ""
    system = _plain(found.os.family) if found.os else ""
    if program and system:
        return _("%(program)s on %(system)s", program=program, system=system)
    return program or system or _("Unknown device")


def opened_by(interface: str) -> str:
    """Return what somebody came through, as a mail says it."""
    if interface == Interface.PAGES:
        return _("The portal's pages")
    return str(OPENED_BY[Interface(interface)])


def _plain(name: str) -> str:
    return NOT_IN_A_NAME.sub(" ", name).strip()[:LONGEST_NAME]
