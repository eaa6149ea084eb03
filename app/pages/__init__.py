"""What people see: forms in, HTML out.

A view reads its input, calls one operation and chooses the answer. Every POST redirects, or
shows its own form again with a 4xx.
"""

from flask import Flask
from flask_login import current_user

from app import config
from app.pages import (
    account,
    address,
    admin,
    app_setup,
    code,
    confirm,
    cross_site,
    demo_outbox,
    docs,
    error_pages,
    headers,
    history,
    home,
    in_directory,
    invitation,
    logos,
    looking_as,
    names,
    not_me,
    other_factors,
    own_data,
    passkey,
    passkey_sign_in,
    passkeys,
    passwords,
    pin,
    recovery_codes,
    registration,
    removal,
    request_ids,
    request_timing,
    roles,
    second_factor,
    sessions,
    set_up,
    sign_in,
    sign_out,
    signed_in,
    unlocking,
)

# These only add to others' blueprints.
__all__ = [
    "app_setup",
    "code",
    "history",
    "in_directory",
    "init_app",
    "names",
    "other_factors",
    "own_data",
    "passkey",
    "passkey_sign_in",
    "passkeys",
    "pin",
    "recovery_codes",
    "removal",
    "second_factor",
    "sessions",
    "set_up",
]

BLUEPRINTS = (
    sign_in.pages,
    sign_out.pages,
    registration.pages,
    passwords.pages,
    unlocking.pages,
    not_me.pages,
    invitation.pages,
    home.pages,
    account.pages,
    address.pages,
    confirm.pages,
    demo_outbox.pages,
    docs.pages,
    logos.pages,
    looking_as.pages,
)


def init_app(app: Flask) -> None:
    """Give the application its pages, and what every page needs."""
    request_timing.init_app(app)
    request_ids.init_app(app)
    looking_as.init_app(app)  # first: what it shuts, nothing else looks at
    ours = {blueprint.name for blueprint in BLUEPRINTS} | set(admin.PREFIXES)
    cross_site.init_app(app, ours)
    signed_in.init_app(app)
    headers.init_app(app)
    error_pages.init_app(app)
    app.jinja_env.filters["role_name"] = roles.name
    app.jinja_env.globals["logo_of"] = logos.url_of
    app.context_processor(_for_every_page)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    admin.init_app(app)


def _for_every_page() -> dict[str, object]:
    settings = config.current()
    return {"current_user": current_user, "demo": settings.demo, "portal_url": settings.base_url}
