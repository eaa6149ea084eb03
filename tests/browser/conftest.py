"""A real Chromium, a real portal, and a watch over everything that a test does with them."""

import itertools
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests import portal_process
from tests.browser import people
from tests.browser.people import Person, Places
from tests.browser.watch import Watch
from tests.mail import servers
from tests.mail.servers import Script
from tests.portal_process import Portal

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",  # root has no other way; nothing but our own pages is opened
]
PATIENCE_MS = 30_000

expect.set_options(timeout=PATIENCE_MS)

Browse = Callable[[], Page]

both = pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Take the machine's Chromium, else Playwright's own."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    path = {"executable_path": found} if found else {}
    return {**browser_type_launch_args, **path, "args": ARGUMENTS}


@pytest.fixture(scope="session")
def sink() -> Script:
    return Script()


@pytest.fixture(scope="session")
def served(sink: Script, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """Serve one portal for all tests in the browser; each brings people of its own."""
    with servers.running(sink) as port:
        portal = Portal(tmp_path_factory.mktemp("portal"), f"smtp://127.0.0.1:{port}")
        with portal_process.serving(portal):
            yield portal


@pytest.fixture(autouse=True)
def a_network_of_its_own(served: Portal) -> None:
    """Begin each test without failures from this network.

    Here all people share one address: what they mistype in all tests together would hold up the
    next ones, as a network's limit is meant to.
    """
    with closing(sqlite3.connect(served.database, timeout=10)) as connection, connection:
        connection.execute("DELETE FROM failed_sign_ins WHERE counted = 'network'")


@pytest.fixture(scope="session")
def base_url(served: Portal) -> str:
    return served.url


@pytest.fixture(scope="session")
def places(served: Portal) -> Places:
    return people.settle(served)


@pytest.fixture(scope="session")
def crowd(served: Portal, places: Places) -> Iterator[Person]:
    return people.crowd(served, places)


@pytest.fixture
def person(crowd: Iterator[Person]) -> Person:
    """Return somebody new who belongs to all of the places."""
    return next(crowd)


@pytest.fixture(scope="session")
def everybody_alone(served: Portal) -> Iterator[Person]:
    return people.loners(served)


@pytest.fixture
def loner(everybody_alone: Iterator[Person]) -> Person:
    """Return somebody new who belongs to no organisation."""
    return next(everybody_alone)


_newcomers = itertools.count(1)


@pytest.fixture
def newcomer() -> Person:
    """Return somebody who has no account yet."""
    return Person(f"newcomer{next(_newcomers)}@example.org", "Lena Fischer")


@pytest.fixture
def strict_person(served: Portal, places: Places, newcomer: Person) -> Person:
    """Return somebody new whose only organisation demands an app."""
    membership = portal_process.membership(newcomer.email, places.strict, "student")
    served.run([portal_process.account(newcomer.email, people.PASSWORD), membership])
    return newcomer


@pytest.fixture
def script() -> bool:
    """Tell whether pages may run script; `both` parametrizes it."""
    return True


@pytest.fixture
def browse(
    new_context: Callable[..., BrowserContext],
    base_url: str,
    script: bool,  # noqa: FBT001 (a fixture)
) -> Iterator[Browse]:
    """Return a function that opens a page in a browser of its own; nothing in it may go wrong."""
    watch = Watch(base_url)

    def opened() -> Page:
        context = new_context(java_script_enabled=script, reduced_motion="reduce", locale="en-GB")
        context.set_default_timeout(PATIENCE_MS)
        watch.over(context)
        return context.new_page()

    yield opened
    assert watch.complaints == []
