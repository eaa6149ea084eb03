"""Promising mail: a row in the same transaction as what the mail tells of.

If that transaction fails there is no mail, and if it holds, the mail is sent however long the
mail server is away. Nobody waits for a mail server. See mail.delivery.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select

from app import db
from app.clock import now
from app.mail import limits, sealed_words
from app.mail.host import portal_host
from app.mail.subjects import SUBJECTS
from app.models import Account, OutgoingMail
from app.security.identities import address_key, mailing_address

GIVE_UP_AFTER = timedelta(days=5)  # RFC 5321 section 4.5.4.1: at least four to five days
# What goes to an address that is not on file: not yet, or not any more.
ELSEWHERE = frozenset({"new_address", "address_changed", "address_put_back"})

log = structlog.get_logger("doorward.mail")


def put(
    kind: str,
    to: Account,
    words: Mapping[str, str],
    *,
    expires_at: datetime | None = None,
    elsewhere: str | None = None,
) -> bool:
    """Promise a mail in the caller's transaction, and tell whether it will be sent.

    It goes to the address on file, whatever was typed; `elsewhere` names another, for the kinds of
    ELSEWHERE alone. An account without one gets none, and neither does one that was sent too many
    of late. What has not been sent by `expires_at` is dropped. Raises KeyError for a kind that has
    no subject, and ValueError for one that goes nowhere else.
    """
    if not takes(kind, to, elsewhere):
        return False
    db.session().add(_mail(kind, to, elsewhere or to.email or "", words, expires_at))
    return True


def takes(kind: str, to: Account, elsewhere: str | None = None) -> bool:
    """Tell whether one more mail of this kind would be promised to this account now.

    Within the caller's transaction that stays so. Raises as `put` does.
    """
    SUBJECTS[kind]
    if elsewhere is not None and kind not in ELSEWHERE:
        raise ValueError(kind)
    address = elsewhere or to.email
    if address is None:
        return False
    _hold(to)
    if limits.reached(kind, address_key(address)):
        log.warning("mail_dropped", kind=kind, account_id=str(to.id), error="too many of late")
        return False
    return True


def _hold(to: Account) -> None:
    """Hold the account's row, before the recipient's count: nobody waits for them crosswise.

    Others may hold it so as well, and change all of it but what it is called.
    """
    row = select(Account.id).where(Account.id == to.id)
    db.session().execute(row.with_for_update(read=True, key_share=True))


def _mail(
    kind: str, to: Account, address: str, words: Mapping[str, str], expires_at: datetime | None
) -> OutgoingMail:
    mail_id, moment = uuid.uuid4(), now()
    return OutgoingMail(
        id=mail_id,
        message_id=f"<{mail_id}@{portal_host()}>",
        kind=kind,
        recipient=mailing_address(address),
        recipient_key=address_key(address),
        account_id=to.id,
        sealed=sealed_words.seal(mail_id, words),
        created_at=moment,
        next_try_at=moment,
        expires_at=expires_at or moment + GIVE_UP_AFTER,
    )
