from collections.abc import Callable

import pytest
from flask import Flask

from tests.pages.browser import Browser


@pytest.fixture
def guest(portal: Flask) -> Browser:
    return Browser(portal)


@pytest.fixture
def new_guest(portal: Flask) -> Callable[..., Browser]:
    """Return a function that opens one more browser, with cookies and an address of its own."""

    def opened(address: str = "198.51.100.7") -> Browser:
        return Browser(portal, address)

    return opened
