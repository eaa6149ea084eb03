"""The pages at /docs: a bearer, and who it belongs to, in a few presses."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import portal_process
from tests.browser.conftest import Browse
from tests.browser.people import PASSWORD, Person
from tests.portal_process import Portal

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

NUMBERS = ("000", "001", "002", "003", "004")


@pytest.mark.parametrize("number", NUMBERS)
def test_each_contract_can_be_tried_out(browse: Browse, served: Portal, number: str) -> None:
    page = browse()

    page.goto(f"{served.url}/docs/{number}")

    expect(page.locator(".opblock").first).to_be_visible()
    expect(page.locator("#calls")).to_be_hidden()


def test_a_newcomer_asks_who_they_are(browse: Browse, served: Portal, newcomer: Person) -> None:
    served.run([portal_process.account(newcomer.email, PASSWORD)])
    page = browse()
    page.goto(f"{served.url}/docs/001")

    login = _open(page, "/api/v1/login")
    body = f'{{"user": "{newcomer.email}", "password": "{PASSWORD}"}}'
    login.locator("textarea").first.fill(body)
    login.get_by_role("button", name="Execute").click()
    expect(page.get_by_role("status").first).to_contain_text("You are signed in on this page")

    me = _open(page, "/api/v1/me")
    me.get_by_role("button", name="Execute").click()
    expect(me.locator(".live-responses-table")).to_contain_text(newcomer.email)
    page.get_by_role("button", name="Ask who I am").click()
    expect(page.locator(".try-out-who pre")).to_contain_text(newcomer.email)


def _open(page: Page, path: str) -> Locator:
    call = page.locator(".opblock").filter(has=page.locator(f'[data-path="{path}"]')).first
    call.locator(".opblock-summary-control").click()
    return call
