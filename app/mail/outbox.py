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
# What goes to an address whether or not it has an account; neither shows.
TO_STRANGERS = frozenset({"invitation"})

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
    db.session().add(_mail(kind, to.id, elsewhere or to.email or "", words, expires_at))
    return True


def put_to_stranger(
    kind: str, address: str, words: Mapping[str, str], *, expires_at: datetime
) -> bool:
    """Promise a mail to an address, whoever has it, and tell whether it will be sent.

    It belongs to no account. In the caller's transaction. Raises ValueError for a kind that is not
    among TO_STRANGERS, and InvalidAddress.
    """
    if not takes_to_stranger(kind, address):
        return False
    db.session().add(_mail(kind, None, address, words, expires_at))
    return True


def takes_to_stranger(kind: str, address: str) -> bool:
    """Tell whether one more mail of this kind would be promised to this address now.

    Within the caller's transaction that stays so. Raises ValueError and InvalidAddress.
    """
    if kind not in TO_STRANGERS:
        raise ValueError(kind)
    return not _too_many(kind, None, address)


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
    return not _too_many(kind, to.id, address)


def _too_many(kind: str, account_id: uuid.UUID | None, address: str) -> bool:
    if not limits.reached(kind, address_key(address)):
        return False
    whose = {} if account_id is None else {"account_id": str(account_id)}
    log.warning("mail_dropped", kind=kind, error="too many of late", **whose)
    return True


def _hold(to: Account) -> None:
    """Hold the account's row, before the recipient's count: nobody waits for them crosswise.

    Others may hold it so as well, and change all of it but what it is called.
    """
    row = select(Account.id).where(Account.id == to.id)
    db.session().execute(row.with_for_update(read=True, key_share=True))


def _mail(
    kind: str,
    account_id: uuid.UUID | None,
    address: str,
    words: Mapping[str, str],
    expires_at: datetime | None,
) -> OutgoingMail:
    mail_id, moment = uuid.uuid4(), now()
    return OutgoingMail(
        id=mail_id,
        message_id=f"<{mail_id}@{portal_host()}>",
        kind=kind,
        recipient=mailing_address(address),
        recipient_key=address_key(address),
        account_id=account_id,
        sealed=sealed_words.seal(mail_id, words),
        created_at=moment,
        next_try_at=moment,
        expires_at=expires_at or moment + GIVE_UP_AFTER,
    )
