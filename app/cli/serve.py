"""`serve`: the portal itself, on granian."""

import os
import sys

import click
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from app import config, db
from app.cli import port as ports
from app.cli import schema
from app.cli.command import VISITOR, command
from app.cli.demo import people
from app.cli.worker import load
from app.config import Settings, WrongSetting
from app.operations import demonstration

THREADS = 64  # of a worker: they mostly wait, for the database and for the hash gate
CONNECTIONS = 1024  # of a worker at once, idle ones included; more wait to be accepted
HEADERS_WITHIN_MS = 10_000
STOP_WITHIN_S = 8  # what has been asked is answered; the whole stop takes ten seconds at most


@command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, ports.HIGHEST), default=8000, show_default=True)
@click.option(
    "--workers", type=click.IntRange(1, 64), help="Processes [default: DOORWARD_WORKERS]."
)
@click.option("--prepare", is_flag=True, help="Migrate the database first, and fill the demo's.")
def serve(host: str, port: int, workers: int | None, *, prepare: bool) -> None:
    """Serve the portal until Ctrl-C or SIGTERM; what has been asked by then is answered."""
    settings = _settings(port, workers)
    ports.require_free(host, port)
    if prepare:
        _prepare(settings)
    else:
        schema.require_current()
    _announce(settings)
    _leave_nothing_to_inherit()
    _server(host, port, settings.workers).serve(target_loader=load, wrap_loader=False)


def _settings(port: int, workers: int | None) -> Settings:
    """Complete the environment, which the workers read again, and read it."""
    os.environ.setdefault(f"{config.PREFIX}BASE_URL", f"http://localhost:{port}")
    if workers is not None:
        os.environ[f"{config.PREFIX}WORKERS"] = str(workers)
    try:
        settings = config.from_environment()
    except WrongSetting as wrong:
        click.echo(wrong, err=True)
        sys.exit(2)
    config.use(settings)
    return settings


def _prepare(settings: Settings) -> None:
    with schema.one_at_a_time():
        schema.bring_up_to_date()
        if settings.demo and demonstration.empty():
            demonstration.fill(VISITOR)


def _announce(settings: Settings) -> None:
    click.echo(f"Doorward is at {settings.base_url} (Ctrl-C ends it).")
    if settings.demo:
        click.echo(f"Mail that nobody sends waits at {settings.base_url}/outbox.")
        click.echo(people())


def _leave_nothing_to_inherit() -> None:
    """Close what a forked worker must not share: it makes an application of its own."""
    db.session().close()
    db.db.engine.dispose()
    os.environ.pop("FLASK_RUN_FROM_CLI", None)


def _server(host: str, port: int, workers: int) -> MPServer:
    return MPServer(
        target="wsgi:app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        backpressure=CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_WITHIN_MS),
        websockets=False,
        log_level=LogLevels.error,
        log_access=False,  # tickets stand in query strings: no request's address is written down
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_WITHIN_S,
    )
