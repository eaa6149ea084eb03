import re
from collections.abc import Callable

from tests import factories
from tests.pages.browser import HOST, Browser


def test_outside_a_demo_there_is_no_mailbox(guest: Browser) -> None:
    assert guest.open("/outbox").status == 404
    assert "Demo" not in guest.open("/sign-in").text


def test_in_a_demo_the_mail_can_be_read(
    guest: Browser, change_settings: Callable[..., None]
) -> None:
    change_settings(demo=True)
    who = factories.account()
    assert guest.open("/outbox").status == 200
    assert "No mail yet" in guest.shown.text
    guest.open("/forgotten")
    guest.press("Send the mail", identity=who.email or "")

    sent = guest.send("GET", "/outbox")

    assert (who.email or "") in sent.text
    assert factories.latest_words("reset")["code"] in sent.text
    assert f'href="/reset?ticket={factories.ticket_in("reset")}"' in sent.text
    assert guest.open("/sign-in").link("Demo: read the waiting mail") == "/outbox"


def test_the_mailbox_leads_back_to_the_page_that_one_came_from(
    guest: Browser, change_settings: Callable[..., None]
) -> None:
    change_settings(demo=True)

    def back_from(referrer: str) -> list[str]:
        sent = guest.send("GET", "/outbox", headers={"Referer": referrer})
        return re.findall(r'href="([^"]*)">Back to where you were', sent.text)

    assert back_from(f"{HOST}/sign-in/pin") == ["/sign-in/pin"]
    assert back_from(f"{HOST}/reset?ticket=secret") == ["/reset"]
    for elsewhere in (
        f"{HOST}/outbox",
        "http://elsewhere.example/sign-in",
        f"{HOST}//evil.example",
    ):
        assert back_from(elsewhere) == []


def test_what_was_refused_waits_no_more_and_is_not_read_there(
    guest: Browser, change_settings: Callable[..., None]
) -> None:
    change_settings(demo=True)
    factories.mail(to="refused@example.org", state="failed")
    factories.mail(to="waiting@example.org")

    sent = guest.send("GET", "/outbox")

    assert "waiting@example.org" in sent.text
    assert "refused@example.org" not in sent.text
