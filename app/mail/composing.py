"""Writing a mail: from its kind and its words to a message with a text and an HTML part.

The templates stand in `templates/mail`, two for each kind. What people and organisations are
called came from strangers: it is escaped in HTML, and has no line ends (mail.sealed_words).
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP

from babel.dates import format_date, format_time
from flask import render_template
from flask_babel import force_locale, format_timedelta, get_babel, get_locale

from app import config
from app.clock import now
from app.mail import devices
from app.mail.host import portal_host
from app.mail.subjects import subject
from app.models import NotMeTicket, OutgoingMail

MOMENTS = frozenset({"locked_until", "removed_on"})  # words that are times, in ISO 8601
MANY_BLANK_LINES = re.compile(r"\n{3,}")


def compose(mail: OutgoingMail, words: Mapping[str, str]) -> EmailMessage:
    """Return the message: the same, Date and Message-ID included, however often it is asked for.

    It is written in the portal's own language, not in that of whoever asks for it.
    """
    with force_locale(get_babel().default_locale):
        title = subject(mail.kind, words)
        told = {**words, **_circumstances(mail, words), "title": title}
        message = _with_headers(mail, title)
        text = render_template(f"mail/{mail.kind}.txt", **told)
        html = render_template(f"mail/{mail.kind}.html", **told)
    message.set_content(_tidy(text), cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message


def _with_headers(mail: OutgoingMail, title: str) -> EmailMessage:
    """Start a message; its headers refuse line ends, so that no word can add another."""
    message = EmailMessage(policy=SMTP)
    message["From"] = config.current().mail_from
    message["To"] = mail.recipient
    message["Subject"] = title
    message["Date"] = mail.created_at
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834 section 5
    message["X-Auto-Response-Suppress"] = "All"  # the same, for Exchange
    return message


def _circumstances(mail: OutgoingMail, words: Mapping[str, str]) -> dict[str, object]:
    """Return what every template can tell besides the mail's own words."""
    expires_at = mail.expires_at or now()
    return {
        "language": get_locale(),
        "portal_host": portal_host(),
        "portal_url": config.current().base_url,
        "code_page": words.get("link", "").partition("?")[0],
        "asked_at": _moment(mail.created_at),
        "until": _moment(expires_at),
        "lasts": _lasts(expires_at - mail.created_at),
        "not_me_until": _moment(mail.created_at + NotMeTicket.LIFETIME),
        **_whereabouts(words),
        **{name: _moment(datetime.fromisoformat(words[name])) for name in MOMENTS & words.keys()},
    }


def _whereabouts(words: Mapping[str, str]) -> dict[str, str]:
    """Return in words from where something was done, if the mail tells of it."""
    if "interface" not in words:
        return {}
    device, opened_by = words["user_agent"], words["interface"]
    return {"device": devices.label(device), "opened_by": devices.opened_by(opened_by)}


def _moment(when: datetime) -> str:
    day, time = (
        format_date(when, "long", get_locale()),
        format_time(when, "short", None, get_locale()),
    )
    return f"{day}, {time} UTC"


def _lasts(span: timedelta) -> str:
    lasts: str = format_timedelta(span)
    return lasts


def _tidy(text: str) -> str:
    return MANY_BLANK_LINES.sub("\n\n", text).strip() + "\n"
