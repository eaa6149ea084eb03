"""Issuing and spending tickets."""

import uuid
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import delete, select, update

from app import config, db
from app.clock import now
from app.errors import TicketRefused
from app.mail import outbox
from app.models import Account, ActivationTicket, NotMeTicket, ResetTicket, Ticket, UnlockTicket
from app.operations import accounts
from app.security.tokens import (
    digest,
    keyed_digest,
    new_secret,
    new_typed_code,
    new_uuid,
    normal_typed_code,
)

T = TypeVar("T", bound=Ticket)
PATHS: dict[type[Ticket], str] = {
    ActivationTicket: "activate",
    NotMeTicket: "not-me",
    ResetTicket: "reset",
    UnlockTicket: "unlock",
}
NO_CODE = ""  # no digest is like it: such a ticket is a link only
KINDS = {ActivationTicket: "activation", ResetTicket: "reset", UnlockTicket: "unlock"}


@dataclass(frozen=True)
class Issued:
    """The two secrets of a ticket: one for a link, and a short one to type."""

    secret: str
    code: str


def issue(kind: type[T], account: Account, **details: object) -> Issued:
    """Make a ticket in the caller's transaction; the account's older ones of its kind die.

    The secret is a version 4 UUID, the form that contract 004 gives tickets: 122 random bits.
    """
    forget(kind, account)
    issued = Issued(new_uuid(), new_typed_code())
    row = _row(kind, account, issued.secret, details)
    row.code_digest = _code_digest(row, issued.code)
    db.session().add(row)
    return issued


def issue_beside(kind: type[T], account: Account, **details: object) -> str:
    """Make a ticket that kills no other, in the caller's transaction; return its secret.

    It is a link only: there is no code to type for it.
    """
    secret = new_secret()
    row = _row(kind, account, secret, details)
    row.code_digest, row.tries_left = NO_CODE, 0
    db.session().add(row)
    return secret


def mail(kind: type[T], account: Account, organisation_name: str = "", **details: object) -> bool:
    """Issue a ticket and mail its link and code, in the caller's transaction.

    Where too much mail went to this account of late nothing happens, and False says so: the ticket
    that was mailed before stays good.
    """
    if not outbox.takes(KINDS[kind], account):
        return False
    issued = issue(kind, account, **details)
    words = {
        "name": account.shown_name,
        "link": link(kind, issued.secret),
        "code": issued.code,
        "organisation": organisation_name,
    }
    return outbox.put(KINDS[kind], account, words, expires_at=now() + kind.LIFETIME)


def link(kind: type[Ticket], secret: str) -> str:
    """Return the address that a mail gives a ticket's holder to open."""
    return f"{config.current().base_url}/{PATHS[kind]}?ticket={secret}"


def is_live(kind: type[T], account: Account) -> bool:
    """Tell whether the account has a ticket of a kind that still opens its door."""
    live = select(kind.id).where(kind.account_id == account.id, kind.expires_at > now())
    return db.session().scalar(live.limit(1)) is not None


def forget(kind: type[T], account: Account) -> None:
    """Let the account's tickets of a kind die, in the caller's transaction."""
    db.session().execute(delete(kind).where(kind.account_id == account.id))


def find(kind: type[T], secret: str) -> T:
    """Return the live ticket behind `secret`, or raise TicketRefused. Changes nothing."""
    live = select(kind).where(kind.digest == digest(secret), kind.expires_at > now())
    ticket = db.session().scalar(live)
    if ticket is None:
        raise TicketRefused
    return ticket


def spend(ticket: Ticket) -> None:
    """Use the ticket up in the caller's transaction, or raise TicketRefused: somebody else did.

    Its account is held from then on.
    """
    kind = type(ticket)
    accounts.hold(Account.id == ticket.account_id)
    gone = delete(kind).where(kind.id == ticket.id).returning(kind.id)
    if db.session().scalar(gone) is None:
        raise TicketRefused


def secret_for_code(kind: type[T], identity: str, code: str) -> str:
    """Trade the code that somebody typed for a ticket's secret, or raise TicketRefused.

    Five tries a ticket. The secret is a new one: the link that was mailed stops working, so that
    code and link together still open the door only once.
    """
    fresh = new_uuid()
    with db.transaction():
        right = _redeem(kind, identity, code, fresh)
    if not right:
        raise TicketRefused
    return fresh


def _redeem(kind: type[T], identity: str, code: str, fresh: str) -> bool:
    account = accounts.find(identity)
    if account is None:
        return False
    ticket = db.session().scalar(
        update(kind)
        .where(kind.account_id == account.id, kind.expires_at > now(), kind.tries_left > 0)
        .values(tries_left=kind.tries_left - 1)
        .returning(kind)
    )
    if ticket is None or ticket.code_digest not in _code_digests(ticket, code):
        return False
    ticket.digest = digest(fresh)
    return True


def _row(kind: type[T], account: Account, secret: str, details: dict[str, object]) -> T:
    return kind(
        id=uuid.uuid4(),
        digest=digest(secret),
        account_id=account.id,
        created_at=now(),
        expires_at=now() + kind.LIFETIME,
        **details,
    )


def _code_digest(ticket: Ticket, code: str) -> str:
    return _code_digests(ticket, code)[0]


def _code_digests(ticket: Ticket, code: str) -> list[str]:
    typed = normal_typed_code(code)
    keys = config.current().secret_keys
    return [keyed_digest(key, "ticket", str(ticket.id), typed) for key in keys]
