from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from app.clock import now
from app.models import (
    Account,
    Factor,
    Interface,
    Membership,
    Organisation,
    Password,
    Role,
    Seat,
    Session,
)
from app.security.tokens import new_secret
from tests import factories
from tests.pages.browser import FIREFOX, Browser


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


def open_session(who: Account, role: Membership | None = None) -> Session:
    """Let somebody be signed in, in one seat if any."""
    made = Session(
        digest=new_secret(),
        account_id=who.id,
        interface=Interface.PAGES,
        address="203.0.113.9",
        user_agent=FIREFOX,
        idle_seconds=3600,
        expires_at=now() + timedelta(hours=1),
    )
    factories.saved(made)
    if role is not None:
        own = factories.saved(
            Password(account_id=who.id, organisation_id=role.organisation_id, hash="")
        )
        factories.saved(
            Seat(session_id=made.id, membership_id=role.id, password_id=own.id, factor=Factor.NONE)
        )
    return made


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
