"""Telling people by mail what was done to their account, from where, and how to take it back.

Each such mail carries a link of its own that says "this was not me": see operations.not_me.
"""

import uuid
from collections.abc import Mapping
from typing import TypedDict, Unpack

from sqlalchemy import delete, select

from app import db
from app.mail import outbox
from app.models import Account, NotMeTicket
from app.operations import tickets
from app.operations.visitor import Visitor

MOST_LINKS = 20  # live ones of one account that name nothing but a session
NO_WORDS: Mapping[str, str] = {}


class Named(TypedDict, total=False):
    """What the link of one mail can take back.

    `session_id` is the session that did it. `organisation_id` is where a password of its own was
    set, or signed in with. `former_email` is the address that was replaced. `totp_device_id` and
    `passkey_id` are for an account's first app or passkey, and for no other: whoever replaces a
    factor has shown the old one, and a mailbox alone must not undo that.
    """

    session_id: uuid.UUID | None
    organisation_id: uuid.UUID | None
    former_email: str | None
    totp_device_id: uuid.UUID | None
    passkey_id: uuid.UUID | None


def tell(
    kind: str,
    account: Account,
    visitor: Visitor,
    words: Mapping[str, str] = NO_WORDS,
    **named: Unpack[Named],
) -> None:
    """Mail the account's owner what happened, in the caller's transaction.

    The mail goes to the address on file, or to the one that was replaced, if it names one. Where
    too many of its kind went there of late it is left out; what it would have undone, an earlier
    mail's link undoes.
    """
    former = named.get("former_email")
    if not outbox.takes(kind, account, former):
        if account.email is not None and _undoes_something(named):
            ticket_for(account, **named)
        return
    said = {
        "name": account.shown_name,
        "not_me_link": ticket_for(account, **named),
        "user_agent": visitor.user_agent,
        "interface": visitor.interface.value,
        "address": visitor.address,
        **words,
    }
    outbox.put(kind, account, said, elsewhere=former)


def ticket_for(account: Account, **named: Unpack[Named]) -> str:
    """Make a ticket that takes back what it names, in the caller's transaction; return its link.

    It kills no other: each mail's link stays good. Of those that name no more than a session the
    newest twenty live; the others are not counted, so that a flood pushes none of them out.
    """
    secret = tickets.issue_beside(NotMeTicket, account, **named)
    db.session().flush()
    _drop_the_oldest(account)
    return tickets.link(NotMeTicket, secret)


def _undoes_something(named: Named) -> bool:
    undone = (named.get("former_email"), named.get("totp_device_id"), named.get("passkey_id"))
    return any(undone)


def _drop_the_oldest(account: Account) -> None:
    row = NotMeTicket
    mere = (row.former_email.is_(None), row.totp_device_id.is_(None), row.passkey_id.is_(None))
    newest_first = row.created_at.desc(), row.id
    theirs = select(row.id).where(row.account_id == account.id, *mere).order_by(*newest_first)
    beyond = list(db.session().scalars(theirs.offset(MOST_LINKS)))
    if beyond:
        db.session().execute(delete(row).where(row.id.in_(beyond)))
