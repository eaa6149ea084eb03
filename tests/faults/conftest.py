"""Portals for tests that break what they stand on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import portal_process
from tests.portal_process import Portal
from tests.servers import free_port


@pytest.fixture
def portal_alone(tmp_path: Path) -> Iterator[Portal]:
    """Return a portal that is not started yet, for one test; its mail server is away."""
    portal = Portal(tmp_path)
    yield portal
    portal.stop()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """Serve one portal for a whole file; nobody listens on its mail server's port yet."""
    portal = Portal(tmp_path_factory.mktemp("portal"), f"smtp://127.0.0.1:{free_port()}")
    with portal_process.serving(portal):
        yield portal
