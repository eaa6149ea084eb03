"""The mail page: what waits, what failed and why, what was sent; sending again by one button."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import db
from app.mail import leases
from app.models import AuditEvent, OutgoingMail
from app.operations import mail_list
from app.operations.mail_again import Obstacle
from app.pages.admin import mail_words
from tests import factories
from tests.conftest import Clock
from tests.pages.browser import Browser, Page, text_of

SECRET = "271828"


def rows(page: Page) -> list[str]:
    lists = [each for each in page.root.iter("ul") if each.get("class") == "rows"]
    return [text_of(row) for each in lists for row in each.iter("li")]


def recipients(page: Page) -> list[str]:
    found = [text_of(each) for each in page.root.findall(".//main//bdi")]
    return [each for each in found if "@" in each]


def again(mail: OutgoingMail) -> OutgoingMail:
    db.session().rollback()
    return db.session().get_one(OutgoingMail, mail.id, populate_existing=True)


def test_the_side_list_leads_there_and_an_empty_page_says_so(superuser: Browser) -> None:
    factories.forget_mails()
    superuser.open("/admin/")

    page = superuser.click("Mail")

    assert page.heading == "Mail"
    assert "There is no mail yet" in page.main
    assert "No mail server is named" in page.main


def test_each_mail_tells_what_became_of_it(superuser: Browser, clock: Clock) -> None:
    factories.forget_mails()
    ann = factories.account("ann@example.org")
    factories.mail("pin", ann, attempts=3, last_error="RCPT TO: 451 4.2.2", words={"pin": SECRET})
    clock.advance(timedelta(seconds=1))
    factories.mail("reset", "bob@example.org", state="failed")
    clock.advance(timedelta(seconds=1))
    factories.mail("invitation", "eve@example.org", state="sent")

    page = superuser.open("/admin/mail")

    sent, failed, waiting = rows(page)
    assert sent.startswith("You are invited to Doorward eve@example.org Queued")
    assert "tried once" in sent
    assert sent.endswith("Sent")
    assert "There is no such mailbox RCPT TO: 550 5.1.1" in failed
    assert "Failed" in failed
    assert "tried 3 times" in waiting
    assert "next try" in waiting
    assert "The mailbox is full" in waiting
    assert page.link("ann@example.org") == f"/admin/accounts/{ann.id}"
    assert "Waiting 1 Failed 1 Sent 1" in page.main


def test_what_a_mail_says_stands_nowhere(superuser: Browser) -> None:
    words = {"pin": SECRET, "link": f"http://localhost/reset?ticket={SECRET}", "code": SECRET}
    for state in ("waiting", "failed"):
        factories.mail("reset", state=state, words=words)

    page = superuser.open("/admin/mail")

    assert SECRET not in page.response.text
    sealed = db.session().scalars(select(OutgoingMail.sealed)).all()
    assert not [each for each in sealed if each and each in page.response.text]


def test_filters_stand_in_the_address_and_pages_stay_in_them(
    superuser: Browser, clock: Clock
) -> None:
    factories.forget_mails()
    for number in range(mail_list.PAGE + 2):
        factories.mail("pin", f"ann{number:02}@example.org", state="sent")
        clock.advance(timedelta(seconds=1))
    factories.mail("reset", "ann@example.org", state="sent")
    factories.mail("pin", "bob@example.org", state="sent")
    factories.mail("pin", "annie@example.org")

    superuser.open("/admin/mail")
    first = superuser.ask("Show", q="ANN", state="sent", kind="pin")
    second = superuser.click("Next page")

    assert recipients(first)[0] == "ann26@example.org"
    assert len(recipients(first)) == mail_list.PAGE
    assert recipients(second) == ["ann01@example.org", "ann00@example.org"]
    assert "No mail fits that" in superuser.open("/admin/mail?q=nobody").main
    assert recipients(superuser.open("/admin/mail?state=waiting")) == ["annie@example.org"]


@pytest.mark.parametrize("query", ["state=lost", "kind=chain_letter", "after=forged", "q=%00"])
def test_what_no_form_of_ours_asks_is_refused(superuser: Browser, query: str) -> None:
    assert superuser.open(f"/admin/mail?{query}").status == 400


def test_a_page_that_is_empty_by_now_says_so(superuser: Browser, clock: Clock) -> None:
    factories.forget_mails()
    for _ in range(mail_list.PAGE + 1):
        factories.mail()
        clock.advance(timedelta(seconds=1))
    following = superuser.open("/admin/mail").link("Next page")
    factories.forget_mails()

    assert "The list ends here" in superuser.open(following).main


def test_a_mail_is_sent_again_by_one_button(superuser: Browser) -> None:
    ann = factories.account("ann@example.org")
    mail = factories.mail(to=ann, state="failed")
    superuser.open("/admin/mail?state=failed&q=ann")

    page = superuser.press("Send again")

    assert page.url == "/admin/mail?q=ann&state=failed"
    assert "The mail is on its way again." in page.text
    assert again(mail).failed_at is None
    event = (
        db.session().scalars(select(AuditEvent).where(AuditEvent.what == "mail_sent_again")).one()
    )
    assert event.account_id == ann.id
    assert rows(superuser.open("/admin/mail?q=ann"))[0].endswith("Waiting")


def test_what_cannot_be_sent_again_says_why_and_has_no_button(superuser: Browser) -> None:
    factories.forget_mails()
    link = {"link": "http://localhost/reset?ticket=gone"}
    factories.mail("reset", state="failed", words=link)
    factories.mail("reset", state="failed", sealed=None, last_error=leases.EXPIRED)

    page = superuser.open("/admin/mail")

    assert "its PIN or link was used, withdrawn, or replaced" in page.main
    assert "its time is over" in page.main
    assert "Its time was over before it could be sent" in page.main
    assert not [f for f in page.root.iter("form") if "again" in f.attrib["action"]]


def test_what_became_too_old_while_the_page_was_open_is_told(superuser: Browser) -> None:
    mail = factories.mail(state="failed")
    superuser.open("/admin/mail?state=failed")
    mail.expires_at = mail.created_at
    factories.saved(mail)

    page = superuser.press("Send again")

    assert "It cannot be sent again: its time is over." in page.text
    assert again(mail).failed_at


def test_sending_again_asks_for_a_fresh_proof(superuser: Browser, clock: Clock) -> None:
    mail = factories.mail(state="failed")
    superuser.open("/admin/mail")
    clock.advance(timedelta(minutes=11))

    page = superuser.press("Send again")

    assert page.url.startswith("/confirm")
    assert again(mail).failed_at


def test_mail_that_nobody_sends_makes_the_page_ask_who_delivers(
    superuser: Browser, clock: Clock, change_settings: Callable[..., None]
) -> None:
    change_settings(smtp_url="smtp://127.0.0.1:1")
    factories.mail()
    assert "Is the delivery running" not in superuser.open("/admin/mail").main
    clock.advance(mail_list.LATE)

    page = superuser.open("/admin/mail")

    assert "Is the delivery running" in page.main
    assert "No mail server is named" not in page.main


def test_every_state_obstacle_and_kind_has_words_and_no_two_kinds_the_same() -> None:
    assert set(mail_words.STATES) == set(mail_words.TONES) == set(mail_list.State)
    assert set(mail_words.OBSTACLES) == set(Obstacle)
    assert len({str(each) for each in mail_words.KINDS.values()}) == len(mail_words.KINDS)


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("RCPT TO: 550 5.1.1", "There is no such mailbox"),
        ("RCPT TO: 452 4.2.2", "The mailbox is full"),
        ("DATA: 554 5.7.1", "The mail server does not let this mail through"),
        ("RCPT TO: 550", ""),
        ("RCPT TO: 550 5.9.9", ""),
        ("TimeoutError", "The mail server did not answer in time"),
    ],
)
def test_what_a_server_answered_is_put_in_words_where_it_has_any(
    superuser: Browser, kept: str, said: str
) -> None:
    factories.mail(state="failed", last_error=kept)

    page = superuser.open("/admin/mail")

    assert mail_words.reason(kept) == said
    assert f"{said or 'What the mail server answered:'} {kept}" in page.main
