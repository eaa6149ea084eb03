"""A directory that runs, and a portal that asks it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.config.directory import Directory
from app.directory import reader
from tests import slapd
from tests.slapd import Slapd


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    with slapd.slapd(tmp_path_factory.mktemp("slapd")) as running:
        yield running


@pytest.fixture
def asked(directory: Slapd, change_settings: Callable[..., None]) -> Iterator[Callable[..., None]]:
    """Let the portal ask the directory; return a function that changes how."""

    def ask(**changes: object) -> None:
        change_settings(directory=settings(directory).model_copy(update=changes))
        reader.forget()

    ask()
    yield ask
    reader.forget()


def settings(directory: Slapd) -> Directory:
    return Directory(
        url=(directory.tls_url,),
        ca_file=directory.ca_file,
        bind_dn=slapd.PORTAL,
        bind_password=slapd.PORTAL_PASSWORD,
        base_dn=slapd.BASE,
    )
