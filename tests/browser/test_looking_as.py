"""An administrator looks as somebody else, from the reason to the end, and the person knows."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import portal_process
from tests.browser.conftest import Browse, both
from tests.browser.people import OPEN, OWN, PASSWORD, Person, card, choose, press, shows, sign_in
from tests.browser.watch import looks_right
from tests.mail.servers import Script
from tests.portal_process import Portal, mail_about, text_of

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAGES = {
    "/account": "Your account",
    "/account/sessions": "Where you are signed in",
    "/account/history": "History",
}
WHY = "The course is missing at home; Noor asked by phone."


@pytest.fixture
def chief(served: Portal, newcomer: Person) -> Person:
    """Return somebody new who is superuser."""
    who = Person(newcomer.email, "Sue Super")
    words, stdin = portal_process.account(who.email, PASSWORD, who.name)
    served.run([([*words, "--superuser"], stdin)])
    return who


def ask(page: Page, chief: Person, person: Person) -> None:
    """Go where the reason is asked for."""
    sign_in(page, chief)
    page.goto(f"/admin/accounts?q={person.email}")
    page.get_by_role("link", name=person.name, exact=True).click()
    page.get_by_role("link", name="Look as this person").click()
    shows(page, "Look as this person")


def begin(page: Page, chief: Person, person: Person) -> Locator:
    """Look as somebody; return the banner."""
    ask(page, chief, person)
    page.get_by_label("Reason").fill(WHY)
    press(page, "Look as this person")
    shows(page, "Home")
    banner = page.get_by_role("complementary", name="You look as somebody else")
    expect(banner).to_contain_text(f"You look as {person.name}")
    expect(banner).to_contain_text(WHY)
    return banner


def is_told(own: Page, person: Person, sink: Script) -> None:
    """Look where the person looks: in the mail, among the sessions, in the history."""
    mail = mail_about(sink, person.email, "An administrator looks at Doorward as you")
    assert "Sue Super, an administrator" in " ".join(text_of(mail).split())
    own.goto("/account/sessions")
    seen = own.get_by_role("article").filter(has_text="An administrator looks as you")
    expect(seen).to_contain_text("It is Sue Super")
    own.goto("/account/history")
    expect(own.get_by_text("An administrator began to look as this person")).to_be_visible()
    expect(own.get_by_text(f"Reason given: {WHY}").first).to_be_visible()


@both
def test_somebody_is_looked_at_and_knows(browse: Browse, chief: Person, person: Person) -> None:
    page = browse()
    banner = begin(page, chief, person)

    choose(page, OPEN)
    shows(page, f"Student at {OPEN}")
    page.goto("/home")
    expect(card(page, OWN).get_by_role("button")).to_have_count(0)
    page.goto("/confirm")
    expect(page.get_by_text("Only the person can prove who they are.")).to_be_visible()
    press(banner, "Stop looking as somebody else")

    shows(page, person.name)
    expect(page.get_by_text("You no longer look as somebody else.")).to_be_visible()
    expect(banner).to_have_count(0)


def test_the_person_is_told_everywhere_and_ends_it(
    browse: Browse, chief: Person, loner: Person, sink: Script
) -> None:
    page, own = browse(), browse()
    sign_in(own, loner)
    shows(own, "Home")
    banner = begin(page, chief, loner)

    is_told(own, loner, sink)
    own.goto("/account/sessions")
    own.get_by_role("article").filter(has_text="It is Sue Super").get_by_role("button").click()
    expect(own.get_by_text("That session is ended.")).to_be_visible()

    page.goto("/account")
    shows(page, loner.name)
    expect(banner).to_have_count(0)


def test_its_pages_are_for_everybodys_eyes(browse: Browse, chief: Person, person: Person) -> None:
    page = browse()
    begin(page, chief, person)

    looks_right(page, "Home")
    for path, heading in PAGES.items():
        page.goto(path)
        looks_right(page, heading)
    press(page, "Sign out")
    shows(page, "Sign in")
    expect(page.get_by_text("You are signed out.")).to_be_visible()


def test_the_page_before_is_for_everybodys_eyes(
    browse: Browse, chief: Person, person: Person
) -> None:
    page = browse()
    ask(page, chief, person)

    looks_right(page, "Look as this person")
    page.get_by_label("Reason").fill("    short    ")
    press(page, "Look as this person")
    expect(page.get_by_role("alert")).to_contain_text("Say why in 10 to 500 characters.")
    looks_right(page, "Look as this person")
