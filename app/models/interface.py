"""The ways that people and programs speak to the portal."""

import enum

from app.db import words


class Interface(enum.StrEnum):
    """The pages, a command, or one of the five contracts."""

    PAGES = "pages"
    COMMAND = "command"
    MIKROCLOUD = "mikrocloud"
    ROCKETCHAT = "rocketchat"
    BEARER_TOKEN = "bearer_token"  # noqa: S105 (a name, no secret)
    INTEDASHBOARD = "intedashboard"
    HASURA_BACKEND_PLUS = "hasura_backend_plus"


INTERFACE = words(Interface)
