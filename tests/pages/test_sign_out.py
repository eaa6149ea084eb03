from collections.abc import Callable

from tests import factories
from tests.pages.browser import Browser


def test_signing_out_kills_the_session_and_what_it_left(
    guest: Browser, new_guest: Callable[..., Browser]
) -> None:
    guest.sign_in(factories.account())
    thief = new_guest()
    thief.client.set_cookie("doorward", guest.cookie() or "")

    page = guest.press("Sign out")

    assert page.url == "/sign-in"
    assert "You are signed out." in page.text
    assert factories.sessions_open() == 0
    assert thief.open("/home").url == "/sign-in"


def test_signing_out_clears_the_site_but_not_its_known_devices(guest: Browser) -> None:
    guest.sign_in(factories.account())
    form = guest.shown.form("Sign out")
    token = form.findall(".//input[@name='csrf_token']")[0].attrib["value"]

    sent = guest.send("POST", "/sign-out", data={"csrf_token": token})

    assert sent.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert guest.cookie("doorward_device")


def test_signing_out_half_way_forgets_the_steps(guest: Browser) -> None:
    who = factories.account()
    factories.membership(who, factories.pin_organisation())
    guest.sign_in(who)
    form = guest.shown.form("Continue")
    token = form.findall(".//input[@name='csrf_token']")[0].attrib["value"]

    guest.send("POST", "/sign-out", data={"csrf_token": token})

    assert guest.open("/sign-in/pin").url == "/sign-in"


def test_a_link_signs_nobody_out(guest: Browser) -> None:
    guest.sign_in(factories.account())

    page = guest.open("/sign-out")

    assert page.status == 405
    assert page.response.headers["Allow"] in {"POST, OPTIONS", "OPTIONS, POST"}
    assert factories.sessions_open() == 1
