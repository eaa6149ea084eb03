"""Sending a refused mail again, while what it carries is still good.

Its words are unsealed to see whether they open anything yet, and shown to nobody.
"""

import enum
import uuid
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import select

from app import db
from app.clock import now
from app.errors import NotFound
from app.mail import leases, outbox, sealed_words
from app.models import (
    Account,
    ActivationTicket,
    AddressTicket,
    EmailedPin,
    Invitation,
    OutgoingMail,
    PendingSignIn,
    ResetTicket,
    Ticket,
    UnlockTicket,
    Verification,
)
from app.operations import audit, authority, invitation_list, mail_list
from app.operations.authority import Administrator
from app.operations.mail_list import State
from app.operations.rights import Action
from app.operations.visitor import Visitor
from app.security.sealing import Unsealable
from app.security.tokens import digest

TICKETS: tuple[type[Ticket], ...] = (ActivationTicket, ResetTicket, UnlockTicket, AddressTicket)
PIN = "pin"  # the kind of mail that carries one


class Obstacle(enum.StrEnum):
    """Why a mail cannot be sent again."""

    NOT_REFUSED = "not_refused"  # it waits, or was sent
    TOO_OLD = "too_old"  # its PIN or link has expired, or it is news no more
    UNREADABLE = "unreadable"  # its words were sealed under a key that is gone
    ELSEWHERE = "elsewhere"  # the account has another address by now
    USED_UP = "used_up"  # its PIN or link was used, withdrawn, or replaced by a newer one


def send_again(
    administrator: Administrator, mail_id: uuid.UUID, visitor: Visitor
) -> Obstacle | None:
    """Let a refused mail wait to be sent once more, or return what keeps it from that.

    It goes to the address that it was for, as the same mail. Raises ProofRequired, and NotFound.
    """
    with authority.acting(administrator, Action.SEND_MAIL_AGAIN) as session:
        mail = session.get(OutgoingMail, mail_id)
        if mail is None:
            raise NotFound
        obstacle = obstacles([mail]).get(mail_id)
        if obstacle is not None:
            return obstacle
        if not leases.send_again(mail_id):
            return Obstacle.NOT_REFUSED  # somebody was quicker
        audit.record(
            "mail_sent_again",
            visitor,
            account_id=mail.account_id,
            by=administrator.account_id,
            kind=mail.kind,
            mail=str(mail_id),
        )
    return None


def obstacles(mails: Collection[OutgoingMail]) -> dict[uuid.UUID, Obstacle]:
    """Return which of these mails cannot be sent again, and why.

    The same number of statements, however many they are.
    """
    found: dict[uuid.UUID, Obstacle] = {}
    words: dict[uuid.UUID, Mapping[str, str]] = {}
    for mail in mails:
        try:
            obstacle = _at_once(mail)
            words |= {} if obstacle else {mail.id: sealed_words.unseal(mail)}
        except Unsealable:
            obstacle = Obstacle.UNREADABLE
        if obstacle:
            found[mail.id] = obstacle
    left = [mail for mail in mails if mail.id in words]
    for mail_id in _used_up(left, words):
        found[mail_id] = Obstacle.USED_UP
    return found | dict.fromkeys(_elsewhere(left), Obstacle.ELSEWHERE)


def _at_once(mail: OutgoingMail) -> Obstacle | None:
    """Return what the mail tells of itself."""
    if mail_list.state_of(mail) is not State.FAILED:
        return Obstacle.NOT_REFUSED
    over = mail.expires_at is None or mail.expires_at <= now()
    return Obstacle.TOO_OLD if over or mail.sealed is None else None


def _elsewhere(mails: list[OutgoingMail]) -> set[uuid.UUID]:
    """Return which of these went to an address that was the account's and is no more."""
    ours = [(m, m.account_id) for m in mails if m.kind not in outbox.ELSEWHERE]
    ids = {account_id for _, account_id in ours if account_id is not None}
    if not ids:
        return set()
    named = select(Account.id, Account.email_key).where(Account.id.in_(ids))
    keys = {row.id: row.email_key for row in db.session().execute(named)}
    return {m.id for m, whose in ours if whose and keys.get(whose) != m.recipient_key}


def _used_up(
    mails: list[OutgoingMail], words: Mapping[uuid.UUID, Mapping[str, str]]
) -> set[uuid.UUID]:
    """Return which of these carry a PIN or a link that opens nothing any more."""
    links = {mail.id: secret for mail in mails if (secret := _ticket(words[mail.id]))}
    live = _live_links({digest(secret) for secret in links.values()})
    dead = {mail_id for mail_id, secret in links.items() if digest(secret) not in live}
    pins = [mail for mail in mails if mail.kind == PIN]
    good = _live_pins(pins)
    return dead | {each.id for each in pins if (each.account_id, each.expires_at) not in good}


def _ticket(words: Mapping[str, str]) -> str:
    """Return the ticket in a mail's own link, if it has one: not in its "this was not me"."""
    [found] = parse_qs(urlsplit(words.get("link", "")).query).get("ticket", [""])
    return found


def _live_links(digests: set[str]) -> set[str]:
    if not digests:
        return set()
    open_ones = invitation_list.is_in(invitation_list.State.OPEN)
    statements = [
        *(select(t.digest).where(t.digest.in_(digests), t.expires_at > now()) for t in TICKETS),
        select(Invitation.digest).where(Invitation.digest.in_(digests), open_ones),
    ]
    return {found for each in statements for found in db.session().scalars(each)}


def _live_pins(mails: list[OutgoingMail]) -> set[tuple[Any, Any]]:
    """Return whose PINs are good until when: a mail and its PIN expire at one moment."""
    if not mails:
        return set()
    waiting = (
        select(Verification.account_id, EmailedPin.expires_at)
        .select_from(EmailedPin)
        .join(PendingSignIn)
        .join(Verification)
        .where(Verification.account_id.in_({each.account_id for each in mails}))
        .where(EmailedPin.expires_at > now(), PendingSignIn.tries_left > 0)
    )
    return {(account_id, until) for account_id, until in db.session().execute(waiting)}
