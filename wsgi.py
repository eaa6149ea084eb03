"""What runs the portal: `flask --app wsgi …` and every WSGI server import `app` from here."""

import os
import sys
from typing import NoReturn

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from app import config
from app.cli import import_thread, schema, sentences, upkeep
from app.cli.command import say_plainly_everywhere
from app.config import WrongSetting
from app.factory import create_app
from app.mail import delivery

WRONG_SETTING = 2
NOT_READY = 1
HALT_GUNICORN = 3  # its WORKER_BOOT_ERROR; after any other it starts the worker again, for ever


def _create() -> Flask:
    try:
        return create_app(config.from_environment())
    except WrongSetting as wrong:
        _end(str(wrong), WRONG_SETTING)


def _start(portal: Flask) -> None:
    """Do what only a server does: refuse a database that does not fit, then work beside answering.

    That is delivering mail, purging, and imports.
    """
    with portal.app_context():
        try:
            problem = schema.problem()
        except SQLAlchemyError as error:
            problem = sentences.of_database(error) or str(error)
    if problem:
        _end(problem, NOT_READY)
    if not config.current().rate_limits:
        structlog.get_logger("doorward").warning("rate_limits_are_off")
    delivery.start_thread(portal)
    upkeep.start_thread(portal)
    import_thread.start_thread(portal)


def _end(sentence: str, status: int) -> NoReturn:
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201 (there is no log yet)
    raise SystemExit(HALT_GUNICORN if "gunicorn.arbiter" in sys.modules else status)


app = _create()
if "FLASK_RUN_FROM_CLI" in os.environ:
    say_plainly_everywhere()
else:
    _start(app)
