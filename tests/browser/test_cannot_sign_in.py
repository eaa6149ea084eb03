"""Somebody cannot sign in; an administrator finds out why, mends it, and they are in."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Browse, both
from tests.browser.people import OPEN, PASSWORD, Person, enter, press, shows, sign_in
from tests.browser.test_locks import lock
from tests.browser.watch import looks_right
from tests.mail.servers import Script
from tests.portal_process import Portal

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SUE = Person("sue.who.helps@example.org", "Sue Super")


@pytest.fixture(scope="module")
def helper(served: Portal) -> Person:
    added = ["accounts", "add", SUE.email, "--name", SUE.name, "--superuser", "--password-stdin"]
    served.run([(added, f"{PASSWORD}\n")])
    return SUE


@both
def test_a_locked_person_is_helped(
    browse: Browse, helper: Person, person: Person, sink: Script
) -> None:
    theirs, page = browse(), browse()
    lock(theirs, person)

    sign_in(page, helper)
    look_at(page, person)
    expect(page.get_by_text("Nothing lets them in just now.")).to_be_visible()
    cause = page.get_by_role("listitem").filter(has_text="locked after too many wrong passwords")
    expect(cause.first).to_contain_text(re.compile(r"Opens by itself at .*, in 1[45] minutes"))
    page.get_by_role("link", name="Open all locks", exact=True).first.click()
    shows(page, "Open all locks")
    press(page, "Open all locks")

    shows(page, f"Why can't {person.name} sign in?")
    expect(page.get_by_text("The locks are open.")).to_be_visible()
    expect(page.get_by_text("Nothing lets them in just now.")).to_be_hidden()
    enter(theirs, person, sink, OPEN)


def test_the_pages_look_right(browse: Browse, helper: Person, person: Person) -> None:
    lock(browse(), person)
    page = browse()
    sign_in(page, helper)
    page.goto("/admin/cannot-sign-in")
    looks_right(page, "Why can't they sign in?")

    page.get_by_label("Their e-mail address or username").fill("nobody@example.org")
    press(page, "Look")
    expect(page.get_by_text("Nobody here by this name")).to_be_visible()
    looks_right(page, "Why can't they sign in?")

    look_at(page, person)
    looks_right(page, f"Why can't {person.name} sign in?")


def look_at(page: Page, person: Person) -> None:
    page.goto("/admin/cannot-sign-in")
    page.get_by_label("Their e-mail address or username").fill(person.email)
    press(page, "Look")
    shows(page, f"Why can't {person.name} sign in?")
    assert person.email not in page.url
