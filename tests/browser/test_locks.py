"""Locks: they say until when, open by mail, and spare the owner's own browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Browse
from tests.browser.people import OPEN, Person, enter, press, shows, sign_in
from tests.mail.servers import Script
from tests.portal_process import link_in, mail_to

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

TRIES = 10  # and the eleventh is told of the lock


def test_a_lock_says_until_when_and_opens_by_mail(
    browse: Browse, person: Person, sink: Script
) -> None:
    page = browse()
    lock(page, person)

    expect(page.get_by_role("alert")).to_contain_text("Too many wrong tries")
    expect(page.get_by_text(re.compile(r"The lock ends by itself at .*\d\d:\d\d"))).to_be_visible()
    press(page, "Unlock by mail")
    shows(page, "Open the lock")
    page.goto(link_in(mail_to(sink, person.email, 2)))  # the first tells of the lock
    press(page, "Open the lock")
    sign_in(page, person)

    shows(page, "Where to?")


def test_the_owners_browser_is_spared(browse: Browse, person: Person, sink: Script) -> None:
    own, strange = browse(), browse()
    enter(own, person, sink, OPEN)
    press(own, "Sign out")
    lock(strange, person)

    sign_in(own, person)

    shows(own, "Where to?")


def lock(page: Page, person: Person) -> None:
    for number in range(TRIES + 1):
        sign_in(page, person, f"wrong password {number}")
        expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("button", name="Unlock by mail")).to_be_visible()
