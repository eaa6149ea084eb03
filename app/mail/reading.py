"""Reading the mail that waits: for the demo, where nobody sends it."""

from email.message import EmailMessage

from sqlalchemy import select

from app import db
from app.mail import composing, sealed_words
from app.models import OutgoingMail
from app.security.sealing import Unsealable


def waiting_mails(limit: int) -> list[tuple[OutgoingMail, EmailMessage | None]]:
    """Return what waits, newest first, each with the message it will be, secrets and all.

    The message is None where its words cannot be read any more: the portal's key has changed.
    """
    newest = OutgoingMail.created_at.desc(), OutgoingMail.id
    unsettled = OutgoingMail.sent_at.is_(None), OutgoingMail.failed_at.is_(None)
    waiting = select(OutgoingMail).where(*unsettled).order_by(*newest)
    return [(mail, _message(mail)) for mail in db.session().scalars(waiting.limit(limit))]


def _message(mail: OutgoingMail) -> EmailMessage | None:
    try:
        return composing.compose(mail, sealed_words.unseal(mail))
    except Unsealable:
        return None
