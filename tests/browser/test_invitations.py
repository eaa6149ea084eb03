"""Inviting people, and being invited: how it looks, and the whole way."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Browse
from tests.browser.people import PASSWORD, Person, card, press, shows, sign_in
from tests.browser.watch import looks_right
from tests.mail.servers import Script
from tests.portal_process import Portal, account, link_in, mail_to, membership, organisation

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PLACE = "Lindenhof"
BOSS = Person("boss.of.invitations@example.org", "Alex Admin")


@pytest.fixture(scope="module")
def invitations(served: Portal) -> str:
    """Make an organisation and its administrator; return where its invitations are."""
    [place] = served.run([organisation(PLACE)])
    made = account(BOSS.email, PASSWORD, BOSS.name)
    served.run([made, membership(BOSS.email, place, "account-admin")])
    return f"/o/{place}/admin/organisations/{place}/invitations"


def test_people_are_invited_and_join(
    browse: Browse, newcomer: Person, person: Person, invitations: str, sink: Script
) -> None:
    page = browse()
    sign_in(page, BOSS)
    page.goto(invitations)
    looks_right(page, "Invitations")
    one_is_invited(page, newcomer)
    a_list_is_invited(page, f"{newcomer.email}\nNoor <{person.email}>\nnowhere")
    page.goto(invitations)
    looks_right(page, "Invitations")
    page.get_by_role("link", name="Withdraw").first.click()
    looks_right(page, "Withdraw the invitation?")

    somebody_new_joins(browse(), newcomer, sink)
    somebody_known_joins(browse(), person, sink)


def one_is_invited(page: Page, newcomer: Person) -> None:
    page.get_by_role("link", name="Invite somebody").click()
    looks_right(page, "Invite somebody")
    press(page, "Send the invitation")
    page.get_by_label("E-mail address").fill(newcomer.email)
    press(page, "Send the invitation")
    shows(page, "Invitations")


def a_list_is_invited(page: Page, people: str) -> None:
    page.get_by_role("link", name="Invite a list").click()
    looks_right(page, "Invite a list")
    page.get_by_label("People").fill(people)
    press(page, "Send the invitations")
    expect(page.get_by_text("1 invitation is on its way.")).to_be_visible()
    looks_right(page, "Invite a list")


def somebody_new_joins(page: Page, newcomer: Person, sink: Script) -> None:
    page.goto(link_in(mail_to(sink, newcomer.email)))
    expect(page).not_to_have_url(re.compile("ticket"))
    page.get_by_label("Your name").fill(newcomer.name)
    page.get_by_label("Password", exact=True).fill("lindenhof")
    expect(page.get_by_text("It is made of your name")).to_be_visible()
    looks_right(page, "You are invited")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    expect(page.get_by_text("Strong")).to_be_visible()
    press(page, "Accept the invitation")
    shows(page, "Sign in")
    sign_in(page, newcomer)
    shows(page, "Home")
    expect(card(page, PLACE)).to_be_visible()


def somebody_known_joins(page: Page, person: Person, sink: Script) -> None:
    page.goto(link_in(mail_to(sink, person.email)))
    looks_right(page, "You are invited")
    press(page, "Accept the invitation")
    shows(page, "Sign in")
    sign_in(page, person)
    expect(card(page, PLACE)).to_be_visible()
