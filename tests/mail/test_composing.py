"""What a mail says, and what nobody can make it say."""

from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime

import html5lib
import pytest
import time_machine
from flask import Flask

from app import db
from app.clock import now
from app.mail import outbox, reading
from app.mail.subjects import SUBJECTS
from tests import factories
from tests.conftest import Clock

pytestmark = pytest.mark.usefixtures("portal")

BASE = "http://localhost:8000"
WORDS = {
    "name": "Ann",
    "organisation": "Acme & Sons",
    "by": "Alex Admin",
    "role": "Account Admin",
    "pin": "271828",
    "passkey": "Blue key",
    "link": f"{BASE}/reset?ticket=S3CR3T",
    "code": "K7QF3-M9TXB",
    "sign_in_link": f"{BASE}/sign-in",
    "forgotten_link": f"{BASE}/forgotten",
    "not_me_link": f"{BASE}/not-me?ticket=N0TM3",
    "user_agent": "Mozilla/5.0 (X11; Ubuntu; rv:140.0) Gecko/20100101 Firefox/140.0",
    "interface": "rocketchat",
    "address": "203.0.113.9",
    "network": "203.0.113.0",
    "locked_until": "2026-07-01T14:32:00+00:00",
    "new_address": "t•••@example.net",
    "person": "Cy Young",
    "identity": "cy@example.org",
    "left": "4",
    "few": "",
    "keep_link": f"{BASE}/account/remove",
    "remove_link": f"{BASE}/account/remove",
    "administrator": "Sue <Super>",
    "contact": "sue@example.org",
    "reason": "Ann & I looked for her course",
    "minutes": "15",
    "sessions_link": f"{BASE}/account/sessions",
    "removed_on": "2026-07-08T12:00:00+00:00",
}
# Each tells of something done to an account, by somebody who may not have been its owner.
TOLD = [
    "address_changed",
    "app_added",
    "app_removed",
    "app_replaced",
    "new_device",
    "passkey_added",
    "passkey_removed",
    "password_changed",
    "pin_chosen",
    "pin_left",
    "recovery_code_used",
    "recovery_codes_made",
    "removal_scheduled",
    "second_step_locked",
    "sessions_ended",
]
LOCKS = ["locked", "membership_locked"]
HOSTILE = '<script>alert("x")</script>"><img src=x onerror=alert(1)>'


def composed(kind: str = "pin", to: str = "", **words: str) -> EmailMessage:
    who = factories.account(to)
    with db.transaction():
        said = {**WORDS, **words}
        outbox.put(kind, who, said, expires_at=now() + timedelta(minutes=10))
    [(_, message)] = reading.waiting_mails(1)
    assert message
    return message


def part(message: EmailMessage, subtype: str) -> str:
    found = message.get_body((subtype,))
    assert found
    content: str = found.get_content()
    return content


@pytest.mark.parametrize("kind", SUBJECTS)
def test_every_mail_is_complete_in_text_and_in_html(kind: str) -> None:
    message = composed(kind)

    text, html = part(message, "plain"), part(message, "html")
    assert message.get_content_type() == "multipart/alternative"
    assert "Doorward at http://localhost:8000" in text
    assert "not you" in text
    assert "\n\n\n" not in text
    assert "{{" not in text + html
    html5lib.HTMLParser(strict=True).parse(html.strip())


@pytest.mark.parametrize("kind", SUBJECTS)
def test_every_mail_says_that_a_machine_wrote_it(kind: str, clock: Clock) -> None:
    message = composed(kind, "ann@example.org")

    [mail] = factories.mails()
    assert message["From"] == "Doorward <no-reply@localhost>"
    assert message["To"] == "ann@example.org"
    assert message["Message-ID"] == mail.message_id
    assert message["Date"] == format_datetime(clock.time)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"


@pytest.mark.parametrize("kind", TOLD)
def test_what_was_done_is_told_with_when_and_where_and_a_way_to_say_no(kind: str) -> None:
    with time_machine.travel("2026-07-01T12:00:00+00:00", tick=False):
        message = composed(kind)

    for each in (part(message, "plain"), part(message, "html")):
        assert WORDS["not_me_link"] in each
        assert "until 4 July 2026, 12:00" in each
        assert "When: 1 July 2026, 12:00" in each
        assert "Device: Firefox on Ubuntu" in each
        assert "Through: The Rocket.Chat API" in each
        assert "Network address: 203.0.113.9" in each


def test_only_what_was_done_can_be_taken_back() -> None:
    offering = {kind for kind in SUBJECTS if "N0TM3" in part(composed(kind), "plain")}

    assert offering == set(TOLD)


@pytest.mark.parametrize("contact", ["sue@example.org", ""])
def test_being_looked_at_is_told_with_who_when_why_how_long_and_whom_to_ask(contact: str) -> None:
    with time_machine.travel("2026-07-01T12:00:00+00:00", tick=False):
        message = composed("impersonated", contact=contact)

    text, html = part(message, "plain"), part(message, "html")
    for each in ("Sue <Super>, an administrator, began on 1 July 2026, 12:00", "for 15 minutes"):
        assert each in " ".join(text.split())
    assert "The reason given: Ann & I looked for her course" in text
    assert "Sue &lt;Super&gt;" in html
    assert WORDS["sessions_link"] in text
    assert f"ask Sue <Super>{':' if contact else ', or whoever runs this portal.'}" in text


@pytest.mark.parametrize("kind", LOCKS)
def test_a_lock_is_told_with_its_end_and_the_network_that_failed(kind: str) -> None:
    message = composed(kind)

    for each in (part(message, "plain"), part(message, "html")):
        assert "locked until 1 July 2026, 14:32" in each
        assert "203.0.113.0" in each
        assert WORDS["link"] in each


@pytest.mark.parametrize("kind", LOCKS)
def test_where_an_older_mail_opens_the_lock_the_new_one_points_to_it(kind: str) -> None:
    text = part(composed(kind, link="", code=""), "plain")

    assert "the mail to unlock it that we sent you before is still good" in text
    assert "type this code" not in text


def test_few_recovery_codes_are_a_warning() -> None:
    warning = "Make new codes before these are used up"

    assert warning not in part(composed("recovery_code_used"), "plain")
    for subtype in ("plain", "html"):
        message = composed("recovery_code_used", left="3", few="few")
        assert warning in part(message, subtype)
        assert "Unused ones left: 3." in part(message, subtype)


def test_a_locked_second_step_is_told_with_its_end_if_it_has_one() -> None:
    for subtype in ("plain", "html"):
        assert "Until 1 July 2026, 14:32 UTC no" in part(composed("second_step_locked"), subtype)


@pytest.mark.parametrize("kind", ["activation", "reset", "unlock", "new_address", *LOCKS])
def test_a_mail_with_a_link_has_the_code_too_and_says_where_to_type_it(kind: str) -> None:
    message = composed(kind)

    for each in (part(message, "plain"), part(message, "html")):
        assert WORDS["link"] in each
        assert WORDS["code"] in each
        assert f"Or go to {BASE}/reset and type this code:" in each
        assert "once, within 10 minutes (until" in each


@pytest.mark.parametrize("kind", SUBJECTS)
def test_no_secret_stands_in_a_header_or_in_what_a_list_of_mails_shows(kind: str) -> None:
    message = composed(kind)

    ahead = part(message, "html").partition('class="frame"')[0]
    shown = "".join(message.values()) + ahead
    assert not any(WORDS[secret] in shown for secret in ("pin", "code", "link"))
    assert "S3CR3T" not in shown
    assert "N0TM3" not in shown


def test_a_subject_names_the_organisation() -> None:
    assert composed()["Subject"] == "Your PIN for Acme & Sons"
    assert composed(organisation="")["Subject"] == "Your PIN for Doorward"


def test_text_is_not_escaped_and_html_is() -> None:
    message = composed()

    assert "Acme & Sons" in part(message, "plain")
    assert "Acme &amp; Sons" in part(message, "html")


@pytest.mark.parametrize("kind", SUBJECTS)
def test_what_strangers_are_called_is_never_markup(kind: str) -> None:
    said = (
        "name",
        "organisation",
        "person",
        "identity",
        "new_address",
        "user_agent",
        "address",
        "by",
    )
    html = part(composed(kind, **dict.fromkeys(said, HOSTILE)), "html")

    assert "<script" not in html
    assert "<img" not in html


@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r", "\x0b", "\x85", "\u2028"])
def test_no_word_can_add_a_header_or_a_line(ending: str) -> None:
    hostile = f"Acme{ending}Bcc: eve@example.org{ending}{ending}Go to evil.example"

    message = composed(organisation=hostile, name=hostile)

    assert message["Bcc"] is None
    assert "Acme Bcc: eve@example.org Go to evil.example" in message["Subject"]
    assert not any(line.startswith(b"Bcc") for line in message.as_bytes().splitlines())
    assert "Acme Bcc: eve@example.org Go to" in part(message, "plain")


def test_no_word_can_turn_the_reading_direction_of_others() -> None:
    assert "\u202e" not in part(composed(organisation="Acme\u202e"), "plain")


@pytest.mark.parametrize("kind", ["activation", "reset", "new_address"])
def test_a_mail_to_an_unproven_address_carries_nobody_elses_words(kind: str) -> None:
    message = composed(kind, name="Buy at evil.example", organisation="")

    assert "evil.example" not in part(message, "plain") + part(message, "html")


def test_an_invitation_says_who_invites_to_what_as_what_and_until_when(clock: Clock) -> None:
    message = composed("invitation")

    until = clock.time + timedelta(minutes=10)
    assert message["Subject"] == "You are invited to Acme & Sons"
    for each in (part(message, "plain"), part(message, "html").replace("&amp;", "&")):
        assert "Alex Admin invites you to Acme & Sons at localhost." in each
        assert "Your role there: Account administrator." in each
        assert WORDS["link"] in each
        assert f"{until:%H:%M} UTC" in each
        assert "Ann" not in each


def test_a_former_address_is_told_by_what_device_and_from_where_it_was_replaced() -> None:
    message = composed("address_changed")

    for each in (part(message, "plain"), part(message, "html")):
        assert WORDS["new_address"] in each
        assert "Firefox on Ubuntu" in each
        assert "203.0.113.9" in each


def test_a_mail_about_a_removal_says_until_when_and_where_the_account_can_be_kept() -> None:
    message = composed("removal_scheduled")

    for each in (part(message, "plain"), part(message, "html")):
        assert "for good on 8 July 2026, 12:00 UTC" in each
        assert f"{BASE}/account/remove" in each


def test_a_long_name_leaves_the_subject_short() -> None:
    assert len(composed(organisation="A" * 5000)["Subject"]) < 200


def test_the_language_of_whoever_reads_along_does_not_matter(portal: Flask) -> None:
    with portal.test_request_context(headers={"Accept-Language": "tlh"}):
        message = composed()

    assert message["Subject"] == "Your PIN for Acme & Sons"


def test_what_waits_is_read_newest_first(clock: Clock) -> None:
    for pin in ("111111", "222222", "333333"):
        composed(pin=pin)
        clock.advance(timedelta(seconds=1))

    said = [part(message, "plain") for _, message in reading.waiting_mails(2) if message]

    assert "333333" in said[0]
    assert "222222" in said[1]
    assert len(said) == 2


def test_what_cannot_be_read_any_more_is_still_listed(
    change_settings: Callable[..., None],
) -> None:
    composed()

    change_settings(secret_key="another key altogether: 0123456789")

    assert [message for _, message in reading.waiting_mails(5)] == [None]
