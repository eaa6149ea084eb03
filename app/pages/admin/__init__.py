"""Administering: one set of pages, at two addresses.

A superuser's seat opens them for the whole portal under `/admin/`, an account administrator's
for one organisation under `/o/<uuid>/admin/`. What they show and do is bound to the seat
(operations.authority), never to the address alone.
"""

from flask import Flask

from app.pages.admin import (
    account,
    accounts,
    acts,
    audit,
    bulk,
    cannot_sign_in,
    directory,
    everybody,
    import_upload,
    imports,
    invitations,
    look_as,
    mail,
    memberships,
    networks,
    new_account,
    organisation,
    organisations,
    overview,
)
from app.pages.admin.seat import PORTAL, PREFIXES, pages

__all__ = [  # most only add to the one blueprint
    "PORTAL",
    "PREFIXES",
    "account",
    "accounts",
    "acts",
    "audit",
    "bulk",
    "cannot_sign_in",
    "directory",
    "everybody",
    "import_upload",
    "imports",
    "init_app",
    "invitations",
    "look_as",
    "mail",
    "memberships",
    "networks",
    "new_account",
    "organisation",
    "organisations",
    "overview",
]


def init_app(app: Flask) -> None:
    """Give the application its administration, once for each kind of seat."""
    for name, prefix in PREFIXES.items():
        app.register_blueprint(pages, name=name, url_prefix=prefix)
