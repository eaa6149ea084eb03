"""A portal for clients that speak real HTTP."""

import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.serving import make_server


@pytest.fixture
def base(portal: Flask) -> Iterator[str]:
    """Serve the portal on a port of its own; return its URL."""
    server = make_server("127.0.0.1", 0, portal, threaded=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    serving.join()
    server.server_close()
