"""The demo's mailbox: what waits to be sent, for somebody who tries the portal without SMTP."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage

from flask import Blueprint, abort, render_template, url_for

from app import config
from app.mail import reading
from app.models import OutgoingMail
from app.pages import next_url

pages = Blueprint("demo_outbox", __name__)
MOST_MAILS = 50
LINK = re.compile(r"/\S+\?ticket=\S+")


@dataclass(frozen=True)
class Letter:
    """A mail as its recipient would read it; `link` is the way that its button leads."""

    subject: str
    recipient: str
    written_at: datetime
    lines: list[str]
    link: str | None


@pages.get("/outbox")
def outbox() -> str:
    """Show the mails that wait; only in demo mode is there such a page."""
    if not config.current().demo:
        abort(404)
    waiting = reading.waiting_mails(MOST_MAILS)
    letters = [_letter(mail, message) for mail, message in waiting if message is not None]
    return render_template("demo/outbox.html", letters=letters, back=_back())


def _back() -> str | None:
    """Return the page to go back to, such as that for a PIN; a ticket in its address stays away."""
    page = next_url.page_before().partition("?")[0]
    return None if page == url_for("demo_outbox.outbox") else next_url.safe(page)


def _letter(mail: OutgoingMail, message: EmailMessage) -> Letter:
    part = message.get_body(("plain",))
    text: str = part.get_content() if part else ""
    found = LINK.search(text.replace(config.current().base_url, " "))
    lines = text.strip().splitlines()
    link = found.group() if found else None
    return Letter(str(message["Subject"]), mail.recipient, mail.created_at, lines, link)
