"""Putting the portal together: the one file that knows all the others."""

from datetime import timedelta
from pathlib import Path

from flask import Flask, has_request_context, request
from flask.json.provider import DefaultJSONProvider
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from flask_compress import Compress
from werkzeug.middleware.proxy_fix import ProxyFix

from app import api, cli, config, db, logs, pages
from app.config import Settings
from app.pages.cross_site import csrf

HERE = Path(__file__).resolve().parent
ROOT = HERE if (HERE / "templates").is_dir() else HERE.parent  # in a wheel, or in a checkout
LANGUAGES = ["en_GB"]
LARGEST_BODY = 16 * 1024  # bytes; no form and no call needs more (ASVS 5.0, 15.2.2)
KEPT = timedelta(days=30)
ASSETS_FOR = 7 * 24 * 3600  # seconds that a browser keeps static files; their URLs carry a version


class _InDocumentsOrder(DefaultJSONProvider):
    """JSON whose keys stand in the order that the contracts' documents have."""

    sort_keys = False
    ensure_ascii = False


def create_app(settings: Settings) -> Flask:
    """Return a portal with these settings; they become the process's own."""
    config.use(settings)
    app = Flask(
        "app",
        root_path=str(ROOT),
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
        instance_path=str(config.INSTANCE),
    )
    app.config.update(_flask_settings(settings))
    logs.init_app()
    _trust_proxies(app, settings.trusted_proxies)
    db.init_app(app, settings.database_url, str(ROOT / "migrations"))
    Babel(app, locale_selector=_language)
    Bootstrap5(app)
    Compress(app)
    pages.init_app(app)
    _mount_contracts(app)
    cli.init_app(app)
    return app


def _mount_contracts(app: Flask) -> None:
    """Add the five contracts; no page's token guards them, for they read no page's cookie."""
    app.json = _InDocumentsOrder(app)
    api.init_app(app)
    for name, blueprint in app.blueprints.items():
        if name.split(".")[0] == api.api.name:
            csrf.exempt(blueprint)


def _flask_settings(settings: Settings) -> dict[str, object]:
    newest, *older = settings.secret_keys
    return {
        "SECRET_KEY": newest,
        "SECRET_KEY_FALLBACKS": older,
        "SESSION_COOKIE_NAME": "__Host-doorward" if settings.https else "doorward",
        "SESSION_COOKIE_SECURE": settings.https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": KEPT,
        "MAX_CONTENT_LENGTH": LARGEST_BODY,
        "MAX_FORM_MEMORY_SIZE": LARGEST_BODY,
        "MAX_FORM_PARTS": 100,
        "SEND_FILE_MAX_AGE_DEFAULT": ASSETS_FOR,
        "BOOTSTRAP_SERVE_LOCAL": True,
        # Pages mix secrets with what a visitor sends, so only static files are compressed (BREACH).
        "COMPRESS_MIMETYPES": ["text/css", "text/javascript", "image/svg+xml"],
        "BABEL_DEFAULT_LOCALE": LANGUAGES[0],
    }


def _trust_proxies(app: Flask, count: int) -> None:
    """Take the client's address from the last `count` proxies' X-Forwarded-For, if any."""
    if count:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=count, x_proto=0, x_host=0
        )


def _language() -> str | None:
    if not has_request_context():
        return None  # a command, or mail: the portal's own language
    return request.accept_languages.best_match(LANGUAGES)
