"""Signing in: every verdict, the PIN, seats in two tabs, the way back to where one was going."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Browse, both
from tests.browser.people import (
    OPEN,
    OWN,
    OWN_PASSWORD,
    PASSWORD,
    PIN,
    SHUT,
    Person,
    Places,
    card,
    choose,
    enter,
    enter_pin,
    press,
    shows,
    sign_in,
)
from tests.mail.servers import Script
from tests.portal_process import mail_to, pin_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@both
def test_each_way_in_has_its_verdict(browse: Browse, person: Person) -> None:
    page = browse()

    sign_in(page, person)

    shows(page, "Where to?")
    for place, verdict in {
        OPEN: "Ready",
        PIN: "Needs a PIN",
        OWN: "Another password here",
        SHUT: "Suspended",
    }.items():
        expect(card(page, place).get_by_text(verdict, exact=True)).to_be_visible()
    expect(card(page, OWN).get_by_label("Password there")).to_be_visible()
    expect(card(page, SHUT).get_by_role("button")).to_have_count(0)


@both
def test_the_pin_from_the_mail_leads_in(browse: Browse, person: Person, sink: Script) -> None:
    page = browse()
    sign_in(page, person)
    choose(page, PIN)

    enter_pin(page, pin_in(mail_to(sink, person.email)))

    shows(page, "Home")
    expect(card(page, PIN).get_by_text("Open now")).to_be_visible()
    expect(card(page, OPEN).get_by_text("Open now")).to_have_count(0)


def test_a_wrong_pin_is_said_and_the_right_one_still_works(
    browse: Browse, person: Person, sink: Script
) -> None:
    page = browse()
    sign_in(page, person)
    choose(page, PIN)
    pin = pin_in(mail_to(sink, person.email))

    enter_pin(page, "000000" if pin != "000000" else "111111")
    expect(page.get_by_role("alert")).to_contain_text("not right")
    expect(page.get_by_role("alert")).to_be_focused()
    enter_pin(page, pin)

    shows(page, "Home")


def test_an_organisations_own_password_opens_its_card_only(
    browse: Browse, person: Person, places: Places
) -> None:
    page = browse()
    sign_in(page, person)

    card(page, OWN).get_by_label("Password there").fill(OWN_PASSWORD)
    choose(page, OWN)

    shows(page, "Home")
    for seat, heading in {
        f"/o/{places.own}/account-admin/": f"Account administrator at {OWN}",
        f"/o/{places.open}/student/": "Home",
        f"/o/{places.shut}/student/": "Home",
    }.items():
        page.goto(seat)
        shows(page, heading)


@both
def test_two_tabs_hold_two_organisations(browse: Browse, person: Person, sink: Script) -> None:
    page = browse()
    enter(page, person, sink)
    card(page, PIN).get_by_role("link", name="Open").click()
    shows(page, f"Teacher at {PIN}")
    other = page.context.new_page()
    other.goto("/home")

    choose(other, OPEN)

    shows(other, f"Student at {OPEN}")
    page.reload()
    other.reload()
    shows(page, f"Teacher at {PIN}")
    shows(other, f"Student at {OPEN}")


@both
def test_switching_to_a_place_with_a_password_of_its_own_asks_for_it(
    browse: Browse, person: Person, sink: Script
) -> None:
    page = browse()
    enter(page, person, sink)

    choose(page, OWN)
    card(page, OWN).get_by_label("Password there").fill(OWN_PASSWORD)
    choose(page, OWN)

    shows(page, f"Account administrator at {OWN}")


@both
def test_whoever_was_on_the_way_somewhere_gets_there(
    browse: Browse, person: Person, sink: Script
) -> None:
    page = browse()

    sign_in(page, person, at="/account/sessions")
    choose(page, PIN)
    enter_pin(page, pin_in(mail_to(sink, person.email)))

    shows(page, "Where you are signed in")


def test_the_last_choice_stands_first(browse: Browse, person: Person, sink: Script) -> None:
    page = browse()
    enter(page, person, sink)
    press(page, "Sign out")

    sign_in(page, person)

    first = page.get_by_role("article").first
    expect(first.get_by_role("heading")).to_have_text(PIN)


def test_keys_are_enough(browse: Browse, person: Person) -> None:
    page = browse()
    page.goto("/sign-in")

    tab_to(page, page.get_by_label("E-mail or username"))
    page.keyboard.type(person.email)
    tab_to(page, page.get_by_label("Password", exact=True))
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    shows(page, "Where to?")
    tab_to(page, card(page, OPEN).get_by_role("button"))
    page.keyboard.press("Enter")

    shows(page, "Home")
    tab_to(page, card(page, OPEN).get_by_role("link", name=re.compile("Open")))


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until this has the focus, which must be seen."""
    for _ in range(20):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            seen = "element => getComputedStyle(element).outlineStyle !== 'none'"
            shadow = "element => getComputedStyle(element).boxShadow !== 'none'"
            assert wanted.evaluate(seen) or wanted.evaluate(shadow)
            return
    raise AssertionError(f"Tab never comes to {wanted}")
