from collections.abc import Callable

import pytest
from flask import Flask

from app.models import Account, Organisation, Role
from tests import factories
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


def member(role: Role, at: Organisation | None = None, name: str = "") -> Account:
    who = factories.account(name=name)
    factories.membership(who, at, role)
    return who


@pytest.fixture
def superuser(portal: Flask) -> Browser:
    """Return a superuser's browser, in the portal's seat."""
    browser = Browser(portal)
    browser.sign_in(member(Role.SUPERUSER, name="Sue Super"))
    return browser


@pytest.fixture
def place(portal: Flask) -> Organisation:  # noqa: ARG001 (it comes first)
    return factories.organisation("Xavier's School")


@pytest.fixture
def chief(portal: Flask, place: Organisation) -> Browser:
    """Return the browser of an account administrator of `place`, in that seat."""
    browser = Browser(portal)
    browser.sign_in(member(Role.ACCOUNT_ADMIN, place, "Alex Admin"))
    return browser
