"""Logging: one JSON object a line, in UTC, on standard error."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

LONGEST_VALUE = 256  # characters of any one value; what strangers send can be long


def init_app() -> None:
    """Send the portal's own events and the libraries' warnings to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _cut,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    as_json = structlog.processors.JSONRenderer()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, as_json],
        )
    )
    doorward = logging.getLogger("doorward")
    doorward.handlers[:] = [handler]
    doorward.propagate = False
    doorward.setLevel(logging.INFO)


def _cut(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Any:
    """Keep every value short, and on one line (CWE-117; the JSON escapes the rest)."""
    return {name: _short(name, value) for name, value in event.items()}


def _short(name: str, value: Any) -> Any:
    long = isinstance(value, str) and name != "exception" and not name.startswith("_")
    return value[:LONGEST_VALUE] if long else value
